//! What the faces say in which state, and what becomes of an instance that is treated well or badly.
