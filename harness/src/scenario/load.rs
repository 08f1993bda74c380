//! Finding and loading scenario files. What a file says is checked in `check`; nothing is run here.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use super::check::check;
use super::decode::Decode;
use super::diagnose::{Diagnostic, Diagnostics, Finding, Report, Source, Span};
use super::file::ScenarioForm;
use super::model::Scenario;
use super::tree::{Kind, Node, parse};

/// The largest file, in bytes.
const LARGEST: u64 = 1024 * 1024;
/// How deep directories are searched.
const DEEPEST: usize = 16;

/// Who an invariant is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InvariantParty {
    /// A client.
    Client,
    /// The application around a client.
    Application,
    /// A server.
    Server,
    /// A hop.
    Hop,
}

impl InvariantParty {
    /// Its kind in the plural.
    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::Client => "clients",
            Self::Application => "applications",
            Self::Server => "servers",
            Self::Hop => "hops",
        }
    }
}

/// The names that a scenario can use, those of a user's own clients included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vocabulary {
    /// The clients, e.g. `connector/stale-cache`.
    pub clients: Vec<String>,
    /// The dialects of the model server, e.g. `supergateway-3.4.3`.
    pub dialects: Vec<String>,
    /// Dialects that a scenario can use too, but that nobody is pointed to, e.g. `broken/server-resurrects`.
    pub unlisted_dialects: Vec<String>,
    /// The real servers, e.g. `rmcp`.
    pub real_servers: Vec<String>,
    /// The invariants: id, and who can violate it.
    pub invariants: Vec<(String, InvariantParty)>,
    /// The ids of the clauses, e.g. `SES-08`.
    pub clauses: Vec<String>,
}

/// Loads and checks one file. Its name is its path below the last directory called `scenarios`; if there is none,
/// below `root`; if it is not there either, its directory's name and its own; always without the ending.
///
/// # Errors
/// All errors of the file; also if it cannot be read, is larger than 1 MiB or is not UTF-8.
pub fn load(
    path: &Path,
    root: Option<&Path>,
    vocabulary: &Vocabulary,
) -> Result<Scenario, Diagnostics> {
    let bytes = read(path).map_err(|diagnostic| Diagnostics::of(vec![*diagnostic]))?;
    let name = name(path, root);
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
                Finding::new(span, "the file is not UTF-8", "this is not a character")
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
    let scenario = parse(&source, &mut report).and_then(|node| {
        if let Kind::Null = node.kind {
            let start = Span { start: 0, end: 0 };
            report.add(
                Finding::new(start, "the file is empty", "a scenario must stand here")
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

fn cannot_read(path: &Path, error: &io::Error) -> Diagnostic {
    let why = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "reading it is not permitted".to_owned(),
        _ => error.to_string(),
    };
    Diagnostic::of_file(
        path,
        format!("cannot read this: {why}"),
        "name scenario files or directories with scenarios",
    )
}

fn read(path: &Path) -> Result<Vec<u8>, Box<Diagnostic>> {
    let fail = |error: io::Error| Box::new(cannot_read(path, &error));
    // A pipe or a device could keep the reader waiting for ever.
    let kind = fs::metadata(path).map_err(fail)?;
    if !kind.is_file() {
        let title = if kind.is_dir() {
            "this is a directory, not a file"
        } else {
            "this is not a regular file"
        };
        return Err(Box::new(Diagnostic::of_file(
            path,
            title,
            "name a file that ends in .yaml or .yml",
        )));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .map_err(fail)?
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(fail)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Box::new(too_large(path)));
    }
    Ok(bytes)
}

/// The files with scenarios among `paths` and in the directories among them, sorted, each once. A `schema.json` is
/// passed over; directories that are links are not entered.
///
/// # Errors
/// If a path is missing or unreadable, a file is no YAML by its name, or a directory has no scenario in it.
pub fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Diagnostics> {
    let mut files = Vec::new();
    let mut errors = Vec::new();
    for path in paths {
        match fs::metadata(path) {
            Err(error) => errors.push(cannot_read(path, &error)),
            Ok(kind) if kind.is_dir() => {
                let before = files.len();
                let faults = errors.len();
                search(path, DEEPEST, &mut files, &mut errors);
                if files.len() == before && errors.len() == faults {
                    errors.push(Diagnostic::of_file(
                        path,
                        "there is no scenario in this directory",
                        "a scenario's file ends in .yaml or .yml",
                    ));
                }
            }
            Ok(_) if is_yaml(path) => files.push(path.clone()),
            Ok(_) if path.file_name().is_some_and(|name| name == "schema.json") => {}
            Ok(_) => errors.push(Diagnostic::of_file(
                path,
                "this is not a scenario",
                "a scenario's file ends in .yaml or .yml",
            )),
        }
    }
    if !errors.is_empty() {
        return Err(Diagnostics::of(errors));
    }
    files.sort();
    files.dedup();
    Ok(files)
}

fn is_yaml(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending == "yaml" || ending == "yml")
}

fn search(directory: &Path, depth: usize, files: &mut Vec<PathBuf>, errors: &mut Vec<Diagnostic>) {
    let entries = fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut entries = match entries {
        Ok(entries) => entries,
        Err(error) => {
            errors.push(cannot_read(directory, &error));
            return;
        }
    };
    entries.sort_by_key(fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => {
                if depth > 0 {
                    search(&path, depth - 1, files, errors);
                }
            }
            // What is neither a file nor a directory is refused when it is loaded, a link to nothing included.
            Ok(_) if is_yaml(&path) && !path.is_dir() => files.push(path),
            Ok(_) => {}
            Err(error) => errors.push(cannot_read(&path, &error)),
        }
    }
}

/// The scenario's name: see [`load`].
fn name(path: &Path, root: Option<&Path>) -> String {
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
    if let Some(below) = root.and_then(|root| path.strip_prefix(plain(root)).ok())
        && below.components().next().is_some()
    {
        let parts: Vec<_> = below
            .components()
            .map(|part| part.as_os_str().to_string_lossy())
            .collect();
        return parts.join("/");
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
