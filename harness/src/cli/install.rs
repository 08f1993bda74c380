//! `stalemate install`: clients that are programs of their own.

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::args::InstallOptions;
use crate::cli::{bad, out};
use crate::programs::{self, Known};

/// Exit code for a client that could not be installed.
const NOT_INSTALLED: u8 = 1;

/// Installs clients, all that there are unless some are named, and returns the exit code.
pub(super) fn install(options: &InstallOptions) -> u8 {
    let mut clients = Vec::new();
    for name in &options.clients {
        match programs::version_of(name) {
            Some(client) => clients.push(client),
            None => {
                let known: Vec<&str> = programs::known().iter().map(|k| k.name).collect();
                return bad(&format!(
                    "nothing is installed under `{name}`; there are {}, each also with a version, as `{}@1.2.3`",
                    known.join(", "),
                    known.first().unwrap_or(&"name")
                ));
            }
        }
    }
    if options.clients.is_empty() {
        clients = programs::known();
    }
    let mut code = 0;
    for client in &clients {
        if let Err(why) = one(client) {
            bad(&format!("{}: {why}", client.full_name()));
            code = NOT_INSTALLED;
        }
    }
    code
}

fn one(client: &Known) -> Result<(), programs::InstallError> {
    let bar = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{spinner} {prefix}: {msg} ({elapsed})");
    bar.set_style(style.expect("a fixed template"));
    bar.set_prefix(client.full_name());
    bar.enable_steady_tick(std::time::Duration::from_millis(100));
    let was_there = client.is_installed();
    let installed = programs::install(client, &|step| bar.set_message(step.to_owned()));
    bar.finish_and_clear();
    let folder = installed?;
    let how = if was_there { "is there" } else { "installed" };
    out::line(format_args!(
        "{} {how}: {}",
        client.full_name(),
        folder.display()
    ));
    Ok(())
}
