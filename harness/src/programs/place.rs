//! Where clients are installed: a folder for each, by name and by what its lock file says, so that several versions live
//! side by side and a changed lock file is a client that is not installed yet.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use stalemate_clients::Program;

use super::known::Known;

/// The environment variable that names the directory in which clients are installed.
const DIRECTORY: &str = "STALEMATE_CLIENTS_DIR";
/// Files that say what is installed; every other is the client's own.
const LOCKS: [&str; 6] = [
    "package.json",
    "package-lock.json",
    "requirements.txt",
    "Cargo.toml",
    "Cargo.lock",
    // What is compiled is as much what is installed.
    "src/main.rs",
];

/// The directory below which clients are installed: what `STALEMATE_CLIENTS_DIR` says, or else a folder of the user's cache.
#[must_use]
pub fn directory() -> PathBuf {
    let variable = |name: &str| {
        let value = std::env::var_os(name).filter(|value| !value.is_empty());
        value.map(PathBuf::from)
    };
    let cache = || variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
    variable(DIRECTORY)
        .or_else(|| Some(cache()?.join("stalemate").join("clients")))
        .unwrap_or_else(|| std::env::temp_dir().join("stalemate-clients"))
}

pub(super) fn is_lock(file: &str) -> bool {
    LOCKS.contains(&file)
}

/// The first hexadecimal digits of a hash.
fn short_hash<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    texts.for_each(|text| hash.update(text));
    let digits = hash.finalize();
    digits.iter().take(4).map(|b| format!("{b:02x}")).collect()
}

/// The folder of a client.
pub(super) fn folder(client: &Known) -> PathBuf {
    let locks = client.files.iter().filter(|(file, _)| is_lock(file));
    let name = match &client.chosen {
        Some(version) => format!("{}@{version}", client.name),
        None => format!(
            "{}-{}",
            client.name,
            short_hash(locks.map(|(_, text)| *text))
        ),
    };
    directory().join(name)
}

/// The name under which a file of a client's own stands in its folder: another text is another file, so that two versions of
/// the command do not disturb each other.
fn own_name(file: &str, text: &str) -> String {
    let hash = short_hash(std::iter::once(text));
    // What several share is each one's own here.
    let file = file.rsplit_once('/').map_or(file, |(_, file)| file);
    match file.rsplit_once('.') {
        Some((stem, ending)) => format!("{stem}-{hash}.{ending}"),
        None => format!("{file}-{hash}"),
    }
}

/// Writes the client's own files into its folder, where they are not there yet.
pub(super) fn write_own(client: &Known, folder: &Path) -> io::Result<()> {
    for (file, text) in client.files.iter().filter(|(file, _)| !is_lock(file)) {
        let to = folder.join(own_name(file, text));
        if to.exists() {
            continue;
        }
        let mut new = tempfile::NamedTempFile::new_in(folder)?;
        new.write_all(text.as_bytes())?;
        new.persist(&to).map_err(|error| error.error)?;
    }
    Ok(())
}

impl Known {
    /// The program, whether it is installed or not.
    #[must_use]
    pub fn program(&self) -> Program {
        let client = self;
        let folder = folder(client);
        if folder.is_dir() {
            // Where that fails, the program says what it does not find.
            let _ = write_own(client, &folder);
        }
        let word = |word: &String| {
            let own = client.files.iter().find(|(file, _)| file == word);
            match own {
                Some((file, text)) => shown(&folder.join(own_name(file, text))),
                None if word.contains('/') && !word.contains("://") => shown(&folder.join(word)),
                None => word.clone(),
            }
        };
        let remedy = format!("`stalemate install {}` installs it", client.full_name());
        Program {
            command: client.manifest.command.iter().map(word).collect(),
            speaks: client.manifest.speaks,
            needs: client.manifest.install.map(|_| (shown(&folder), remedy)),
        }
    }

    /// Whether it is installed.
    #[must_use]
    pub fn is_installed(&self) -> bool {
        self.program().missing().is_none()
    }
}

pub(super) fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Removes what is left of an installation that did not come to its end.
pub(super) fn clear(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
