//! A bug that shows itself in one session of a hundred is found that often; and a run that panics or never yields is a finding with
//! its seed, in an exploration and in a sweep, and not their end.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use stalemate::clients::model::{ModelFactory, Policy};
use stalemate::clients::{
    CallResult, Client, ClientError, ClientFactory, Dialler, Health, LocalBoxFuture,
    NotificationSink, RequestMethod, StoredSession,
};
use stalemate::registry::Registry;
use stalemate::runner::{Cell, Limits, Runner};
use stalemate::search::{Base, Came, Done, try_seed};

use crate::{Kept, Quiet, explored, plan};

/// One session in so many is unlucky.
const ONE_IN: u32 = 100;
const SEEDS: u64 = 400;
/// The limit of a run, and for how long one yields nothing.
const LIMIT: Duration = Duration::from_millis(500);
const BLOCKED: Duration = Duration::from_secs(2);

const SWEPT: &str = "\
summary: One call.
servers: {memory: {dialect: spec}}
clients: [canary]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities}
";

/// What a client does at a call in an unlucky session.
#[derive(Clone, Copy)]
enum Bug {
    Hangs,
    Panics,
    Blocks,
}

struct Canary(Arc<dyn ClientFactory>, Bug, u32);

struct Bird(Arc<dyn Client>, Bug, u32);

/// Session ids are drawn by the server, so that in each world other ones are unlucky.
fn is_unlucky(id: &str, one_in: u32) -> bool {
    let digits = id.chars().filter_map(|c| c.to_digit(16));
    digits.fold(7, |sum, digit| (sum * 31 + digit) % 10_007) % one_in == 0
}

impl Client for Bird {
    fn connect(&self) -> LocalBoxFuture<'_, Result<(), ClientError>> {
        self.0.connect()
    }

    fn list_tools(&self) -> LocalBoxFuture<'_, Result<Vec<String>, ClientError>> {
        self.0.list_tools()
    }

    fn call_tool(&self, name: String, arguments: Value) -> LocalBoxFuture<'_, CallResult> {
        let stored = self.0.stored_session();
        let is_unlucky = stored.is_some_and(|stored| is_unlucky(stored.id.as_str(), self.2));
        match self.1 {
            _ if !is_unlucky => self.0.call_tool(name, arguments),
            Bug::Hangs => Box::pin(std::future::pending()),
            Bug::Panics => panic!("an unlucky session"),
            Bug::Blocks => {
                // Without a yield for longer than a run may take, and not for ever: the thread outlives the run.
                std::thread::sleep(BLOCKED);
                Box::pin(std::future::pending())
            }
        }
    }

    fn request(&self, method: RequestMethod, params: Value) -> LocalBoxFuture<'_, CallResult> {
        self.0.request(method, params)
    }

    fn disconnect(&self) -> LocalBoxFuture<'_, Result<(), ClientError>> {
        self.0.disconnect()
    }

    fn stored_session(&self) -> Option<StoredSession> {
        self.0.stored_session()
    }

    fn health(&self) -> Health {
        self.0.health()
    }
}

impl ClientFactory for Canary {
    fn create(
        &self,
        dialler: Dialler,
        resume: Option<StoredSession>,
        sink: NotificationSink,
    ) -> Arc<dyn Client> {
        // The trait asks for `Arc`; a client never leaves its thread, and neither does its `Arc`.
        #[allow(clippy::arc_with_non_send_sync)]
        Arc::new(Bird(self.0.create(dialler, resume, sink), self.1, self.2))
    }

    fn is_real(&self) -> bool {
        false
    }
}

/// A runner that knows the right client with that bug in one session of so many.
fn runner(bug: Bug, one_in: u32) -> Runner {
    let right: Arc<dyn ClientFactory> = Arc::new(ModelFactory {
        policy: Policy::recovering(),
    });
    let canary = Arc::new(Canary(right, bug, one_in));
    Runner::new(Registry::builtin().client("canary", "some sessions are unlucky", canary))
}

#[test]
fn a_run_that_panics_is_a_finding_of_an_exploration_and_of_a_sweep() {
    let runner = runner(Bug::Panics, 10);
    let plan = plan("canary", &["spec"], 0..60);
    let kept = Kept::default();
    let explored = explored(&plan, &runner, &kept);
    assert_eq!(explored.runs, 60, "it goes on behind a panic");
    let ends = |f: &&stalemate::search::Finding| f.failure.is_of_run();
    let findings = explored.findings.sorted();
    let found = findings.into_iter().find(ends).expect("one panics");
    assert!(found.why.contains("an unlucky session"), "{}", found.why);
    assert!((1..50).contains(&found.count), "{}", found.count);
    // With its seed, by which it is the same again.
    let seed = found.origin.seed.expect("a seed drew it");
    let (_, again) = try_seed(&plan, seed, &runner).expect("the dialect is there");
    let again = again.expect("it fails again").violations;
    assert!(again.iter().any(|told| told.failure == found.failure));
    // A sweep opens one session more where a fault costs one, so that some of its runs are unlucky and its first is not.
    let cell = |seed| Cell {
        seed,
        ..crate::cell(SWEPT, "canary", &runner)
    };
    let swept = (1..20).find_map(|seed| {
        let base = Base::of(&cell(seed), &runner).ok()?;
        let swept = base.sweep(&runner, None, &Done::default(), &Quiet);
        swept
            .findings
            .sorted()
            .into_iter()
            .any(|f| ends(&f))
            .then_some(swept)
    });
    let swept = swept.expect("one of the seeds has such a run");
    let came: Vec<&Came> = swept.rows.iter().flat_map(|row| &row.came).collect();
    let no_end = came.iter().filter(|c| ***c == Came::NoEnd).count();
    let ran = came.iter().filter(|c| matches!(c, Came::Ran(..))).count();
    assert!(
        no_end > 0 && ran > 100,
        "{no_end} without an end, {ran} ran"
    );
    assert!(swept.is_whole);
}

#[test]
fn a_run_that_never_yields_is_given_up_and_told() {
    let limits = Limits { run: LIMIT };
    let runner = runner(Bug::Blocks, 1).limits(limits);
    let explored = explored(&plan("canary", &["spec"], 0..2), &runner, &Kept::default());
    let findings = explored.findings.sorted();
    let ends = findings.iter().find(|f| f.failure.is_of_run());
    let why = &ends.expect("each session blocks").why;
    assert!(why.contains("never yields"), "{why}");
    assert_eq!(explored.runs, 2);
}

#[test]
fn a_canary_is_found_at_its_rate() {
    let runner = runner(Bug::Hangs, ONE_IN);
    let explored = explored(
        &plan("canary", &["spec"], 0..SEEDS),
        &runner,
        &Kept::default(),
    );
    let hang = |f: &&stalemate::search::Finding| f.failure.invariant == "cli-every-call-resolves";
    let found = explored.findings.sorted().into_iter().filter(hang);
    let found: usize = found.map(|f| f.count).sum();
    // A world has one session or more: at least one seed in a hundred is unlucky, and few worlds have ten.
    assert!((1..40).contains(&found), "{found} of {SEEDS}");
}
