//! From the operations of a schedule to the steps and injections of a scenario.

use std::collections::BTreeMap;

use super::op::{FateOp, OTHER, Op, SERVER};
use crate::fault::{Injection, Trigger, TriggerEvent};
use crate::journal::{CLIENT, CutAt, Fate, Replacement};
use crate::scenario::{Call, DOWN_MS, DRAIN_MS, Request, SUPERVISOR_MS, Step, StepAction, Targets};
use crate::server::{Resource, Tool};

/// Gathers steps, and keeps away what the checks of a scenario would object to.
pub(super) struct Script {
    pub(super) steps: Vec<Step>,
    pub(super) injections: Vec<Injection>,
    /// How long a fault that ends by itself may still last.
    pub(super) busy_ms: u64,
    pub(super) incognito: bool,
    pub(super) other: bool,
    pub(super) background: u32,
    /// The outermost hop, or the server.
    pub(super) outermost: String,
    /// The processes of the server.
    pub(super) processes: Vec<String>,
}

impl Script {
    pub(super) fn step(&mut self, action: StepAction) {
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

    pub(super) fn call(&mut self, on: &str) {
        self.step(StepAction::Call(Call::new(on, Tool::CreateEntities)));
    }

    pub(super) fn op(&mut self, op: Op) {
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
            Op::Beside => self.step(StepAction::Call(Call {
                object: 2,
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
                self.restart(targets, down_ms);
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
                self.restart(targets, down_ms);
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

    fn restart(&mut self, targets: Targets, down_ms: u64) {
        let restart = StepAction::Restart {
            targets,
            down_ms,
            becomes: None,
        };
        self.fault(restart, 0);
    }

    fn inject(&mut self, nth: u32, fate: FateOp) {
        let fate = match fate {
            FateOp::Delay(ms) => Fate::Delay(ms.max(1)),
            FateOp::Duplicate => Fate::Duplicate,
            FateOp::Drop => Fate::Drop,
            FateOp::Cut => Fate::Cut(CutAt::Byte(0)),
            FateOp::Halt => Fate::Halt(self.processes[0].as_str().into()),
        };
        let when = Trigger {
            event: TriggerEvent::SseSent,
            rpc: Some("tools/call".to_owned()),
            ..Trigger::default()
        };
        self.strike(when, nth, fate);
    }

    fn refuse(&mut self, nth: u32, status: u16) {
        let when = Trigger {
            event: TriggerEvent::ResponseSent,
            method: Some("POST".to_owned()),
            ..Trigger::default()
        };
        let page = Replacement {
            status,
            headers: BTreeMap::new(),
            body: "<html>later</html>".to_owned(),
        };
        self.strike(when, nth, Fate::Replace(page));
    }

    /// That becomes of the n-th such event at the server.
    fn strike(&mut self, when: Trigger, nth: u32, fate: Fate) {
        let line = self.injections.len() as u64 + 1;
        self.injections.push(Injection {
            line,
            when: Trigger {
                at: Some(SERVER.to_owned()),
                ..when
            },
            nth: nth.max(1),
            fate,
            ..Injection::default()
        });
    }
}
