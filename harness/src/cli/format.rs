//! How a command prints what it has to say.

use clap::ValueEnum;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

/// How `probe` prints what was learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ProbeFormat {
    /// For people
    Table,
    /// For programs
    Json,
    /// JUnit XML for CI: a suite the server, a test a clause. Only a broken MUST is a failure
    Junit,
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
