//! Reading YAML with exact positions: all the errors of a file are reported, each with line, column, the source line and the
//! nearest valid word; and writing YAML. What the files say is the business of whoever reads a kind of them.
//!
//! `tree` makes nodes of a text, `decode` and the files beside it make values of nodes, and `forms` has the macros that
//! write the shape of a kind of file once, for decoding and for its JSON Schema.

pub(crate) mod choice;
pub(crate) mod collection;
pub(crate) mod decode;
mod diagnostic;
pub(crate) mod duration;
pub(crate) mod fields;
pub(crate) mod forms;
pub(crate) mod report;
pub(crate) mod scalar;
pub(crate) mod source;
pub(crate) mod tree;
pub(crate) mod word;
pub(crate) mod words;
pub(crate) mod write;

pub use diagnostic::{Diagnostic, Diagnostics};
