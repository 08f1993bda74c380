//! A scenario with a client twice: in the simulation, and then in real time, where the same program is told the same things in
//! the same order, each once as much was heard of it as in the simulation by then.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use serde_json::Value;
use stalemate::clients::Program;
use stalemate::journal::Event;
use stalemate::registry::Registry;
use stalemate::scenario::{ServerKind, load_text};
use stalemate::server::Dialect;
use stalemate::sim::{Options, Passed, Spec, What, run_with};

use crate::ear::{Ear, Fault, Requests};
use crate::live::{LIMIT, Real, Server};

/// How long after it was last told something a program is listened to, in virtual milliseconds.
const AFTERWARDS_MS: u64 = 1_000;

/// What happens to the server or to its connections.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    /// It is restarted.
    Restart,
    /// All connections are cut.
    Cut,
    /// It goes down.
    Down,
    /// It comes up.
    Up,
}

/// A run in the simulation, as far as the program sees and is seen.
pub(crate) struct Simulated {
    /// That of its one server.
    dialect: Arc<Dialect>,
    passed: Vec<Passed>,
    /// When what happened, in virtual milliseconds.
    troubles: Vec<(u64, Trouble)>,
}

impl Simulated {
    pub(crate) fn run(text: &str, client: &str) -> Result<Self, Failed> {
        let registry = Registry::builtin();
        let scenario = load_text("it", Path::new("it.yaml"), text, &registry.vocabulary());
        let scenario = scenario.map_err(|errors| Failed::from(errors.to_string()))?;
        let subject = registry
            .subject(&scenario, client)
            .ok_or("no such client")?;
        let dialect = match &scenario.servers[0].kind {
            ServerKind::Dialect(dialect) | ServerKind::Like { dialect, .. } => Arc::clone(dialect),
            ServerKind::Real(_) => return Err("no model server".into()),
        };
        let (to, passed) = channel();
        let options = Options {
            watch: Some(to),
            ..Options::default()
        };
        let spec = Spec {
            scenario: &scenario,
            client,
            subject: &subject,
            seed: 1,
        };
        let run = run_with(spec, &options).map_err(|error| Failed::from(error.to_string()))?;
        drop(options);
        let entries = run.record.entries.iter();
        let troubles = entries.filter_map(|entry| {
            let trouble = match &entry.event {
                Event::FaultBegan { fault, .. } if fault.starts_with("restart") => Trouble::Restart,
                Event::FaultBegan { fault, .. } if fault.contains("cut") => Trouble::Cut,
                Event::FaultBegan { fault, .. } if fault.contains("down") => Trouble::Down,
                Event::FaultHealed { fault, .. } if fault.contains("down") => Trouble::Up,
                _ => return None,
            };
            Some((entry.at_ms, trouble))
        });
        Ok(Self {
            dialect,
            troubles: troubles.collect(),
            passed: passed.iter().collect(),
        })
    }

    /// Nothing that came later than soon after the last line that has that text.
    pub(crate) fn until_last(mut self, text: &str) -> Result<Self, Failed> {
        let is_last = |p: &&Passed| matches!(&p.what, What::Told(line, _) if line.contains(text));
        let last = self.passed.iter().rfind(is_last);
        let until = last.ok_or("it was not told that")?.at_ms + AFTERWARDS_MS;
        self.passed.retain(|p| p.at_ms <= until);
        Ok(self)
    }

    /// What the program sent: each request with its time in milliseconds, in order.
    pub(crate) fn sent(&self) -> Vec<(u64, Vec<u8>)> {
        let (mut requests, mut times) = (Requests::default(), Vec::new());
        for one in &self.passed {
            if let What::Sent(conn, bytes) = &one.what {
                requests.feed((one.program, *conn), bytes);
                times.resize(requests.whole.len(), one.at_ms);
            }
        }
        times.into_iter().zip(requests.whole).collect()
    }

    /// The URL of its endpoint.
    pub(crate) fn url(&self) -> &str {
        let mut passed = self.passed.iter();
        let url = passed.find_map(|p| match &p.what {
            What::Started(url) => Some(&**url),
            _ => None,
        });
        url.expect("it was started")
    }

    /// What each line came to, with the line and how long it took in milliseconds; `None` if nothing was answered before it
    /// was told something else.
    fn answers(&self) -> BTreeMap<usize, Option<(Value, u64)>> {
        let mut answers = BTreeMap::new();
        for (at, told) in self.passed.iter().enumerate() {
            let What::Told(_, Some(id)) = &told.what else {
                continue;
            };
            let later = self.passed[at + 1..].iter();
            let mut mine = later.filter(|p| p.program == told.program);
            let answer = mine.find_map(|p| match &p.what {
                What::Said(line) => {
                    let said: Value = serde_json::from_str(line).ok()?;
                    let is_answer = said["id"] == *id && said.get("method").is_none();
                    is_answer.then(|| Some((said, p.at_ms - told.at_ms)))
                }
                What::Told(_, Some(_)) | What::HungUp | What::Killed => Some(None),
                _ => None,
            });
            answers.insert(at, answer.flatten());
        }
        answers
    }
}

/// What a line came to.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) line: String,
    /// The answer and how long it took in milliseconds.
    pub(crate) simulated: Option<(Value, u64)>,
    pub(crate) real: Option<(Value, u64)>,
}

/// What happened in real time.
pub(crate) struct Replayed {
    pub(crate) heard: Vec<Vec<u8>>,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) url: String,
    /// What was waited for in vain.
    pub(crate) lacks: Option<String>,
}

/// Tells a program in real time what was told in the simulation. `faults` happen to the first request that has their text. With
/// `patience`, so long is waited for an answer that did not come in the simulation, and as long as there between two lines.
pub(crate) fn replay(
    program: &Program,
    simulated: &Simulated,
    faults: Vec<(String, Fault)>,
    patience: Option<Duration>,
) -> Replayed {
    let server = Server::start(Arc::clone(&simulated.dialect));
    let mut ear = Ear::before(server.at, faults);
    let answers = simulated.answers();
    let mut sent = Requests::default();
    let mut running: BTreeMap<u32, (Real, String)> = BTreeMap::new();
    let mut troubles = simulated.troubles.iter().peekable();
    let (mut outcomes, mut lacks) = (Vec::new(), None);
    // When the last line was answered, here and in the simulation.
    let mut answered = (Instant::now(), 0);
    let keep_pace = |(here, there): (Instant, u64), at_ms: u64| {
        let until = here + Duration::from_millis(at_ms.saturating_sub(there));
        if patience.is_some() {
            thread::sleep(until.saturating_duration_since(Instant::now()));
        }
    };
    for (at, one) in simulated.passed.iter().enumerate() {
        let number = one.program;
        let is_fed = matches!(one.what, What::Sent(..) | What::Settled | What::Said(_));
        let is_trouble = troubles.peek().is_some_and(|(when, _)| *when <= one.at_ms);
        if (is_trouble || !is_fed) && !ear.waited_for(sent.whole.len()) {
            let (heard, want) = (ear.heard().len(), sent.whole.len());
            lacks = Some(format!("{heard} requests of {want} before {one:?}"));
            break;
        }
        while let Some((when, trouble)) = troubles.next_if(|(when, _)| *when <= one.at_ms) {
            keep_pace(answered, *when);
            match trouble {
                Trouble::Cut => ear.cut(),
                Trouble::Down => ear.refuse(),
                Trouble::Restart | Trouble::Up => {
                    if matches!(trouble, Trouble::Restart) {
                        ear.refuse();
                    }
                    server.restart();
                    ear.accept();
                }
            }
        }
        match &one.what {
            What::Started(url) => {
                let real = Real::start(program, &ear.url());
                running.insert(number, (real, url.clone()));
            }
            What::Told(line, id) => {
                let (real, url) = running.get_mut(&number).expect("it was started");
                keep_pace(answered, one.at_ms);
                real.rests();
                let began = Instant::now();
                real.tell(&line.replace(&**url, &ear.url()));
                let Some(id) = id else { continue };
                let of_simulated = answers[&at].clone();
                let limit = of_simulated
                    .as_ref()
                    .map_or(patience.unwrap_or(LIMIT), |_| LIMIT);
                let answer = real.answer(*id, limit);
                let waited = patience.map_or(0, |p| u64::try_from(p.as_millis()).expect("short"));
                let there_ms = of_simulated.as_ref().map_or(waited, |(_, ms)| *ms);
                answered = (Instant::now(), one.at_ms + there_ms);
                let took = u64::try_from(began.elapsed().as_millis()).expect("short");
                outcomes.push(Outcome {
                    line: line.clone(),
                    simulated: of_simulated,
                    real: answer.map(|answer| (answer, took)),
                });
            }
            What::HungUp => {
                let (real, _) = running.get_mut(&number).expect("it was started");
                real.hang_up().expect("it ends");
            }
            What::Killed => drop(running.remove(&number)),
            What::Sent(conn, bytes) => sent.feed((number, *conn), bytes),
            What::Settled | What::Said(_) => {}
        }
    }
    ear.waited_for(sent.whole.len());
    Replayed {
        heard: ear.heard(),
        outcomes,
        url: ear.url(),
        lacks,
    }
}
