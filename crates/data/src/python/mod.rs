//! What scripts use of Python's own library: its random numbers.

pub mod random;
