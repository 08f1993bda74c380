//! The rules of the house, read from the source.

mod arrows;
mod tidy;
