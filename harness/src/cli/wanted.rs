//! Clients as a user names them on the command line: one that there is, one at a version, one in a folder, or a command.

use std::path::Path;

use crate::cli::{BAD_INPUT, bad};
use crate::programs;
use crate::registry::Registry;

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
            let (summary, program) = folder.map_err(|diagnostics| {
                anstream::eprintln!("{}\n", diagnostics.render(true).trim_end());
                BAD_INPUT
            })?;
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

/// The option that names a client again.
pub(super) fn option(client: &str, commands: &[String]) -> String {
    if commands.iter().any(|command| command == client) {
        let quoted = client.replace('\'', "'\\''");
        return format!("--client-command '{quoted}'");
    }
    format!("--client {client}")
}
