//! A client in a folder of the user's own.

use std::fs;
use std::path::Path;

use stalemate_clients::Program;

use super::manifest;
use super::place::shown;
use crate::input;
use crate::yaml::{Diagnostic, Diagnostics};

/// The client in a folder with a `client.yaml`: what it is, and its program.
///
/// # Errors
/// All that is wrong in the file, or that it cannot be read.
pub fn from_folder(folder: &Path) -> Result<(String, Program), Diagnostics> {
    let file = folder.join("client.yaml");
    let whole = fs::canonicalize(folder);
    let read = input::open(&file).map_err(|error| error.to_string());
    let read = read.and_then(|file| std::io::read_to_string(file).map_err(|e| input::why(&e)));
    let (text, whole) = match (read, whole) {
        (Ok(text), Ok(whole)) => (text, whole),
        (Err(why), _) => return Err(unreadable(&file, &why)),
        (_, Err(error)) => return Err(unreadable(folder, &input::why(&error))),
    };
    let manifest = manifest::read(&file, &text)?;
    let word = |word: &String| {
        let path = whole.join(word);
        let is_there =
            !word.is_empty() && (path.is_file() || word.contains('/') && !word.contains("://"));
        if is_there { shown(&path) } else { word.clone() }
    };
    let program = Program {
        command: manifest.command.iter().map(word).collect(),
        speaks: manifest.speaks,
        needs: None,
    };
    Ok((manifest.summary, program))
}

fn unreadable(path: &Path, why: &str) -> Diagnostics {
    let help = "name a folder with a `client.yaml`, e.g. with `summary: mine` and `command: [node, driver.mjs]`";
    let error = Diagnostic::of_file(path, format!("cannot read this: {why}"), help);
    Diagnostics::of(vec![error])
}
