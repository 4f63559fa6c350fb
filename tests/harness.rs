//! The harness proves itself.
