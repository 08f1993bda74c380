//! How a command prints what it has to say.

use clap::ValueEnum;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

/// How `trace` shows a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TraceFormat {
    /// For people
    Table,
    /// The record, for programs: a header, then one event a line
    Json,
    /// A sequence diagram, as a picture
    Svg,
    /// A sequence diagram, as text that issues and pull requests draw
    Mermaid,
}
