//! The std layer.
