//! How to demand something of one's own: a fold over the record of each cell. This one demands that after a restart no more
//! than two errors are shown to the user.
//! Try `cargo run --example own_invariant -- scenarios/restart`.

use std::path::PathBuf;
use std::process::ExitCode;

use stalemate::journal::{CallOutcome, Event, Record};
use stalemate::runner::{Cell, scenarios, serve_if_child};
use stalemate::{Registry, Runner};

/// How many errors a user may see.
const MOST: usize = 2;

/// How many calls the user was told of that had failed.
fn errors_shown(record: &Record) -> usize {
    let failed = |event: &Event| matches!(event, Event::CallEnded { outcome, .. } if *outcome != CallOutcome::Ok);
    record.entries.iter().filter(|e| failed(&e.event)).count()
}

fn main() -> ExitCode {
    let registry = Registry::builtin();
    // Real servers and clients run in child processes of this same program.
    serve_if_child(&registry);
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let runner = Runner::new(registry);
    let found = match scenarios(&paths, runner.registry()) {
        Ok(found) => found,
        Err(wrong) => {
            eprintln!("{wrong}");
            return ExitCode::from(2);
        }
    };
    let mut violated = 0;
    for scenario in found.into_iter().filter_map(|(_, loaded)| loaded.ok()) {
        let cells = Cell::of(&scenario).into_iter();
        for cell in cells.filter(|c| c.client.starts_with("connector/")) {
            match runner.run(&cell) {
                Ok(ran) if errors_shown(&ran.record) > MOST => {
                    violated += 1;
                    println!("{cell}: {} errors shown", errors_shown(&ran.record));
                }
                Ok(_) => {}
                Err(error) => eprintln!("{cell}: {error}"),
            }
        }
    }
    println!("{violated} cells show more than {MOST} errors");
    ExitCode::from(u8::from(violated > 0))
}
