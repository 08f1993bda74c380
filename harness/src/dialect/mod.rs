//! Reading dialect files: YAML becomes the model server's own values, and every mistake in a file is reported with its
//! place. A dialect is written whole, or as another one and what differs; the latter also in a scenario. The files in
//! `builtin/` are part of the program: a new server is a new file and a line in `FILES`.

mod choices;
mod files;
mod form;
mod parts;
mod plain;
mod shapes;
mod variant;
mod words;

use std::path::Path;
use std::sync::Arc;

use self::files::{Text, read_all};
pub use self::files::{folder, read_several};
pub(crate) use self::form::{DialectForm, written};
pub use crate::server::Dialect;
use crate::yaml::Diagnostics;
use crate::yaml::decode::Decode;
use crate::yaml::report::{Mistake, Report};
use crate::yaml::source::{Source, Span};
use crate::yaml::tree::{Node, parse};

/// Embeds a file with its name.
macro_rules! file {
    ($name:literal) => {
        (
            concat!("builtin/", $name),
            include_str!(concat!("builtin/", $name)),
        )
    };
}

/// The files with their names, in the order in which they are listed to the user.
const FILES: [(&str, &str); 9] = [
    file!("supergateway-3.4.3.yaml"),
    file!("supergateway-4.0.0.yaml"),
    file!("typescript-sdk.yaml"),
    file!("typescript-sdk-resumable.yaml"),
    file!("server-everything.yaml"),
    file!("python-sdk.yaml"),
    file!("python-sdk-1.yaml"),
    file!("rmcp.yaml"),
    file!("spec.yaml"),
];

/// The dialects that differ from those in little, listed behind them.
const VARIANTS: (&str, &str) = file!("variants.yaml");

/// The dialects that are part of the program, in the order in which they are listed to the user; those that are wrong on
/// purpose stand among the last.
///
/// # Panics
/// If one of the files is wrong: the message says where.
#[must_use]
pub fn builtin() -> Vec<Arc<Dialect>> {
    let files = FILES.iter().chain([&VARIANTS]);
    let files = files.map(|(name, text)| Text::new(Path::new(name), text));
    read_all(files.collect(), &[]).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Reads a dialect from the text of a file of that name.
///
/// # Errors
/// All that is wrong in it: what is no YAML or not of this form, situations without an answer, knobs that contradict each
/// other, templates with unknown variables.
pub fn read(file: &Path, text: &str) -> Result<Dialect, Diagnostics> {
    let source = Source::new(file, text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut report = Report::new(&source);
    let dialect = parse(&source, "a dialect", &mut report).and_then(|node| {
        let dialect = Dialect::decode(&node, &mut report)?;
        check(&dialect, &node, 0, &mut report);
        Some(dialect)
    });
    match dialect {
        Some(dialect) if report.is_empty() => Ok(dialect),
        _ => Err(report.finish(&[])),
    }
}

/// The text of a file with a dialect that is like another one: the name of that, and what differs.
#[must_use]
pub fn file_of(dialect: &Dialect, like: &Dialect) -> String {
    variant::written(dialect, like).lines().document()
}

/// Reports what does not fit together in a dialect that was read from that node. Where something could not be read, so that
/// there are more errors than `before`, the rest is not judged.
fn check(dialect: &Dialect, node: &Node, before: usize, report: &mut Report<'_>) {
    if report.count() > before {
        return;
    }
    for fault in dialect.faults() {
        let place: Span = node.place(&fault.at);
        let finding = Mistake::new(place, fault.what, "this does not fit");
        report.add(finding.help(fault.help));
    }
}
