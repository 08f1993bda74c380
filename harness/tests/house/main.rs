//! The rules of the house, read from the source.

mod arrows;
mod marks;
mod texts;
mod tidy;
mod words;
