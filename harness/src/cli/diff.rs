//! `stalemate diff`: where two records part.

use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::args::OneCell;
use crate::cli::author::DiffOptions;
use crate::cli::{bad, out, show, wanted};
use crate::journal::Record;
use crate::registry::Registry;
use crate::report::{self, Detail, Drawn, View};
use crate::runner::{CellResult, judge_record};

/// A judged record, and what it is called in the output.
struct Side {
    name: String,
    result: CellResult,
    record: Arc<Record>,
}

/// Compares the two and returns the exit code.
pub(super) fn diff(options: &DiffOptions, registry: &Registry) -> u8 {
    let (one, two) = match sides(options, registry) {
        Ok(sides) => sides,
        Err(code) => return code,
    };
    let detail = match options.full {
        true => Detail::Full,
        false => Detail::Short,
    };
    let drawn = |side: &Side| Drawn {
        name: side.name.clone(),
        trace: report::trace(&side.result, &side.record, View::whole(detail)),
    };
    match report::difference(&drawn(&one), &drawn(&two), options.context) {
        None => {
            out::line(format_args!("{} and {} are the same", one.name, two.name));
            0
        }
        Some(text) => {
            out::text(text);
            1
        }
    }
}

fn sides(options: &DiffOptions, registry: &Registry) -> Result<(Side, Side), u8> {
    let (a, b) = match &options.paths[..] {
        [both] => (both, both),
        [a, b, ..] => (a, b),
        [] => unreachable!("one is required"),
    };
    let clients: (Option<&String>, Option<&String>) = match &options.client[..] {
        [] => (None, None),
        [both] => (Some(both), Some(both)),
        [a, b] => (Some(a), Some(b)),
        _ => return Err(bad("--client may be given twice at the most: A's and B's")),
    };
    if options.paths.len() == 1 && (options.client.len() != 2 || show::is_record(a)) {
        return Err(bad(&format!(
            "there is nothing to compare `{}` with: name a second record or scenario, or two clients of one scenario by \
             --client A --client B",
            a.display()
        )));
    }
    let one = side(a, clients.0, options, registry)?;
    Ok((one, side(b, clients.1, options, registry)?))
}

fn side(
    path: &PathBuf,
    client: Option<&String>,
    options: &DiffOptions,
    registry: &Registry,
) -> Result<Side, u8> {
    if show::is_record(path) {
        let record = show::read(path).map_err(|why| bad(&why))?;
        return Ok(Side {
            name: path.display().to_string(),
            result: judge_record(&record),
            record: Arc::new(record),
        });
    }
    let which = OneCell {
        client: client.cloned(),
        client_command: None,
        seed: options.seed,
    };
    let (registry, cell) = wanted::one(path, &which, registry)?;
    let ran = wanted::ran(registry, &cell)?;
    Ok(Side {
        name: cell.to_string(),
        result: ran.result,
        record: ran.record,
    })
}
