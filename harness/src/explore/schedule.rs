//! A schedule: what the user does and what breaks, in order, against one server. Every list of operations is a valid
//! schedule, so that a smaller list is one too: what makes no sense at its place is put right or left out when the
//! scenario is made.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::fault::{Injection, Trigger, TriggerEvent};
use crate::journal::{CLIENT, Fate};
use crate::proxy::HopKind;
use crate::scenario::{Call, Hop, Scenario, Server, ServerKind, Step, StepAction, Targets};
use crate::server::{Dialect, Durable, Tool};

/// One thing that happens. The order of the variants is from mild to severe: shrinking goes towards the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Time passes, in milliseconds.
    Wait(u64),
    /// A call.
    Call,
    /// A call that takes that many milliseconds and runs on while other things happen.
    SlowCall(u64),
    /// So many calls at once.
    Parallel(u32),
    /// A new conversation.
    NewConversation,
    /// The settings page is reloaded.
    Reload,
    /// The server sends a notification.
    Notify,
    /// A call to another server's connector, which is added at the first.
    Other,
    /// Disconnect, reload, connect.
    Reconnect,
    /// Delete and add again.
    ReAdd,
    /// A private window from here on.
    Incognito,
    /// The server is restarted; down for that many milliseconds.
    Restart(u64),
    /// The server is drained and restarted.
    Drain,
    /// The server crashes; a supervisor starts it again.
    Crash,
    /// Every session expires.
    Expire,
    /// Every connection of the server is cut.
    Cut,
    /// The outermost hop, or the server where there is none, is restarted.
    RestartHop,
    /// Connections to the server are refused, for that many milliseconds.
    Down(u64),
    /// The server neither reads nor writes, for that many milliseconds.
    Stall(u64),
    /// The client's network is gone, for that many milliseconds.
    Partition(u64),
    /// The server's machine loses power, for that many milliseconds.
    PowerLoss(u64),
    /// The n-th answer to a call has this fate on its way out of the server.
    Inject(u32, FateOp),
}

/// The fates that schedules draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FateOp {
    /// Late by that many milliseconds.
    Delay(u64),
    /// Twice.
    Duplicate,
    /// Lost.
    Drop,
    /// Cut off at the first byte.
    Cut,
    /// The server dies before it goes out.
    Halt,
}

/// The way between client and server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// None: the client talks to the server.
    Direct,
    /// nginx.
    Nginx,
    /// Cloudflare and nginx.
    Edge,
    /// A balancer without affinity before two replicas.
    RoundRobin,
}

/// A schedule against one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The server's dialect.
    pub dialect: String,
    /// The way to it.
    pub path: PathKind,
    /// The seed.
    pub seed: u64,
    /// What happens.
    pub ops: Vec<Op>,
}

/// The server of a schedule, and its connector.
const SERVER: &str = "memory";
/// The other server, if there is one.
const OTHER: &str = "other";
/// The time that a restart takes where the schedule names none, in milliseconds.
const DOWN_MS: u64 = 1_000;
/// The time that a drain gives, in milliseconds.
const DRAIN_MS: u64 = 30_000;
/// The time from a crash to the supervisor's restart, in milliseconds.
const SUPERVISOR_MS: u64 = 5_000;

/// Gathers steps, and keeps away what the checks of a scenario would object to.
struct Script {
    steps: Vec<Step>,
    injections: Vec<Injection>,
    /// How long a fault that ends by itself may still last.
    busy_ms: u64,
    incognito: bool,
    other: bool,
    background: u32,
    /// The outermost hop, or the server.
    outermost: String,
    /// The processes of the server.
    processes: Vec<String>,
}

impl Script {
    fn step(&mut self, action: StepAction) {
        let line = self.steps.len() as u64 + 1;
        self.steps.push(Step { line, action });
    }

    /// A fault waits until the one before it is over.
    fn fault(&mut self, action: StepAction, lasts_ms: u64) {
        if self.busy_ms > 0 {
            self.step(StepAction::Wait(self.busy_ms));
        }
        self.step(action);
        self.busy_ms = lasts_ms;
    }

    /// The server as a target.
    fn server(&self) -> Targets {
        Targets {
            named: vec![SERVER.to_owned()],
            processes: self.processes.clone(),
        }
    }

    fn call(&mut self, on: &str) {
        self.step(StepAction::Call(Call::new(on, Tool::CreateEntities)));
    }

    fn op(&mut self, op: Op) {
        let server = || SERVER.to_owned();
        match op {
            Op::Wait(ms) => {
                self.step(StepAction::Wait(ms.max(1)));
                self.busy_ms = self.busy_ms.saturating_sub(ms.max(1));
            }
            Op::Call => self.call(SERVER),
            Op::SlowCall(ms) => {
                self.background += 1;
                self.step(StepAction::Call(Call {
                    takes_ms: ms.max(1),
                    background: Some(format!("slow-{}", self.background)),
                    ..Call::new(SERVER, Tool::Slow)
                }));
            }
            Op::Parallel(n) => self.step(StepAction::Call(Call {
                parallel: n.clamp(1, 64),
                ..Call::new(SERVER, Tool::CreateEntities)
            })),
            Op::NewConversation => self.step(StepAction::NewConversation),
            Op::Reload => self.step(StepAction::Reload),
            Op::Notify => self.step(StepAction::Notify { server: server() }),
            Op::Other => {
                if !std::mem::replace(&mut self.other, true) {
                    self.step(StepAction::Add(OTHER.to_owned()));
                }
                self.call(OTHER);
            }
            Op::Reconnect => {
                self.step(StepAction::Disconnect(server()));
                self.step(StepAction::Reload);
                self.step(StepAction::Connect(server()));
            }
            Op::ReAdd => {
                self.step(StepAction::Delete(server()));
                self.step(StepAction::Add(server()));
            }
            Op::Incognito if self.incognito => {}
            Op::Incognito => {
                self.incognito = true;
                self.step(StepAction::Incognito);
            }
            Op::Inject(nth, fate) => self.inject(nth, fate),
            fault => self.strike(fault),
        }
    }

    fn strike(&mut self, op: Op) {
        let (targets, server) = (self.server(), SERVER.to_owned());
        match op {
            Op::Restart(ms) => {
                let down_ms = ms.max(1);
                self.fault(StepAction::Restart { targets, down_ms }, 0);
            }
            Op::Drain => {
                let drain = StepAction::Drain {
                    targets,
                    limit_ms: DRAIN_MS,
                    down_ms: DOWN_MS,
                };
                self.fault(drain, 0);
            }
            Op::Crash => self.fault(StepAction::Crash { targets }, SUPERVISOR_MS),
            Op::Expire => self.fault(StepAction::Expire { server }, 0),
            // One step a process, as when a scenario is loaded.
            Op::Cut => {
                for (n, target) in targets.processes.into_iter().enumerate() {
                    let cut = StepAction::Cut { target };
                    if n == 0 {
                        self.fault(cut, 0);
                    } else {
                        self.step(cut);
                    }
                }
            }
            Op::RestartHop => {
                let named = vec![self.outermost.clone()];
                let targets = match self.outermost == SERVER {
                    true => targets,
                    false => Targets {
                        processes: named.clone(),
                        named,
                    },
                };
                let down_ms = DOWN_MS;
                self.fault(StepAction::Restart { targets, down_ms }, 0);
            }
            Op::Down(ms) => {
                let for_ms = Some(ms.max(1));
                self.fault(StepAction::Down { targets, for_ms }, ms.max(1));
            }
            Op::Stall(ms) => {
                for (n, target) in targets.processes.into_iter().enumerate() {
                    let for_ms = ms.max(1);
                    let stall = StepAction::Stall { target, for_ms };
                    if n == 0 {
                        self.fault(stall, for_ms);
                    } else {
                        self.step(stall);
                    }
                }
            }
            Op::Partition(ms) => {
                let between = (CLIENT.to_owned(), self.outermost.clone());
                let for_ms = Some(ms.max(1));
                self.fault(StepAction::Partition { between, for_ms }, ms.max(1));
            }
            Op::PowerLoss(ms) => {
                let down_ms = ms.max(1);
                self.fault(StepAction::PowerLoss { targets, down_ms }, down_ms);
            }
            other => unreachable!("not a fault: {other:?}"),
        }
    }

    fn inject(&mut self, nth: u32, fate: FateOp) {
        let fate = match fate {
            FateOp::Delay(ms) => Fate::Delay(ms.max(1)),
            FateOp::Duplicate => Fate::Duplicate,
            FateOp::Drop => Fate::Drop,
            FateOp::Cut => Fate::Cut(0),
            FateOp::Halt => Fate::Halt(self.processes[0].as_str().into()),
        };
        let line = self.injections.len() as u64 + 1;
        self.injections.push(Injection {
            line,
            when: Trigger {
                event: TriggerEvent::SseSent,
                at: Some(SERVER.to_owned()),
                rpc: Some("tools/call".to_owned()),
                ..Trigger::default()
            },
            nth: nth.max(1),
            fate,
        });
    }
}

impl Schedule {
    /// The scenario of the schedule for one client, of which nothing is promised. `dialect` is the server's. Steps and
    /// injections are numbered from 1 in place of lines.
    #[must_use]
    pub fn scenario(&self, client: &str, dialect: &Arc<Dialect>) -> Scenario {
        let hops: &[HopKind] = match self.path {
            PathKind::Direct => &[],
            PathKind::Nginx => &[HopKind::Nginx],
            PathKind::Edge => &[HopKind::Cloudflare, HopKind::Nginx],
            PathKind::RoundRobin => &[HopKind::Balancer],
        };
        let server = |name: &str, port, replicas| Server {
            name: name.to_owned(),
            kind: ServerKind::Dialect(Arc::clone(dialect)),
            replicas,
            port,
            session_ids: Vec::new(),
            supervisor_ms: SUPERVISOR_MS,
            session_timeout_ms: None,
            durable: Durable::Nothing,
        };
        let replicas = if self.path == PathKind::RoundRobin {
            2
        } else {
            1
        };
        let memory = server(SERVER, 3001, replicas);
        let mut script = Script {
            steps: Vec::new(),
            injections: Vec::new(),
            busy_ms: 0,
            incognito: false,
            other: false,
            background: 0,
            outermost: hops.first().map_or(SERVER, |hop| hop.as_str()).to_owned(),
            processes: memory.processes(),
        };
        script.step(StepAction::Add(SERVER.to_owned()));
        script.call(SERVER);
        self.ops.iter().for_each(|op| script.op(*op));
        let other = script.other.then(|| server(OTHER, 3101, 1));
        Scenario {
            name: "generated/schedule".to_owned(),
            file: PathBuf::from("generated/schedule.yaml"),
            summary: format!(
                "A generated schedule, made as small as it goes, that breaks {client}."
            ),
            report: None,
            spec: Vec::new(),
            servers: [memory].into_iter().chain(other).collect(),
            path: hops.iter().map(|hop| Hop::new(*hop)).collect(),
            machines: BTreeMap::new(),
            clients: vec![client.to_owned()],
            seeds: vec![self.seed],
            steps: script.steps,
            inject: script.injections,
            expect: BTreeMap::new(),
            violates: BTreeMap::new(),
        }
    }
}
