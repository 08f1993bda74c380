//! `client.yaml`: what a client is, how it is started, and how it is installed.

use std::path::Path;

use stalemate_clients::Speaks;

use crate::yaml::Diagnostics;
use crate::yaml::collection::List;
use crate::yaml::decode::{At, Decode};
use crate::yaml::forms::{record, words, words_for};
use crate::yaml::report::{Mistake, Report};
use crate::yaml::scalar::Text;
use crate::yaml::source::Source;
use crate::yaml::tree::parse;
use crate::yaml::word::One;

words_for! {
    Speaks, "kinds of speech";
    "driver" Driver,
    "mcp-stdio" McpStdio,
}

words! {
    /// What installs a client.
    Installer, "installers";
    Npm = "npm",
    Pip = "pip",
    Cargo = "cargo",
}

record! {
    /// One client.
    ClientFile, "a client";
    required {
        /// What it is, in a few words.
        "summary" summary: At<Text>,
        /// The command and its arguments. Names of files in the folder are found there.
        "command" command: At<List<At<Text>>>,
    }
    optional {
        /// What it speaks on its standard input and output; the driver protocol unless given.
        "speaks" speaks: At<One<Speaks>>,
        /// What installs it, from the lock file in the folder.
        "install" install: At<One<Installer>>,
        /// The package whose version can be chosen.
        "package" package: At<Text>,
        /// The version of the package in the lock file.
        "version" version: At<Text>,
    }
}

/// What a `client.yaml` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// What it is, in a few words.
    pub summary: String,
    /// The command and its arguments, as they stand there.
    pub command: Vec<String>,
    /// What it speaks.
    pub speaks: Speaks,
    /// What installs it.
    pub(super) install: Option<Installer>,
    /// The package whose version can be chosen.
    pub package: Option<String>,
    /// The version in the lock file.
    pub version: Option<String>,
}

/// Reads the text of a `client.yaml`.
///
/// # Errors
/// All that is wrong in it.
pub(super) fn read(file: &Path, text: &str) -> Result<Manifest, Diagnostics> {
    let source = Source::new(file, text);
    let mut report = Report::new(&source);
    let form = parse(&source, "a client", &mut report)
        .and_then(|node| ClientFile::decode(&node, &mut report));
    let manifest = form.and_then(|form| {
        let command = form.command?;
        let words: Vec<String> = command
            .value
            .items
            .iter()
            .map(|w| w.value.clone())
            .collect();
        if words.is_empty() {
            report.add(
                Mistake::new(
                    command.span,
                    "the command is empty",
                    "a program must be named",
                )
                .help("write e.g. `command: [node, driver.mjs]`"),
            );
        }
        Some(Manifest {
            summary: form.summary?.value,
            command: words,
            speaks: form.speaks.map_or(Speaks::Driver, |s| s.value.0),
            install: form.install.map(|i| i.value.0),
            package: form.package.map(|p| p.value),
            version: form.version.map(|v| v.value),
        })
    });
    match manifest {
        Some(manifest) if report.is_empty() => Ok(manifest),
        _ => Err(report.finish(&[])),
    }
}
