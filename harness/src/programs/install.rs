//! Installing a client: from its lock file, or at a version that was chosen. It is made in a folder beside and moved when it
//! is whole, so that one that is there is whole.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::known::Known;
use super::manifest::Installer;
use super::place;

/// Why a client was not installed.
#[derive(Debug)]
pub enum InstallError {
    /// There is nothing to install: it has no installer.
    Nothing,
    /// A file or folder could not be made.
    Io(PathBuf, io::Error),
    /// A program could not be started.
    NoProgram(String, io::Error),
    /// A program failed: the command, and what it said last.
    Failed(String, String),
}

impl fmt::Display for InstallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("its `client.yaml` names no installer"),
            Self::Io(path, error) => write!(f, "failed to make {}: {error}", path.display()),
            Self::NoProgram(program, error) => {
                write!(
                    f,
                    "`{program}` cannot be started: {error}; is it installed?"
                )
            }
            Self::Failed(command, said) => write!(f, "`{command}` failed:\n{said}"),
        }
    }
}

impl std::error::Error for InstallError {}

/// Installs a client, and tells `progress` of each step. Returns where it is; one that is there already stays.
///
/// # Errors
/// [`InstallError`]: an installer that is missing or fails, or a folder that cannot be written to.
pub fn install(client: &Known, progress: &dyn Fn(&str)) -> Result<PathBuf, InstallError> {
    let installer = client.manifest.install.ok_or(InstallError::Nothing)?;
    let folder = place::folder(client);
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| InstallError::Io(path.clone(), error)
    };
    if !folder.is_dir() {
        let parent = place::directory();
        fs::create_dir_all(&parent).map_err(at(&parent))?;
        let own = format!(".{}-{}", client.full_name(), std::process::id());
        let made = parent.join(own);
        place::clear(&made).map_err(at(&made))?;
        fs::create_dir(&made).map_err(at(&made))?;
        let done = fill(client, installer, &made, progress);
        if let Err(error) = done {
            let _ = place::clear(&made);
            return Err(error);
        }
        // Somebody else may have been quicker.
        if let Err(error) = fs::rename(&made, &folder)
            && !folder.is_dir()
        {
            return Err(InstallError::Io(folder, error));
        }
        let _ = place::clear(&made);
    }
    place::write_own(client, &folder).map_err(at(&folder))?;
    Ok(folder)
}

fn fill(
    client: &Known,
    installer: Installer,
    folder: &Path,
    progress: &dyn Fn(&str),
) -> Result<(), InstallError> {
    let package = client.manifest.package.as_deref().unwrap_or_default();
    for (file, text) in client.files.iter().filter(|(file, _)| place::is_lock(file)) {
        let path = folder.join(file);
        let is_locked = file.ends_with("lock.json") || file.ends_with(".lock");
        let is_wanted = client.chosen.is_none() || !is_locked && installer != Installer::Pip;
        if is_wanted {
            let parent = path.parent().unwrap_or(folder);
            let made = fs::create_dir_all(parent);
            made.map_err(|error| InstallError::Io(parent.to_owned(), error))?;
            fs::write(&path, text).map_err(|error| InstallError::Io(path.clone(), error))?;
        }
    }
    match (installer, &client.chosen) {
        (Installer::Npm, None) => {
            progress("npm ci");
            run(
                folder,
                "npm",
                &["ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            )
        }
        (Installer::Npm, Some(version)) => {
            progress("npm install");
            let wanted = format!("{package}@{version}");
            let arguments = [
                "install",
                "--save-exact",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
                &wanted,
            ];
            run(folder, "npm", &arguments)
        }
        (Installer::Cargo, chosen) => {
            progress("cargo build");
            if let Some(version) = chosen {
                choose(&folder.join("Cargo.toml"), package, version)?;
            }
            let locked: &[&str] = if chosen.is_none() { &["--locked"] } else { &[] };
            let build = ["build", "--release", "--quiet", "--target-dir", "target"];
            run(folder, "cargo", &[&build, locked].concat())?;
            let (built, bin) = (folder.join("target"), folder.join("bin"));
            let moved = fs::create_dir_all(&bin)
                .and_then(|()| fs::rename(built.join("release/driver"), bin.join("driver")))
                .and_then(|()| place::clear(&built));
            moved.map_err(|error| InstallError::Io(bin, error))
        }
        (Installer::Pip, chosen) => {
            progress("python3 -m venv");
            run(folder, "python3", &["-m", "venv", "venv"])?;
            progress("pip install");
            let pip = place::shown(&folder.join("venv/bin/pip"));
            let common = [
                "install",
                "--quiet",
                "--no-input",
                "--disable-pip-version-check",
            ];
            match chosen {
                None => {
                    let locked = ["--require-hashes", "--requirement", "requirements.txt"];
                    run(folder, &pip, &[&common[..], &locked[..]].concat())
                }
                Some(version) => {
                    let wanted = format!("{package}=={version}");
                    run(folder, &pip, &[&common[..], &[&*wanted][..]].concat())
                }
            }?;
            progress("compiling");
            // Written once here, because no run may write.
            let python = place::shown(&folder.join("venv/bin/python"));
            run(folder, &python, &["-m", "compileall", "-q", "venv/lib"]).or(Ok(()))
        }
    }
}

/// Puts another version of a package into a `Cargo.toml` that demands an exact one.
fn choose(file: &Path, package: &str, version: &str) -> Result<(), InstallError> {
    let io = |error| InstallError::Io(file.to_owned(), error);
    let text = fs::read_to_string(file).map_err(io)?;
    let begins = format!("{package} = {{ version = \"=");
    let lines = text.lines().map(|line| match line.strip_prefix(&begins) {
        Some(rest) => {
            let rest = rest.split_once('"').map_or("", |(_, rest)| rest);
            format!("{begins}{version}\"{rest}\n")
        }
        None => format!("{line}\n"),
    });
    fs::write(file, lines.collect::<String>()).map_err(io)
}

/// Runs a program in a folder to its end.
fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result<(), InstallError> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .map_err(|error| InstallError::NoProgram(program.to_owned(), error))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<&str> = said.lines().collect();
    let last = lines[lines.len().saturating_sub(20)..].join("\n");
    let command = format!("{program} {}", arguments.join(" "));
    Err(InstallError::Failed(command, last))
}
