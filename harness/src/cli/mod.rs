//! The command line: arguments in, exit code out. What it prints is made by `report`; what it runs, by `runner`.

mod args;
mod author;
mod diagnose;
mod diff;
mod explore;
mod format;
mod install;
mod load;
mod new;
mod out;
mod outside;
mod probe;
mod results;
mod run;
mod searching;
mod serve;
mod serving;
mod shell;
mod show;
mod shrink;
mod small;
mod sweep;
mod told;
mod values;
mod wanted;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::registry::Registry;
use crate::runner;
use crate::scenario::Diagnostics;
use args::{Args, Command};

/// Exit code for bad usage or a bad scenario.
const BAD_INPUT: u8 = 2;
/// Exit code for a bug in the harness, as a panic's.
const HARNESS_BUG: u8 = 101;

/// The whole command, with those clients. Call it from `main`, with nothing before it: real SDKs run in child processes
/// of this same program.
#[must_use]
pub fn main(registry: &Registry) -> ExitCode {
    runner::serve_if_child(registry);
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { BAD_INPUT } else { 0 });
        }
    };
    let with = |dialects: &[PathBuf], command: &dyn Fn(&Registry) -> u8| {
        wanted::with_dialects(registry, dialects).map_or_else(|code| code, |r| command(&r))
    };
    let code = match args.command {
        Command::Run(o) => run::run(&o, registry),
        Command::Trace(o) => with(&o.dialects, &|registry| show::trace(&o, registry)),
        Command::Sweep(o) => with(&o.dialects, &|registry| sweep::sweep(&o, registry)),
        Command::Explore(o) => with(&o.dialects, &|registry| explore::explore(&o, registry)),
        Command::Merge(o) => explore::merge(&o),
        Command::Shrink(o) => with(&o.dialects, &|registry| shrink::shrink(&o, registry)),
        Command::New(o) => with(&o.dialects, &|registry| new::new(&o, registry)),
        Command::Diff(o) => with(&o.dialects, &|registry| diff::diff(&o, registry)),
        Command::Completions(o) => shell::completions(&o),
        Command::Man(o) => shell::man(&o),
        Command::Install(o) => install::install(&o),
        Command::List(o) => with(&o.dialects, &|registry| show::list(&o, registry)),
        Command::Explain(o) => with(&o.dialects, &|registry| show::explain(&o, registry)),
        Command::Schema(options) => show::schema(&options),
        Command::Diagnose(o) => with(&o.dialects, &|registry| diagnose::diagnose(&o, registry)),
        Command::Serve(o) => with(&o.dialects, &|registry| serve::serve(&o, registry)),
        Command::Probe(o) => with(&o.dialects, &|registry| probe::probe(&o, registry)),
    };
    // A report that nobody could read is not a success.
    ExitCode::from(match code {
        0 if out::has_failed() => BAD_INPUT,
        code => code,
    })
}

/// Prints errors that name no place, and returns the code for bad input.
fn bad(message: &str) -> u8 {
    anstream::eprintln!(
        "{}error{}: {message}",
        error_style().render(),
        error_style().render_reset()
    );
    BAD_INPUT
}

/// Prints what is wrong in files, with its places, and returns the code for bad input.
fn wrong(diagnostics: &Diagnostics) -> u8 {
    anstream::eprintln!("{}\n", diagnostics.render(true).trim_end());
    BAD_INPUT
}

fn error_style() -> anstyle::Style {
    anstyle::Style::new()
        .bold()
        .fg_color(Some(anstyle::AnsiColor::Red.into()))
}
