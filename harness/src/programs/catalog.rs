//! The clients that the command knows, carried with it: each a folder below `clients/` with its driver and its lock file.

use std::path::Path;

use super::known::Known;
use super::manifest;

/// A folder as the command carries it.
struct Folder {
    name: &'static str,
    /// The files by their names; `client.yaml` is the first.
    files: &'static [(&'static str, &'static str)],
}

/// The folder of that name with those files; `../` leads to one that several share.
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

const FOLDERS: &[Folder] = &[
    folder!("fastmcp": "client.yaml", "driver.py", "../drive.py", "requirements.txt"),
    folder!("mcp-proxy": "client.yaml", "launch.py", "requirements.txt"),
    folder!("mcp-remote": "client.yaml", "package.json", "package-lock.json"),
    folder!("openai-agents": "client.yaml", "driver.py", "../drive.py", "requirements.txt"),
    folder!("pydantic-ai": "client.yaml", "driver.py", "../drive.py", "requirements.txt"),
    folder!("python-sdk-1": "client.yaml", "driver.py", "../drive.py", "requirements.txt"),
    folder!("python-sdk-2": "client.yaml", "driver.py", "../drive.py", "requirements.txt"),
    folder!("rust-sdk": "client.yaml", "Cargo.toml", "Cargo.lock", "src/main.rs"),
    folder!("typescript-sdk-1": "client.yaml", "driver.mjs", "../drive.mjs", "package.json", "package-lock.json"),
    folder!("typescript-sdk-2": "client.yaml", "driver.mjs", "../drive.mjs", "package.json", "package-lock.json"),
];

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
