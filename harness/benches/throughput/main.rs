//! How fast scenarios run: beside the bare simulator doing equal work, with the length of a run, with the number of
//! servers, and while nobody talks; how many runs a search makes; and what clients cost that are programs of their own. All
//! times but those of searches and programs are processor time of the run's thread, medians of runs taken in turn.

mod baseline;
mod cells;
mod growth;
mod measure;
mod programs;
mod searches;

use stalemate::registry::Registry;

use baseline::Upstream;
use cells::Job;
use measure::{Cost, in_turn, marginal, on_thread};

/// Calls that a run has more than the one that is taken off.
const CALLS: usize = 200;
/// How many times the bare simulator's cost an exchange may be.
const RATIO_GOAL: f64 = 2.3;
/// The argument with which only what clients cost is measured that are programs of their own.
const ONLY_CLIENTS: &str = "clients";
/// The argument with which only searches are measured, and a long one of them.
const ONLY_SEARCHES: &str = "searches";
/// Seeds of a search whose memory is measured, and those of a long one.
const SEARCHED: (u64, u64) = (10_000, 100_000);
/// How long a day of waiting may take, in milliseconds.
const DAY_GOAL_MS: f64 = 60.0;

fn met(is: bool) -> &'static str {
    if is { "met" } else { "missed" }
}

/// Stalemate's run and judging beside the bare simulator.
fn ratio(registry: &Registry) {
    let bare = |calls, upstream| move || on_thread(|| baseline::run(calls, upstream));
    let piped = |calls| move || on_thread(|| baseline::run_in_memory(calls, Upstream::Kept));
    let (none, many) = (Job::calls(0, registry), Job::calls(CALLS, registry));
    let costs = in_turn(
        31,
        &[
            &bare(0, Upstream::Kept),
            &bare(CALLS, Upstream::Kept),
            &bare(0, Upstream::Fresh),
            &bare(CALLS, Upstream::Fresh),
            &|| none.once(),
            &|| many.once(),
            &|| none.unjudged(),
            &|| many.unjudged(),
            &piped(0),
            &piped(CALLS),
        ],
    );
    let (kept, fresh) = (marginal(costs[1], costs[0]), marginal(costs[3], costs[2]));
    let ours = marginal(costs[5], costs[4]);
    let counted = |cost: Cost, like: Cost| Cost {
        exchanges: like.exchanges,
        ..cost
    };
    let unjudged = marginal(counted(costs[7], costs[5]), counted(costs[6], costs[4]));
    let in_memory = marginal(costs[9], costs[8]);
    let rows = [
        ("upstream kept alive", baseline::WHAT_IN_MEMORY, in_memory),
        ("upstream kept alive", baseline::WHAT, kept),
        ("a fresh upstream each", baseline::WHAT, fresh),
        ("run and not judged", "stalemate", unjudged),
        ("run and judged", "stalemate", ours),
    ];
    for (how, what, cost) in rows {
        println!(
            "{what:>20}, {how:<22} {:>7.1} us and {:>5.2} virtual ms an exchange",
            cost.us, cost.virtual_ms
        );
    }
    let ratio = ours.us / kept.us;
    println!(
        "ratio {ratio:.2} to upstream kept alive, goal at most {RATIO_GOAL}: {}; {:.2} to a fresh upstream each, which is what \
         plain nginx does",
        met(ratio <= RATIO_GOAL),
        ours.us / fresh.us,
    );
    println!(
        "taken off: {:.2} ms of a bare run without calls, {:.2} ms of a scenario without calls",
        costs[0].time.as_secs_f64() * 1e3,
        costs[4].time.as_secs_f64() * 1e3,
    );
}

/// One server of several used, and all of them.
fn servers(registry: &Registry) {
    for (servers, used) in [(1, 1), (5, 1), (5, 5), (20, 1), (20, 20)] {
        let none = Job::servers(servers, used, 0, registry);
        let many = Job::servers(servers, used, CALLS, registry);
        let costs = in_turn(11, &[&|| none.once(), &|| many.once()]);
        println!(
            "{servers:>8} servers, {used:>2} used {:>8.1} us an exchange, {:>7.2} ms without calls",
            marginal(costs[1], costs[0]).us,
            costs[0].time.as_secs_f64() * 1e3,
        );
    }
}

/// A day in which nobody talks.
fn waiting(registry: &Registry) {
    for (dialect, what) in [
        ("supergateway-4.0.0", "keep-alives each 15 s"),
        ("supergateway-3.4.3", "no keep-alives"),
    ] {
        let day = Job::waiting(dialect, "24h", registry);
        let none = Job::waiting(dialect, "1ms", registry);
        let costs = in_turn(9, &[&|| day.once(), &|| none.once()]);
        let [day, none] = [costs[0], costs[1]].map(|cost| cost.time.as_secs_f64() * 1e3);
        println!(
            "{what:>22} {day:>8.2} ms ({none:.2} ms without the wait), goal {DAY_GOAL_MS} ms: {}",
            met(day <= DAY_GOAL_MS),
        );
    }
}

fn main() {
    let registry = Registry::builtin();
    stalemate::runner::serve_if_child(&registry);
    if growth::was_child(&registry) || searches::was_child(&registry) {
        return;
    }
    if std::env::args().any(|argument| argument == ONLY_CLIENTS) {
        programs::print(&registry);
        return;
    }
    if std::env::args().any(|argument| argument == ONLY_SEARCHES) {
        searches::print(SEARCHED.1);
        return;
    }
    println!(
        "An exchange's cost is that of one more: the same run with no calls is taken off, so that start-up, connecting and \
         the ladder are no part of it."
    );
    println!("\n{CALLS} calls through a proxy");
    ratio(&registry);
    println!("\nlength of a run (one run at 10,000)");
    growth::print(&registry);
    println!("\nservers, {CALLS} calls in turn to those that are used");
    servers(&registry);
    println!("\n24 h of waiting, run and judged");
    waiting(&registry);
    println!("\nsearches, with a right client");
    searches::print(SEARCHED.0);
    println!("\nclients that are programs of their own, a cell is two runs");
    programs::print(&registry);
}
