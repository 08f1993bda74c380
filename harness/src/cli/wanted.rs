//! Clients as a user names them on the command line: one that there is, one at a version, one in a folder, or a command.

use std::path::{Path, PathBuf};
use std::slice;
use std::sync::Arc;

use crate::cli::args::OneCell;
use crate::cli::load::{code_of, load_all, unknown_client};
use crate::cli::{BAD_INPUT, bad, wrong};
use crate::programs;
use crate::registry::Registry;
use crate::runner::{Cell, Ran, Runner};
use crate::scenario::Scenario;

/// Adds the dialects of those directories.
///
/// # Errors
/// The exit code, after what is wrong has been said.
pub(super) fn with_dialects(registry: &Registry, directories: &[PathBuf]) -> Result<Registry, u8> {
    let mut registry = registry.clone();
    for directory in directories {
        registry = registry.dialects_in(directory).map_err(|d| wrong(&d))?;
    }
    Ok(registry)
}

/// Adds the clients that are named but not there yet: at a version, in a folder, or as a command, which is its own name.
///
/// # Errors
/// The exit code, after what is wrong has been said.
pub(super) fn with_clients(
    mut registry: Registry,
    names: &[String],
    commands: &[String],
) -> Result<Registry, u8> {
    for name in names {
        if registry.get(name).is_some() {
            continue;
        }
        if name.contains('@') && !Path::new(name).is_dir() {
            // Where nothing of that kind is known, whoever looks for it says so.
            if let Some(client) = programs::version_of(name) {
                registry = registry.program(name, &client.summary(), client.program());
            }
        } else if Path::new(name).is_dir() {
            let folder = programs::from_folder(Path::new(name));
            let (summary, program) = folder.map_err(|d| wrong(&d))?;
            registry = registry.program(name, &summary, program);
        }
    }
    for command in commands {
        let program = programs::from_words(command);
        let program =
            program.map_err(|why| bad(&format!("--client-command `{command}`: {why}")))?;
        registry = registry.program(command, "a command of the user's", program);
    }
    Ok(registry)
}

/// The one scenario of a file.
///
/// # Errors
/// The exit code, after what is wrong has been said.
pub(super) fn scenario(path: &PathBuf, registry: &Registry) -> Result<Arc<Scenario>, u8> {
    let (scenarios, any_bad) = load_all(slice::from_ref(path), registry)?;
    if any_bad {
        return Err(BAD_INPUT);
    }
    match scenarios.as_slice() {
        [scenario] => Ok(Arc::clone(scenario)),
        _ => Err(bad(&format!(
            "`{}` holds several scenarios; name one file",
            path.display()
        ))),
    }
}

impl OneCell {
    /// The client's name, if one is given: a command is its own.
    pub(super) fn named(&self) -> Option<&String> {
        self.client.as_ref().or(self.client_command.as_ref())
    }
}

/// As [`with_clients`], with the one that may be given.
///
/// # Errors
/// As [`with_clients`].
pub(super) fn with_client(registry: &Registry, which: &OneCell) -> Result<Registry, u8> {
    with_clients(
        registry.clone(),
        which.client.as_slice(),
        which.client_command.as_slice(),
    )
}

/// The one cell that is meant, and the registry with its client in it. The scenario's first client and first seed where
/// nothing is said of them.
///
/// # Errors
/// The exit code, after what is wrong has been said.
pub(super) fn one(
    path: &PathBuf,
    which: &OneCell,
    registry: &Registry,
) -> Result<(Registry, Cell), u8> {
    let registry = with_client(registry, which)?;
    let scenario = scenario(path, &registry)?;
    let client = which.named().unwrap_or(&scenario.clients[0]).clone();
    if registry.subject(&scenario, &client).is_none() {
        return Err(bad(&unknown_client(&client, &registry)));
    }
    let seed = which.seed.unwrap_or(scenario.seeds[0]);
    let cell = Cell {
        scenario,
        client,
        seed,
    };
    Ok((registry, cell))
}

/// The dialects that worlds are drawn from: those that are named, or all of real servers with sessions.
///
/// # Errors
/// That there is no such dialect.
pub(super) fn dialects(names: &[String], registry: &Registry) -> Result<Vec<String>, String> {
    if names.is_empty() {
        return Ok(registry.real_sessions());
    }
    for name in names {
        if registry.dialect_of(name).is_none() {
            return Err(format!(
                "there is no dialect `{name}`; `list` shows which there are"
            ));
        }
    }
    Ok(names.to_vec())
}

/// A runner of so many cells at once; of as many as there are cores unless given.
pub(super) fn runner(registry: &Registry, jobs: Option<usize>) -> Runner {
    let runner = Runner::new(registry.clone());
    match jobs {
        Some(jobs) => runner.jobs(jobs),
        None => runner,
    }
}

/// The options that name directories of dialects again, each with a space before it.
pub(super) fn dialect_options(directories: &[PathBuf]) -> String {
    let options = directories.iter();
    options
        .map(|directory| format!(" --dialects {}", directory.display()))
        .collect()
}

/// Runs a cell and judges it.
///
/// # Errors
/// The exit code, after what is wrong has been said.
pub(super) fn ran(registry: Registry, cell: &Cell) -> Result<Ran, u8> {
    Runner::new(registry).run(cell).map_err(|error| {
        let (scenario, client) = (&cell.scenario.name, &cell.client);
        bad(&format!("{scenario} with {client}: {error}"));
        code_of(&error)
    })
}

/// The option that names a client again.
pub(super) fn option(client: &str, commands: &[String]) -> String {
    if commands.iter().any(|command| command == client) {
        let quoted = client.replace('\'', "'\\''");
        return format!("--client-command '{quoted}'");
    }
    format!("--client {client}")
}
