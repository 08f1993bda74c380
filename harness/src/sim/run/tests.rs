//! Time and those who take part from outside.

use std::cell::RefCell;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::*;
use crate::journal::Event;
use crate::registry::Registry;
use crate::scenario::load_text;
use crate::sim::outside::{Outside, Standing};

/// A thread that computes when it is told to go on, and says so in the record at each of its deadlines.
struct Computing {
    go: Sender<u64>,
    went: Receiver<u64>,
    deadlines: Vec<u64>,
    recorder: Recorder,
    asked: Rc<RefCell<u32>>,
}

impl Computing {
    fn new(deadlines: &[u64], rounds: u32, recorder: Recorder, asked: Rc<RefCell<u32>>) -> Self {
        let ((go, told), (done, went)) = (channel(), channel());
        thread::spawn(move || {
            for now in told {
                (0..rounds).for_each(|_| thread::yield_now());
                if done.send(now).is_err() {
                    break;
                }
            }
        });
        Self {
            go,
            went,
            deadlines: deadlines.to_vec(),
            recorder,
            asked,
        }
    }
}

impl Outside for Computing {
    fn settle(&mut self, now_ms: u64) -> Result<Standing, SimError> {
        *self.asked.borrow_mut() += 1;
        let gone = |_| SimError::Outside("the thread is gone".to_owned());
        let has_acted = self.deadlines.first().is_some_and(|at| *at <= now_ms);
        if has_acted {
            self.go.send(now_ms).map_err(|_| gone(()))?;
            let at = self.went.recv().map_err(|_| gone(()))?;
            self.deadlines.remove(0);
            self.recorder.note(Event::FaultBegan {
                fault: format!("computed at {at}"),
                on: Vec::new(),
            });
        }
        Ok(Standing {
            has_acted,
            deadline_ms: self.deadlines.first().copied(),
        })
    }
}

/// Somebody who is gone from some time on.
struct Gone(u64);

impl Outside for Gone {
    fn settle(&mut self, now_ms: u64) -> Result<Standing, SimError> {
        if now_ms >= self.0 {
            return Err(SimError::Outside("the client died of signal 9".to_owned()));
        }
        Ok(Standing {
            has_acted: false,
            deadline_ms: Some(self.0),
        })
    }
}

/// A run of a user who waits in the middle.
fn run_for(
    wait: &str,
    options: &Options,
    prepare: impl FnOnce(&mut World<'_>),
) -> Result<Run, SimError> {
    let text = format!(
        "summary: A client whose time is shared\nservers:\n  memory: {{dialect: typescript-sdk, port: 3001}}\n\
         clients: [connector/spec-404]\nsteps:\n  - add: memory\n  - call: {{on: memory, tool: search_nodes}}\n  \
         - wait: {wait}\n  - call: {{on: memory, tool: search_nodes}}\nexpect:\n  connector/spec-404: {{rung: transparent}}\n"
    );
    let registry = Registry::builtin();
    let path = Path::new("outside.yaml");
    let scenario = load_text("test/outside", path, &text, &registry.vocabulary());
    let scenario = scenario.unwrap_or_else(|errors| panic!("{errors}"));
    let client = "connector/spec-404";
    let spec = Spec {
        scenario: &scenario,
        client,
        subject: registry.get(client).expect("a built-in client"),
        seed: 1,
    };
    run_in(spec, options, prepare)
}

/// The record, its entries of those outside, and how often those were asked.
fn computing(wait: &str, jump: bool, rounds: u32, deadlines: &[u64]) -> (String, Vec<u64>, u32) {
    let asked = Rc::new(RefCell::new(0));
    let options = Options {
        jump,
        ..Options::default()
    };
    let run = run_for(wait, &options, |world| {
        let recorder = world.recorder.clone();
        let outside = Computing::new(deadlines, rounds, recorder, Rc::clone(&asked));
        world.outside.push(Box::new(outside));
    });
    let record = run.expect("the run comes to its end").record;
    let own = record
        .entries
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::FaultBegan { fault, .. } if *fault == format!("computed at {}", entry.at_ms) => {
                Some(entry.at_ms)
            }
            _ => None,
        });
    (record.hash(), own.collect(), asked.take())
}

#[test]
fn time_waits_for_who_computes_outside_and_jumps_to_its_deadlines() {
    let deadlines = [500, 501, 60_000, 60_002, 3_000_000];
    let (quick, at, asked) = computing("1h", true, 0, &deadlines);
    assert_eq!(at, deadlines, "each at its millisecond");
    assert!(asked < 2_000, "asked {asked} times in an hour");
    let (slow, ..) = computing("1h", true, 100_000, &deadlines);
    assert_eq!(quick, slow, "how long it computes is not to be seen");
}

#[test]
fn what_is_jumped_over_beside_an_outsider_changes_nothing() {
    let deadlines = [500, 503, 2_000, 2_750];
    let (jumping, at, asked) = computing("5s", true, 0, &deadlines);
    let (stepping, _, asked_each) = computing("5s", false, 0, &deadlines);
    assert_eq!(at, deadlines);
    assert_eq!(jumping, stepping);
    assert!(asked * 4 < asked_each, "{asked} of {asked_each}");
}

#[test]
fn who_is_gone_ends_the_run_by_name() {
    let ended = run_for("1h", &Options::default(), |world| {
        world.outside.push(Box::new(Gone(90_000)));
    });
    assert_eq!(
        ended.expect_err("nobody is left").to_string(),
        "the client died of signal 9"
    );
}
