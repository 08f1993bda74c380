//! Steps that can be reached, whatever is drawn.

use std::collections::BTreeSet;

use stalemate::scenario::{
    Becomes, Call, CallExpect, MOST_PADDING, Request, Step, StepAction, Targets,
};
use stalemate::server::{Demand, Others, Prompt, Resource, Tool};

use super::{Cast, Tape, kind, tools};

/// Steps that can be reached.
pub(super) struct Script<'c> {
    cast: &'c Cast,
    steps: Vec<StepAction>,
    connectors: Vec<String>,
    /// Processes that are down until they come up.
    down: BTreeSet<String>,
    cut_off: bool,
    incognito: bool,
    background: Vec<String>,
}

impl<'c> Script<'c> {
    pub(super) fn new(cast: &'c Cast) -> Self {
        Self {
            cast,
            steps: Vec::new(),
            connectors: Vec::new(),
            down: BTreeSet::new(),
            cut_off: false,
            incognito: false,
            background: Vec::new(),
        }
    }

    pub(super) fn steps(mut self, tape: &mut Tape) -> Vec<Step> {
        for _ in 0..1 + tape.below(12) {
            self.user(tape);
            self.fault(tape);
        }
        let step = |action| Step { line: 0, action };
        self.steps.into_iter().map(step).collect()
    }

    fn user(&mut self, tape: &mut Tape) {
        let server = tape.one(&self.cast.servers).clone();
        if !self.connectors.contains(&server) {
            self.steps.push(StepAction::Add(server.clone()));
            self.connectors.push(server);
            return;
        }
        let action = match tape.below(11) {
            0 => StepAction::Connect(server),
            1 => StepAction::Disconnect(server),
            2 => {
                self.connectors.retain(|c| *c != server);
                StepAction::Delete(server)
            }
            3 => StepAction::Reload,
            4 => StepAction::NewConversation,
            5 => {
                self.incognito = !self.incognito;
                match self.incognito {
                    true => StepAction::Incognito,
                    false => StepAction::Normal,
                }
            }
            6 if !self.background.is_empty() => {
                StepAction::Await(tape.one(&self.background).clone())
            }
            7 => StepAction::Wait(tape.ms()),
            8 => {
                self.down.clear();
                self.cut_off = false;
                StepAction::Climb(server)
            }
            9 => match tape.below(4) {
                0 => StepAction::Read(self.request(tape, &server, &Resource::ALL)),
                1 => StepAction::Subscribe(self.request(tape, &server, &Resource::ALL)),
                2 => StepAction::Prompt(self.request(tape, &server, &Prompt::ALL)),
                _ => StepAction::Complete(self.request(tape, &server, &Prompt::ALL)),
            },
            _ => StepAction::Call(self.call(tape, &server)),
        };
        self.steps.push(action);
    }

    fn call(&mut self, tape: &mut Tape, on: &str) -> Call {
        let mut call = Call::new(on, *tape.one(&Tool::ALL));
        if call.tool == Tool::Slow {
            call.takes_ms = tape.maybe(Tape::ms).unwrap_or(call.takes_ms);
            call.progress = tape.is();
        }
        call.padding = *tape.one(&[0, 1, 2_000_000, MOST_PADDING]);
        call.expect = tape.maybe(|tape| *tape.one(&[CallExpect::Ok, CallExpect::Error]));
        call.parallel = 1 + u32::try_from(tape.below(64)).expect("small");
        call.object = 1 + u8::try_from(tape.below(9)).expect("small");
        call.background = self.background(tape);
        call
    }

    fn request<T: Copy>(&mut self, tape: &mut Tape, on: &str, all: &[T]) -> Request<T> {
        let mut request = Request::new(on, *tape.one(all));
        request.expect = tape.maybe(|tape| *tape.one(&[CallExpect::Ok, CallExpect::Error]));
        request.parallel = 1 + u32::try_from(tape.below(64)).expect("small");
        request.patience_ms = tape.maybe(Tape::ms);
        request.object = 1 + u8::try_from(tape.below(9)).expect("small");
        request.background = self.background(tape);
        request
    }

    fn background(&mut self, tape: &mut Tape) -> Option<String> {
        tape.is().then(|| {
            let name = format!("{}{}", tape.text(), self.background.len());
            self.background.push(name.clone());
            name
        })
    }

    /// Targets none of which is down.
    fn targets(&self, tape: &mut Tape) -> Option<Targets> {
        let mut targets = Targets::default();
        for _ in 0..1 + tape.below(3) {
            let name = tape.one(&self.cast.targets()).clone();
            if targets.named.contains(&name) {
                continue;
            }
            for process in self.cast.members(&name) {
                if self.down.contains(&process) {
                    return None;
                }
                if !targets.processes.contains(&process) {
                    targets.processes.push(process);
                }
            }
            targets.named.push(name);
        }
        Some(targets)
    }

    fn fault(&mut self, tape: &mut Tape) {
        let kind = tape.below(16);
        if kind == 0 && self.cut_off {
            self.cut_off = false;
            self.steps.push(StepAction::Heal);
            return;
        }
        if kind == 1 {
            self.up(tape);
            return;
        }
        let (Some(targets), down_ms) = (self.targets(tape), tape.ms()) else {
            return;
        };
        let process = targets.processes[0].clone();
        let server = (!self.cast.models.is_empty()).then(|| tape.one(&self.cast.models).clone());
        let is_up = |s: &String| {
            let members = self.cast.members(s);
            members.iter().all(|process| !self.down.contains(process))
        };
        let server = server.filter(is_up);
        let action = match (kind, server) {
            (2, _) => {
                let becomes = self.becomes(tape, &targets);
                StepAction::Restart {
                    targets,
                    down_ms,
                    becomes,
                }
            }
            (3, _) => StepAction::Drain {
                targets,
                limit_ms: tape.ms(),
                down_ms,
            },
            (4, _) => StepAction::Crash { targets },
            (5, _) => {
                let for_ms = tape.maybe(Tape::ms);
                if for_ms.is_none() {
                    self.down.extend(targets.processes.iter().cloned());
                }
                StepAction::Down { targets, for_ms }
            }
            (6, _) => StepAction::PowerLoss { targets, down_ms },
            (7, _) => self.partition(tape),
            (8, _) => StepAction::Stall {
                target: if tape.is() {
                    "client".to_owned()
                } else {
                    process
                },
                for_ms: down_ms,
            },
            (9, _) => StepAction::Cut { target: process },
            (10, Some(server)) => StepAction::Expire { server },
            (11, Some(server)) => StepAction::Notify {
                server,
                tools: tape.maybe(tools),
            },
            (13, Some(server)) => StepAction::Ping { server },
            (15, Some(on)) if self.cast.with_sessions.contains(&on) => {
                let many = 1 + tape.below(1_000);
                let what = *tape.one(&[Others::Hold(many), Others::Leak(many), Others::Leave]);
                StepAction::Others { on, what }
            }
            (14, Some(server)) => StepAction::Ask {
                server,
                what: *tape.one(&[Demand::Roots, Demand::Sampling]),
            },
            _ => StepAction::Restart {
                targets,
                down_ms: 1_000,
                becomes: None,
            },
        };
        self.steps.push(action);
    }

    /// What servers that are restarted are from then on, where all of the targets can be anything.
    fn becomes(&self, tape: &mut Tape, targets: &Targets) -> Option<Becomes> {
        let of = |name: &String| {
            let mut of = self.cast.processes.iter();
            of.find(|(server, all)| *server == name || all.contains(name))
        };
        let servers = targets.named.iter().map(|name| of(name).map(|(s, _)| s));
        let servers: Option<Vec<&String>> = servers.collect();
        let is_free = servers?.iter().all(|s| self.cast.changeable.contains(s));
        let kind = tape.maybe(|tape| kind(tape, &self.cast.dialects));
        let tools = match kind {
            None => Some(tools(tape)),
            Some(_) => tape.maybe(tools),
        };
        is_free.then_some(Becomes { kind, tools })
    }

    /// Brings up what one name stands for, if some of it is down.
    fn up(&mut self, tape: &mut Tape) {
        let name = tape.one(&self.cast.targets()).clone();
        let processes = self.cast.members(&name);
        let was_down = processes.iter().any(|process| self.down.contains(process));
        if was_down {
            processes.iter().for_each(|process| {
                self.down.remove(process);
            });
            let named = vec![name];
            let targets = Targets { named, processes };
            self.steps.push(StepAction::Up { targets });
        }
    }

    fn partition(&mut self, tape: &mut Tape) -> StepAction {
        let server = tape.one(&self.cast.servers);
        let mut way = vec!["client".to_owned()];
        way.extend(self.cast.ways[server].iter().cloned());
        let at = tape.below(way.len());
        let next = match way.get(at + 1) {
            Some(hop) => hop.clone(),
            None => tape.one(&self.cast.processes[server]).clone(),
        };
        let between = match tape.is() {
            true => (way[at].clone(), next),
            false => (next, way[at].clone()),
        };
        let for_ms = tape.maybe(Tape::ms);
        self.cut_off |= for_ms.is_none();
        StepAction::Partition { between, for_ms }
    }
}
