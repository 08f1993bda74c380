//! The clients that the command knows, carried with it: each a folder below `clients/` with its driver and its lock file.

use std::path::Path;

use stalemate_clients::Program;

use super::manifest::{self, Manifest};
use super::place;

/// A folder as the command carries it.
struct Folder {
    name: &'static str,
    /// The files by their names; `client.yaml` is the first.
    files: &'static [(&'static str, &'static str)],
}

/// The folder of that name with those files.
macro_rules! folder {
    ($name:literal: $($file:literal),* $(,)?) => {
        Folder {
            name: $name,
            files: &[$((
                $file,
                include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../clients/", $name, "/", $file)),
            )),*],
        }
    };
}

const FOLDERS: &[Folder] = &[folder!(
    "typescript-sdk-1": "client.yaml", "driver.mjs", "package.json", "package-lock.json"
)];

/// A client that the command knows.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its name.
    pub name: &'static str,
    /// What its `client.yaml` says.
    pub manifest: Manifest,
    /// Its other files.
    pub(super) files: &'static [(&'static str, &'static str)],
    /// A version other than that of its lock file.
    pub(super) chosen: Option<String>,
}

/// The clients that the command knows, in the order of their names.
///
/// # Panics
/// If a `client.yaml` that is part of the program is wrong.
#[must_use]
pub fn known() -> Vec<Known> {
    let mut known: Vec<Known> = FOLDERS.iter().map(of).collect();
    known.sort_by_key(|k| k.name);
    known
}

fn of(folder: &Folder) -> Known {
    let (file, text) = folder.files[0];
    let manifest = manifest::read(Path::new(file), text);
    Known {
        name: folder.name,
        manifest: manifest.unwrap_or_else(|why| panic!("{}: {}", folder.name, why.render(false))),
        files: &folder.files[1..],
        chosen: None,
    }
}

/// The client of a name with a version, as `typescript-sdk-1@1.20.2`; also one that is named alone. `None` if there is no
/// such client, or its version cannot be chosen.
#[must_use]
pub fn version_of(name: &str) -> Option<Known> {
    let (alone, version) = match name.split_once('@') {
        Some((alone, version)) => (alone, Some(version)),
        None => (name, None),
    };
    let found = known().into_iter().find(|k| k.name == alone)?;
    let Some(version) = version else {
        return Some(found);
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-+_".contains(c);
    let may =
        found.manifest.package.is_some() && !version.is_empty() && version.chars().all(is_plain);
    may.then(|| Known {
        chosen: Some(version.to_owned()),
        ..found
    })
}

impl Known {
    /// Its name, with the version if one was chosen.
    #[must_use]
    pub fn full_name(&self) -> String {
        match &self.chosen {
            Some(version) => format!("{}@{version}", self.name),
            None => self.name.to_owned(),
        }
    }

    /// What it is, with its version.
    #[must_use]
    pub fn summary(&self) -> String {
        let version = self.chosen.as_ref().or(self.manifest.version.as_ref());
        match version {
            Some(version) => format!("{}, version {version}", self.manifest.summary),
            None => self.manifest.summary.clone(),
        }
    }

    /// The program, whether it is installed or not.
    #[must_use]
    pub fn program(&self) -> Program {
        place::program(self)
    }

    /// Whether it is installed.
    #[must_use]
    pub fn is_installed(&self) -> bool {
        self.program().missing().is_none()
    }
}
