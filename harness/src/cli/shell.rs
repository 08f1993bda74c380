//! `stalemate completions` and `stalemate man`: what a shell and `man` want to know of the command.

use std::fs;
use std::io;
use std::path::Path;

use clap::CommandFactory as _;

use crate::cli::args::Args;
use crate::cli::author::{CompletionsOptions, ManOptions};
use crate::cli::{bad, out};

/// Prints the completions.
pub(super) fn completions(options: &CompletionsOptions) -> u8 {
    let mut text = Vec::new();
    clap_complete::generate(options.shell, &mut Args::command(), "stalemate", &mut text);
    out::text(String::from_utf8_lossy(&text));
    0
}

/// Prints the main page, or writes all of them.
pub(super) fn man(options: &ManOptions) -> u8 {
    let Some(dir) = &options.dir else {
        return match page(&Args::command()) {
            Ok(page) => {
                out::text(page);
                0
            }
            Err(error) => bad(&format!("failed to make the page: {error}")),
        };
    };
    match write_all(dir) {
        Ok(many) => {
            out::line(format_args!("{many} pages written to {}", dir.display()));
            0
        }
        Err(error) => bad(&format!("failed to write to {}: {error}", dir.display())),
    }
}

fn page(command: &clap::Command) -> io::Result<String> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

fn write_all(dir: &Path) -> io::Result<usize> {
    fs::create_dir_all(dir)?;
    let mut command = Args::command();
    command.build();
    clap_mangen::generate_to(command.clone(), dir)?;
    // `help` has no page of its own.
    let verbs = command.get_subcommands().filter(|v| v.get_name() != "help");
    Ok(verbs.count() + 1)
}
