//! What the tests need from outside.
