//! Files with dialects: one that is written whole, one that is like another, or a list of such; and folders of them, in
//! which one may be like one of another file.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::check;
use super::variant::{self, LIKE, Place, below, text};
use crate::input::{self, Unreadable};
use crate::server::Dialect;
use crate::yaml::decode::Decode;
use crate::yaml::report::{Mistake, Report};
use crate::yaml::source::Source;
use crate::yaml::tree::{Kind, Node, parse};
use crate::yaml::words::quote;
use crate::yaml::{Diagnostic, Diagnostics};

/// The largest file, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// A file that was read.
pub(super) struct Text(Source);

impl Text {
    /// That text under that name.
    pub(super) fn new(file: &Path, text: &str) -> Self {
        Self(Source::new(
            file,
            text.strip_prefix('\u{feff}').unwrap_or(text),
        ))
    }
}

/// Reads dialects from the text of a file of that name: one that is written whole, one that is `like` another and says
/// what differs, or a list of such. One may be like one in `known`, or like another one in the file.
///
/// # Errors
/// All that is wrong in it, as with [`super::read`]; also if two have one name, or one is like none that there is.
pub fn read_several(
    file: &Path,
    text: &str,
    known: &[Arc<Dialect>],
) -> Result<Vec<Arc<Dialect>>, Diagnostics> {
    read_all(vec![Text::new(file, text)], known)
}

/// Reads the dialects of all files below a directory whose names end in `.yaml` or `.yml`, in the order of their paths.
/// One may be like one in `known`, or like one in any of the files.
///
/// # Errors
/// All that is wrong in them, as with [`read_several`]; also if the directory cannot be read or holds no such file.
pub fn folder(directory: &Path, known: &[Arc<Dialect>]) -> Result<Vec<Arc<Dialect>>, Diagnostics> {
    let mut paths = Vec::new();
    let found = search(directory, &mut paths);
    if let Err((path, why)) = found {
        let help = "name a directory with dialect files";
        let error = Diagnostic::of_file(&path, format!("cannot read this: {why}"), help);
        return Err(Diagnostics::of(vec![error]));
    }
    if paths.is_empty() {
        let title = "there is no dialect in this directory";
        let help = "a dialect's file ends in .yaml or .yml";
        let error = Diagnostic::of_file(directory, title, help);
        return Err(Diagnostics::of(vec![error]));
    }
    let (mut texts, mut errors) = (Vec::new(), Vec::new());
    for path in paths {
        match text_of(&path) {
            Ok(text) => texts.push(Text::new(&path, &text)),
            Err(error) => errors.push(*error),
        }
    }
    if errors.is_empty() {
        read_all(texts, known)
    } else {
        Err(Diagnostics::of(errors))
    }
}

fn search(directory: &Path, paths: &mut Vec<PathBuf>) -> Result<(), (PathBuf, String)> {
    let why = |error: io::Error| (directory.to_owned(), input::why(&error));
    let entries = fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut entries = entries.map_err(why)?;
    entries.sort_by_key(fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        // Directories that are links are not entered.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            search(&path, paths)?;
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            paths.push(path);
        }
    }
    Ok(())
}

fn text_of(path: &Path) -> Result<String, Box<Diagnostic>> {
    let wrong = |title: String, help: &str| Box::new(Diagnostic::of_file(path, title, help));
    let unreadable = |error: Unreadable| {
        wrong(
            format!("cannot read this: {error}"),
            "it should be a dialect file",
        )
    };
    let mut bytes = Vec::new();
    let file = input::open(path).map_err(unreadable)?;
    let read = file.take(LARGEST + 1).read_to_end(&mut bytes);
    read.map_err(|error| unreadable(error.into()))?;
    if bytes.len() as u64 > LARGEST {
        let title = "the file is larger than 1 MiB".to_owned();
        return Err(wrong(title, "a dialect is small: is this the right file?"));
    }
    String::from_utf8(bytes).map_err(|_| {
        wrong(
            "the file is not UTF-8".to_owned(),
            "save the file in the encoding UTF-8",
        )
    })
}

/// A dialect of a file, still unread.
struct Item<'n> {
    node: &'n Node,
    /// The file.
    file: usize,
    /// The place among all.
    at: usize,
}

/// Reads the dialects of some files, each after the one that it is like. They come in the order of the files.
pub(super) fn read_all(
    texts: Vec<Text>,
    known: &[Arc<Dialect>],
) -> Result<Vec<Arc<Dialect>>, Diagnostics> {
    let mut reports: Vec<Report<'_>> = texts.iter().map(|text| Report::new(&text.0)).collect();
    let nodes: Vec<Option<Node>> = texts
        .iter()
        .zip(&mut reports)
        .map(|(text, report)| parse(&text.0, "a dialect", report))
        .collect();
    let mut waiting: Vec<Item<'_>> = Vec::new();
    for (file, node) in nodes.iter().enumerate() {
        let items = match node {
            None => continue,
            Some(Node {
                kind: Kind::List(items),
                ..
            }) => items.iter().collect(),
            Some(node) => vec![node],
        };
        for node in items {
            let at = waiting.len();
            waiting.push(Item { node, file, at });
        }
    }
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for item in &waiting {
        let Some(own) = name(item.node, "name") else {
            continue;
        };
        if first.insert(own, item.at).is_some() {
            let span = item.node.place(&["name"]);
            let title = format!("{} is the name of another dialect here", quote(own));
            let finding = Mistake::new(span, title, "again here");
            reports[item.file].add(finding.help("give each dialect a name of its own"));
        }
    }
    let mut done: BTreeMap<usize, Arc<Dialect>> = BTreeMap::new();
    while !waiting.is_empty() {
        // What the files say comes before what was known under the same name.
        let all: Vec<Arc<Dialect>> = done.values().chain(known).cloned().collect();
        let missing = |item: &Item<'_>| {
            let like = name(item.node, LIKE);
            let mut others = waiting.iter().filter(|other| other.at != item.at);
            like.is_some_and(|like| others.any(|other| name(other.node, "name") == Some(like)))
        };
        let (mut later, mut now): (Vec<_>, Vec<_>) = (Vec::new(), Vec::new());
        for item in &waiting {
            if missing(item) { &mut later } else { &mut now }.push(item.at);
        }
        if now.is_empty() {
            for item in &waiting {
                let span = item.node.place(&[LIKE]);
                let finding = Mistake::new(
                    span,
                    "these dialects are like each other in a circle",
                    "this one waits for another that waits for it",
                );
                reports[item.file].add(finding.help("write one of them whole"));
            }
            break;
        }
        for item in waiting.iter().filter(|item| now.contains(&item.at)) {
            let report = &mut reports[item.file];
            if let Some(dialect) = one(item.node, &all, report) {
                done.insert(item.at, Arc::new(dialect));
            }
        }
        waiting.retain(|item| later.contains(&item.at));
    }
    if reports.iter().all(Report::is_empty) {
        return Ok(done.into_values().collect());
    }
    let wrong = reports.into_iter().filter(|report| !report.is_empty());
    let wrong = wrong.map(|report| report.finish(&[])).collect();
    Err(Diagnostics::together(wrong))
}

/// The text under a key.
fn name<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    text(below(node, key)?)
}

fn one(node: &Node, known: &[Arc<Dialect>], report: &mut Report<'_>) -> Option<Dialect> {
    let before = report.count();
    let dialect = if below(node, LIKE).is_some() {
        variant::read(node, Place::File, known, report)?.0
    } else {
        Dialect::decode(node, report)?
    };
    check(&dialect, node, before, report);
    Some(dialect)
}
