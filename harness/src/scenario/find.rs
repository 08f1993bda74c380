//! Finding scenario files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::input::why;
use crate::yaml::{Diagnostic, Diagnostics};

/// How deep directories are searched.
const DEEPEST: usize = 16;

/// The files with scenarios among `paths` and in the directories among them, sorted, each once. A `schema.json`, and in
/// directories the `client.yaml` of a program, are passed over; directories that are links are not entered.
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

/// Whether a file says what a program is, and not what happens: no scenario has a command.
fn is_program(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "client.yaml")
        && fs::read_to_string(path)
            .is_ok_and(|text| text.lines().any(|line| line.starts_with("command:")))
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
            Ok(_) if is_yaml(&path) && !path.is_dir() && !is_program(&path) => files.push(path),
            Ok(_) => {}
            Err(error) => errors.push(cannot_read(&path, &error)),
        }
    }
}

/// That a path cannot be read, and why.
pub(super) fn cannot_read(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::of_file(
        path,
        format!("cannot read this: {}", why(error)),
        "name scenario files or directories with scenarios",
    )
}
