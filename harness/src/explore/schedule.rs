//! A schedule: what the user does and what breaks, in order, against one server. Every list of operations is a valid
//! schedule, so that a smaller list is one too: what makes no sense at its place is put right or left out when the
//! scenario is made.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::fault::{Injection, Trigger, TriggerEvent};
use crate::journal::{CLIENT, Fate, Replacement};
use crate::proxy::{BalancePolicy, HopKind};
use crate::scenario::{
    Call, DOWN_MS, DRAIN_MS, Hop, Request, SUPERVISOR_MS, Scenario, Server, Step, StepAction,
    Targets,
};
use crate::server::{Dialect, Resource, Tool};

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
    /// A resource is read.
    Read,
    /// The client is to be told when a resource changes.
    Subscribe,
    /// A new conversation.
    NewConversation,
    /// The settings page is reloaded.
    Reload,
    /// The server sends a notification.
    Notify,
    /// The server pings its clients.
    Ping,
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
    /// In place of the head of its n-th response to a POST, the server sends that status with a page of no use.
    Refuse(u32, u16),
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
    /// nginx, and a gateway that has a session of its own with the server.
    Gateway,
    /// A balancer that keeps a session at the replica that opened it, before two of them.
    Sticky,
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
        self.faults([action], lasts_ms);
    }

    /// A fault that is one step a process, as when a scenario is loaded.
    fn faults(&mut self, actions: impl IntoIterator<Item = StepAction>, lasts_ms: u64) {
        if self.busy_ms > 0 {
            self.step(StepAction::Wait(self.busy_ms));
        }
        actions.into_iter().for_each(|action| self.step(action));
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
        let (targets, server) = (self.server(), SERVER.to_owned());
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
            Op::Read => {
                self.step(StepAction::Read(Request::new(
                    SERVER,
                    Resource::KnowledgeGraph,
                )));
            }
            Op::Subscribe => {
                self.step(StepAction::Subscribe(Request::new(
                    SERVER,
                    Resource::KnowledgeGraph,
                )));
            }
            Op::Ping => self.step(StepAction::Ping { server }),
            Op::NewConversation => self.step(StepAction::NewConversation),
            Op::Reload => self.step(StepAction::Reload),
            Op::Notify => self.step(StepAction::Notify {
                server,
                tools: None,
            }),
            Op::Other => {
                if !std::mem::replace(&mut self.other, true) {
                    self.step(StepAction::Add(OTHER.to_owned()));
                }
                self.call(OTHER);
            }
            Op::Reconnect => {
                self.step(StepAction::Disconnect(server.clone()));
                self.step(StepAction::Reload);
                self.step(StepAction::Connect(server));
            }
            Op::ReAdd => {
                self.step(StepAction::Delete(server.clone()));
                self.step(StepAction::Add(server));
            }
            Op::Incognito if self.incognito => {}
            Op::Incognito => {
                self.incognito = true;
                self.step(StepAction::Incognito);
            }
            Op::Restart(ms) => {
                let down_ms = ms.max(1);
                self.fault(
                    StepAction::Restart {
                        targets,
                        down_ms,
                        becomes: None,
                    },
                    0,
                );
            }
            Op::Drain => {
                let (limit_ms, down_ms) = (DRAIN_MS, DOWN_MS);
                let drain = StepAction::Drain {
                    targets,
                    limit_ms,
                    down_ms,
                };
                self.fault(drain, 0);
            }
            Op::Crash => self.fault(StepAction::Crash { targets }, SUPERVISOR_MS),
            Op::Expire => self.fault(StepAction::Expire { server }, 0),
            Op::Cut => {
                let processes = targets.processes.into_iter();
                self.faults(processes.map(|target| StepAction::Cut { target }), 0);
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
                self.fault(
                    StepAction::Restart {
                        targets,
                        down_ms,
                        becomes: None,
                    },
                    0,
                );
            }
            Op::Down(ms) => {
                let for_ms = Some(ms.max(1));
                self.fault(StepAction::Down { targets, for_ms }, ms.max(1));
            }
            Op::Stall(ms) => {
                let for_ms = ms.max(1);
                let processes = targets.processes.into_iter();
                let stalls = processes.map(|target| StepAction::Stall { target, for_ms });
                self.faults(stalls, for_ms);
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
            Op::Inject(nth, fate) => self.inject(nth, fate),
            Op::Refuse(nth, status) => self.refuse(nth, status),
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
            ..Injection::default()
        });
    }
}

impl Script {
    fn refuse(&mut self, nth: u32, status: u16) {
        let line = self.injections.len() as u64 + 1;
        self.injections.push(Injection {
            line,
            when: Trigger {
                event: TriggerEvent::ResponseSent,
                at: Some(SERVER.to_owned()),
                method: Some("POST".to_owned()),
                ..Trigger::default()
            },
            nth: nth.max(1),
            fate: Fate::Replace(Replacement {
                status,
                headers: BTreeMap::new(),
                body: "<html>later</html>".to_owned(),
            }),
            ..Injection::default()
        });
    }
}

impl Schedule {
    fn hop(&self, kind: HopKind) -> Hop {
        let policy = match self.path {
            PathKind::Sticky => BalancePolicy::Sticky,
            _ => BalancePolicy::RoundRobin,
        };
        Hop {
            policy,
            ..Hop::new(kind)
        }
    }

    /// The scenario of the schedule for one client, of which nothing is promised. `dialect` is the server's. Steps and
    /// injections are numbered from 1 in place of lines.
    #[must_use]
    pub fn scenario(&self, client: &str, dialect: &Arc<Dialect>) -> Scenario {
        let hops: &[HopKind] = match self.path {
            PathKind::Direct => &[],
            PathKind::Nginx => &[HopKind::Nginx],
            PathKind::Edge => &[HopKind::Cloudflare, HopKind::Nginx],
            PathKind::Gateway => &[HopKind::Nginx, HopKind::Gateway],
            PathKind::Sticky | PathKind::RoundRobin => &[HopKind::Balancer],
        };
        let server = |name, port| Server::model(name, Arc::clone(dialect), port);
        let memory = Server {
            replicas: match self.path {
                PathKind::Sticky | PathKind::RoundRobin => 2,
                PathKind::Direct | PathKind::Nginx | PathKind::Edge | PathKind::Gateway => 1,
            },
            ..server(SERVER, 3001)
        };
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
        let other = script.other.then(|| server(OTHER, 3101));
        Scenario {
            name: "generated/schedule".to_owned(),
            file: PathBuf::from("generated/schedule.yaml"),
            summary: format!(
                "A generated schedule, made as small as it goes, that breaks {client}."
            ),
            report: None,
            spec: Vec::new(),
            shows: Vec::new(),
            servers: [memory].into_iter().chain(other).collect(),
            path: hops.iter().map(|hop| self.hop(*hop)).collect(),
            machines: BTreeMap::new(),
            clients: vec![client.to_owned()],
            own_clients: BTreeMap::new(),
            seeds: vec![self.seed],
            steps: script.steps,
            inject: script.injections,
            expect: BTreeMap::new(),
            violates: BTreeMap::new(),
        }
    }
}
