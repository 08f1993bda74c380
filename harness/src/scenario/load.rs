//! Loading a scenario file. What it says is checked in `check`; nothing is run here.

use std::io::Read;
use std::path::{Component, Path, PathBuf};

use super::check::check;
use super::file::ScenarioForm;
use super::find::cannot_read;
use super::model::Scenario;
use super::vocabulary::Vocabulary;
use crate::input::{self, Unreadable};
use crate::yaml::decode::Decode;
use crate::yaml::report::{Mistake, Report};
use crate::yaml::source::{Source, Span};
use crate::yaml::tree::{Kind, Node, parse};
use crate::yaml::{Diagnostic, Diagnostics};

/// The largest file, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// Loads and checks one file. Its name is its path below the last directory called `scenarios`; if there is none, its
/// directory's name and its own; always without the ending.
///
/// # Errors
/// All errors of the file; also if it cannot be read, is larger than 1 MiB or is not UTF-8.
pub fn load(path: &Path, vocabulary: &Vocabulary) -> Result<Scenario, Diagnostics> {
    let bytes = read(path).map_err(|diagnostic| Diagnostics::of(vec![*diagnostic]))?;
    let name = name(path);
    match String::from_utf8(bytes) {
        Ok(text) => load_text(&name, path, &text, vocabulary),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes());
            let source = Source::new(path, &text);
            let mut report = Report::new(&source);
            let span = Span {
                start: valid,
                end: valid + char::REPLACEMENT_CHARACTER.len_utf8(),
            };
            report.add(
                Mistake::new(span, "the file is not UTF-8", "this is not a character")
                    .help("save the file in the encoding UTF-8"),
            );
            Err(report.finish(&[]))
        }
    }
}

/// Loads and checks a text as if it stood in `file`.
///
/// # Errors
/// All errors of the text; also if it is larger than 1 MiB.
pub fn load_text(
    name: &str,
    file: &Path,
    text: &str,
    vocabulary: &Vocabulary,
) -> Result<Scenario, Diagnostics> {
    if text.len() as u64 > LARGEST {
        return Err(Diagnostics::of(vec![too_large(file)]));
    }
    let source = Source::new(file, text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut report = Report::new(&source);
    let mut secrets = Vec::new();
    let scenario = parse(&source, "a scenario", &mut report).and_then(|node| {
        if let Kind::Null = node.kind {
            let start = Span { start: 0, end: 0 };
            report.add(
                Mistake::new(start, "the file is empty", "a scenario must stand here")
                    .help("the least is `summary`, `servers`, `clients` and `steps`"),
            );
            return None;
        }
        secrets = session_ids(&node, &source);
        let form = ScenarioForm::decode(&node, &mut report)?;
        check(form, name, file, vocabulary, &mut report)
    });
    match scenario {
        Some(scenario) if report.is_empty() => Ok(scenario),
        _ => Err(report.finish(&secrets)),
    }
}

/// Where session ids stand, from their ninth character on: they are credentials (SES-04) and are not shown.
fn session_ids(root: &Node, source: &Source) -> Vec<Span> {
    let mut secrets = Vec::new();
    for server in values(root, "servers").flat_map(all_values) {
        for list in values(server, "sessions") {
            let Kind::List(ids) = &list.kind else {
                continue;
            };
            for id in ids {
                let text = &source.text[id.span.start..id.span.end];
                let quotes = usize::from(text.len() > 1 && text.starts_with(['"', '\'']));
                let shown: usize = text.chars().take(8 + quotes).map(char::len_utf8).sum();
                secrets.push(Span {
                    start: (id.span.start + shown).min(id.span.end - quotes),
                    end: id.span.end - quotes,
                });
            }
        }
    }
    secrets
}

/// The values under a key.
fn values<'n>(node: &'n Node, key: &'static str) -> impl Iterator<Item = &'n Node> {
    entries(node)
        .iter()
        .filter(move |(k, _)| matches!(&k.kind, Kind::Text(text) if text == key))
        .map(|(_, v)| v)
}

fn all_values(node: &Node) -> impl Iterator<Item = &Node> {
    entries(node).iter().map(|(_, value)| value)
}

fn entries(node: &Node) -> &[(Node, Node)] {
    match &node.kind {
        Kind::Map(entries) => entries,
        _ => &[],
    }
}

fn too_large(file: &Path) -> Diagnostic {
    Diagnostic::of_file(
        file,
        "the file is larger than 1 MiB",
        "a scenario is small: is this the right file?",
    )
}

fn read(path: &Path) -> Result<Vec<u8>, Box<Diagnostic>> {
    let fail = |error: Unreadable| {
        Box::new(match error {
            Unreadable::NoFile(title) => {
                Diagnostic::of_file(path, title, "name a file that ends in .yaml or .yml")
            }
            Unreadable::Io(error) => cannot_read(path, &error),
        })
    };
    let mut bytes = Vec::new();
    input::open(path)
        .map_err(fail)?
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| fail(error.into()))?;
    if bytes.len() as u64 > LARGEST {
        return Err(Box::new(too_large(path)));
    }
    Ok(bytes)
}

/// The scenario's name: see [`load`].
fn name(path: &Path) -> String {
    let path = plain(path).with_extension("");
    let parts: Vec<String> = path
        .components()
        .filter(|part| matches!(part, Component::Normal(_)))
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    let directories = parts.len().saturating_sub(1);
    if let Some(at) = parts[..directories]
        .iter()
        .rposition(|part| part == "scenarios")
    {
        return parts[at + 1..].join("/");
    }
    parts[parts.len().saturating_sub(2)..].join("/")
}

/// The path from the top, without `.` and `..`; links are not followed.
fn plain(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut out = PathBuf::new();
    for part in whole.components() {
        match part {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            _ => out.push(part),
        }
    }
    out
}
