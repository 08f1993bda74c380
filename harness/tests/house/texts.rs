//! The files of the repository as the rules read them.

use std::fs;
use std::path::{Path, PathBuf};

/// The top of the repository.
pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A file of the repository, with its path from the top.
pub(crate) struct Text {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Text {
    /// The lines of code with their numbers: without comments, and without what follows `//` on a line.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(n, line)| {
            let end = line.find("//").filter(|at| !line[..*at].ends_with(':'));
            (n + 1, &line[..end.unwrap_or(line.len())])
        })
    }
}

/// The files with one of those endings, sorted. What is built or hidden is passed over.
pub(crate) fn texts(endings: &[&str]) -> Vec<Text> {
    let mut paths = Vec::new();
    walk(Path::new(ROOT), &mut paths);
    let mut texts: Vec<Text> = paths
        .into_iter()
        .filter(|path| {
            path.extension()
                .is_some_and(|e| endings.iter().any(|w| e == *w))
        })
        .map(|path| {
            let below = path.strip_prefix(ROOT).expect("below the top");
            Text {
                path: below.to_str().expect("UTF-8").replace('\\', "/"),
                text: fs::read_to_string(&path).expect("UTF-8"),
            }
        })
        .collect();
    texts.sort_by(|a, b| a.path.cmp(&b.path));
    texts
}

fn walk(directory: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a directory").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let kind = entry.file_type().expect("a type");
        let hidden =
            name.to_string_lossy().starts_with('.') || name == "target" || name == "node_modules";
        if kind.is_dir() && !hidden {
            walk(&path, paths);
        } else if kind.is_file() {
            paths.push(path);
        }
    }
}
