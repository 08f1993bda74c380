//! `stalemate explore` and `merge`: random worlds by their seeds, and the results of many machines put together.

use std::ops::Range;
use std::path::Path;

use indicatif::ProgressBar;
use sha2::{Digest, Sha256};

use crate::cli::load::unknown_client;
use crate::cli::results::{Lines, ended, read, stop_on_interrupt};
use crate::cli::searching::{ExploreOptions, MergeOptions};
use crate::cli::small::{Folder, line as small_line};
use crate::cli::{HARNESS_BUG, bad, out, wanted};
use crate::registry::Registry;
use crate::runner::Runner;
use crate::search::draw::Pool;
use crate::search::{
    self, EXPLORED_VERSION, Exploration, Explored, Failed, Finding, Line, Merged, Sink, shard,
};

/// Where results go as they come.
struct Results<'o> {
    lines: Lines<'o>,
    bar: ProgressBar,
}

impl Sink for Results<'_> {
    fn failed(&self, failed: &Failed) {
        self.lines.line(&Line::Failed(Box::new(failed.clone())));
    }

    fn done(&self, client: &str, seeds: Range<u64>) {
        self.lines.line(&Line::Done {
            client: client.to_owned(),
            from: seeds.start,
            to: seeds.end,
        });
    }

    fn ran(&self) {
        self.bar.inc(1);
    }

    fn stops(&self) -> bool {
        self.lines.stops()
    }
}

/// Runs the command and returns its exit code.
pub(super) fn explore(options: &ExploreOptions, registry: &Registry) -> u8 {
    let registry = wanted::with_clients(registry.clone(), &options.client, &options.client_command);
    let registry = match registry {
        Ok(registry) => registry,
        Err(code) => return code,
    };
    let clients = options.client.iter().chain(&options.client_command);
    for client in clients.clone() {
        if registry.get(client).is_none() {
            return bad(&unknown_client(client, &registry));
        }
    }
    let whole = match seeds(options) {
        Ok(seeds) => seeds,
        Err(why) => return bad(&why),
    };
    let (k, n) = options.shard.unwrap_or((1, 1));
    let seeds = shard(&whole, k, n);
    let dialects = match wanted::dialects(&options.dialect, &registry) {
        Ok(dialects) => dialects,
        Err(why) => return bad(&why),
    };
    let runner = wanted::runner(&registry, options.many.jobs);
    let stop = match stop_on_interrupt() {
        Ok(stop) => stop,
        Err(code) => return code,
    };
    let mut folder = Folder::new(&options.many.out, &stop);
    let mut code = 0;
    let begin = match merged(options.many.done().as_slice()) {
        Ok(merged) => merged,
        Err(why) => return bad(&why),
    };
    for client in clients {
        let before = begin.clients.get(client);
        if let Some(before) = before.filter(|b| !b.dialects.is_empty() && b.dialects != dialects) {
            return bad(&format!(
                "cannot resume: the worlds for {client} were drawn from {}, and now would be from {}",
                before.dialects.join(", "),
                dialects.join(", ")
            ));
        }
        let plan = Exploration {
            client: client.clone(),
            pool: Pool::of(dialects.clone()),
            seeds: seeds.clone(),
            done: before.map(|b| b.done.clone()).unwrap_or_default(),
            limit: options.many.time,
            others: options.servers,
            options: same(client, options),
        };
        let left: u64 = search::without(plan.seeds.clone(), &plan.done)
            .iter()
            .map(|range| range.end - range.start)
            .sum();
        let bar = out::bar(left, "{msg}: {pos}/{len} seeds, {per_sec}, {eta} left");
        bar.set_message(client.clone());
        let lines = match Lines::open(options.many.results.as_deref(), &stop) {
            Ok(lines) => lines,
            Err(code) => return code,
        };
        let results = Results { lines, bar };
        results.lines.line(&Line::Asked {
            version: EXPLORED_VERSION,
            client: client.clone(),
            dialects: dialects.clone(),
            from: seeds.start,
            to: seeds.end,
            of: (n > 1).then_some((whole.start, whole.end)),
        });
        let explored = search::explore(&plan, &runner, &results);
        results.bar.finish_and_clear();
        code = code.max(results.lines.code());
        match explored {
            Ok(explored) => code = code.max(tell(&plan, &explored, options, &runner, &mut folder)),
            Err(why) => return bad(&why),
        }
    }
    ended(
        code.max(folder.code()),
        &stop,
        "what was found by then stands above",
    )
}

/// The seeds that are asked for: as given, or so many from one that a commit decides.
fn seeds(options: &ExploreOptions) -> Result<Range<u64>, String> {
    let Range { start, end } = options.seeds.clone();
    let Some(commit) = &options.commit else {
        return Ok(start..end);
    };
    let digest = Sha256::digest(commit.as_bytes());
    let eight: [u8; 8] = digest[..8].try_into().expect("a digest has 32 bytes");
    // Far from the end, so that the range fits.
    let base = u64::from_be_bytes(eight) >> 16;
    let (Some(from), Some(to)) = (base.checked_add(start), base.checked_add(end)) else {
        return Err("these are too many seeds".to_owned());
    };
    Ok(from..to)
}

/// Says what was found, and returns the exit code for it.
fn tell(
    plan: &Exploration,
    explored: &Explored,
    options: &ExploreOptions,
    runner: &Runner,
    folder: &mut Folder<'_>,
) -> u8 {
    let Explored {
        runs,
        failed,
        findings,
        ..
    } = explored;
    out::line(format_args!(
        "{} with seeds {}..{}: {runs} runs, {failed} failed",
        plan.client, plan.seeds.start, plan.seeds.end
    ));
    let mut code = 0;
    for finding in findings.sorted() {
        let of_run = finding.failure.is_of_run();
        code = code.max(if of_run { HARNESS_BUG } else { 1 });
        out::line(line(finding));
        let seed = finding.origin.seed.unwrap_or_default();
        if !options.many.no_shrink {
            let origin = format!("explore, seed {seed}");
            if let Some((file, small)) = folder.add_or_say(finding, &origin, runner) {
                out::line(small_line(&file, &small));
            }
        }
        out::line(format_args!("      replay: {}", plan.replay(seed)));
    }
    code
}

fn line(finding: &Finding) -> String {
    let seed = finding.origin.seed.unwrap_or_default();
    format!(
        "  {} by {}, {} seeds, the simplest {seed}: {}",
        finding.failure.invariant, finding.failure.party, finding.count, finding.why
    )
}

/// The options that say what is explored, the seeds aside.
fn same(client: &str, options: &ExploreOptions) -> String {
    let client = wanted::option(client, &options.client_command);
    let dialects = options.dialect.iter().map(|d| format!(" --dialect {d}"));
    let folders = [wanted::dialect_options(&options.dialects)];
    let servers = options.servers.then(|| " --servers".to_owned());
    let more: String = dialects.chain(folders).chain(servers).collect();
    format!("{client}{more}")
}

/// The results of all those files.
fn merged<P: AsRef<Path>>(files: &[P]) -> Result<Merged, String> {
    let mut merged = Merged::default();
    for file in files {
        read(file.as_ref(), |file| merged.add(file))?;
    }
    Ok(merged)
}

/// Puts results together and says what they show, and which seeds are missing. 0 nothing failed, 1 something did, 5 seeds
/// are missing.
pub(super) fn merge(options: &MergeOptions) -> u8 {
    let merged = match merged(&options.files) {
        Ok(merged) => merged,
        Err(why) => return bad(&why),
    };
    if merged.clients.is_empty() {
        return bad(
            "there are no results in these files; `stalemate explore --results FILE` writes them",
        );
    }
    let mut code = 0;
    for (client, of) in &merged.clients {
        let done: u64 = of.done.iter().map(|range| range.end - range.start).sum();
        out::line(format_args!(
            "{client}: {done} seeds done, {} failed",
            of.failed.len()
        ));
        for (failure, seeds) in of.grouped() {
            code = 1;
            let first = seeds.first().copied().unwrap_or_default();
            out::line(format_args!(
                "  {} by {}, {} seeds, the first {first}: {}",
                failure.invariant,
                failure.party,
                seeds.len(),
                failure.cause
            ));
        }
        let missing = of.missing();
        if !missing.is_empty() {
            let missing: Vec<String> = missing
                .iter()
                .map(|range| format!("{}..{}", range.start, range.end))
                .collect();
            out::line(format_args!("  missing: {}", missing.join(", ")));
            code = if code == 0 { 5 } else { code };
        }
    }
    if merged.cut_off > 0 {
        eprintln!(
            "files whose last line was cut off, and left out: {}",
            merged.cut_off
        );
    }
    code
}
