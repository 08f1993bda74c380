//! Reading dialect files: YAML becomes the model server's own values, and every mistake in a file is reported with its
//! place. The files in `builtin/` are part of the program: a new server is a new file and a line in `FILES`.

mod plain;
mod shapes;
mod variant;
mod words;

use std::path::Path;
use std::sync::Arc;

use self::variant::Variant;
use crate::server::Dialect;
use crate::yaml::Diagnostics;
use crate::yaml::decode::{Decode, mismatch};
use crate::yaml::report::{Finding, Report};
use crate::yaml::source::{Source, Span};
use crate::yaml::tree::{Kind, Node, parse};

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
    let read = || {
        let files = FILES.iter();
        let files = files.map(|(name, text)| read(Path::new(name), text).map(Arc::new));
        let mut dialects = files.collect::<Result<Vec<_>, Diagnostics>>()?;
        let variants = read_variants(Path::new(VARIANTS.0), VARIANTS.1, &dialects)?;
        dialects.extend(variants.into_iter().map(Arc::new));
        Ok(dialects)
    };
    read().unwrap_or_else(|errors: Diagnostics| panic!("{errors}"))
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
        check(&dialect, &node, &mut report);
        Some(dialect)
    });
    finish(dialect, report)
}

/// Reads variants, each of which is like one of the dialects in `known` and differs in little, from the text of a file of
/// that name.
///
/// # Errors
/// All that is wrong in it, as with [`read`].
pub fn read_variants(
    file: &Path,
    text: &str,
    known: &[Arc<Dialect>],
) -> Result<Vec<Dialect>, Diagnostics> {
    let source = Source::new(file, text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut report = Report::new(&source);
    let variants = parse(&source, "a list of variants", &mut report).and_then(|node| {
        let Kind::List(items) = &node.kind else {
            report.add(mismatch(&node, "a list of variants"));
            return None;
        };
        let mut variants = Vec::new();
        for item in items {
            let variant = Variant::decode(item, &mut report);
            if let Some(dialect) = variant.and_then(|v| v.applied(known, &mut report)) {
                check(&dialect, item, &mut report);
                variants.push(dialect);
            }
        }
        Some(variants)
    });
    finish(variants, report)
}

fn finish<T>(value: Option<T>, report: Report<'_>) -> Result<T, Diagnostics> {
    match value {
        Some(value) if report.is_empty() => Ok(value),
        _ => Err(report.finish(&[])),
    }
}

/// Reports what does not fit together in a dialect that was read from that node. Where something could not be read, the
/// rest is not judged.
fn check(dialect: &Dialect, node: &Node, report: &mut Report<'_>) {
    if !report.is_empty() {
        return;
    }
    for fault in dialect.faults() {
        let place: Span = node.place(&fault.at);
        report.add(Finding::new(place, fault.what, "this does not fit"));
    }
}
