//! A schedule: what the user does and what breaks, in order, against one server. Every list of operations is a valid
//! schedule, so that a smaller list is one too: what makes no sense at its place is put right or left out when the
//! scenario file is written.

use std::fmt::Write as _;

use crate::journal::Rung;

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

/// Writes steps, and keeps what the checks of a scenario file would object to from being written.
struct Writer {
    steps: String,
    injections: String,
    /// How long a fault that ends by itself may still last.
    busy_ms: u64,
    incognito: bool,
    other: bool,
    background: u32,
    outermost: &'static str,
    /// A process of the server.
    process: &'static str,
}

impl Writer {
    fn step(&mut self, text: &str) {
        let _ = writeln!(self.steps, "  - {text}");
    }

    /// A fault waits until the one before it is over.
    fn fault(&mut self, text: &str, lasts_ms: u64) {
        if self.busy_ms > 0 {
            let wait = format!("wait: {}ms", self.busy_ms);
            self.step(&wait);
        }
        self.step(text);
        self.busy_ms = lasts_ms;
    }

    fn op(&mut self, op: Op) {
        match op {
            Op::Wait(ms) => {
                self.step(&format!("wait: {}ms", ms.max(1)));
                self.busy_ms = self.busy_ms.saturating_sub(ms.max(1));
            }
            Op::Call => self.step("call: {on: memory, tool: create_entities}"),
            Op::SlowCall(ms) => {
                self.background += 1;
                let name = self.background;
                self.step(&format!(
                    "call: {{on: memory, tool: slow, takes: {}ms, background: slow-{name}}}",
                    ms.max(1)
                ));
            }
            Op::Parallel(n) => self.step(&format!(
                "call: {{on: memory, tool: create_entities, parallel: {}}}",
                n.clamp(1, 64)
            )),
            Op::NewConversation => self.step("new-conversation: now"),
            Op::Reload => self.step("reload: settings"),
            Op::Notify => self.step("notify: memory"),
            Op::Other => {
                if !std::mem::replace(&mut self.other, true) {
                    self.step("add: other");
                }
                self.step("call: {on: other, tool: create_entities}");
            }
            Op::Reconnect => {
                self.step("disconnect: memory");
                self.step("reload: settings");
                self.step("connect: memory");
            }
            Op::ReAdd => {
                self.step("delete: memory");
                self.step("add: memory");
            }
            Op::Incognito if self.incognito => {}
            Op::Incognito => {
                self.incognito = true;
                self.step("incognito: open");
            }
            Op::Restart(ms) => self.fault(
                &format!("restart: {{target: memory, down: {}ms}}", ms.max(1)),
                0,
            ),
            Op::Drain => self.fault("drain: memory", 0),
            Op::Crash => self.fault("crash: memory", 5_000),
            Op::Expire => self.fault("expire: memory", 0),
            Op::Cut => self.fault("cut: memory", 0),
            Op::RestartHop => {
                let text = format!("restart: {}", self.outermost);
                self.fault(&text, 0);
            }
            Op::Down(ms) => self.fault(
                &format!("down: {{target: memory, for: {}ms}}", ms.max(1)),
                ms.max(1),
            ),
            Op::Stall(ms) => self.fault(
                &format!("stall: {{target: memory, for: {}ms}}", ms.max(1)),
                ms.max(1),
            ),
            Op::Partition(ms) => {
                let text = format!(
                    "partition: {{between: [client, {}], for: {}ms}}",
                    self.outermost,
                    ms.max(1)
                );
                self.fault(&text, ms.max(1));
            }
            Op::PowerLoss(ms) => {
                self.fault(
                    &format!("power-loss: {{target: memory, down: {}ms}}", ms.max(1)),
                    ms.max(1),
                );
            }
            Op::Inject(nth, fate) => self.inject(nth, fate),
        }
    }

    fn inject(&mut self, nth: u32, fate: FateOp) {
        let then = match fate {
            FateOp::Delay(ms) => format!("delay: {}ms", ms.max(1)),
            FateOp::Duplicate => "duplicate: now".to_owned(),
            FateOp::Drop => "drop: now".to_owned(),
            FateOp::Cut => "cut: 0".to_owned(),
            FateOp::Halt => format!("halt: {}", self.process),
        };
        let _ = writeln!(
            self.injections,
            "  - when: {{event: sse-sent, at: memory, rpc: tools/call, nth: {}}}\n    then: {{{then}}}",
            nth.max(1)
        );
    }
}

impl Schedule {
    /// The scenario file of the schedule for one client, which is expected to violate what is listed and to end on that
    /// rung.
    #[must_use]
    pub fn to_yaml(&self, client: &str, violates: &[String], rung: Option<Rung>) -> String {
        let (path, outermost) = match self.path {
            PathKind::Direct => ("[]", "memory"),
            PathKind::Nginx => ("[nginx]", "nginx"),
            PathKind::Edge => ("[cloudflare, nginx]", "cloudflare"),
            PathKind::RoundRobin => ("[balancer]", "balancer"),
        };
        let mut writer = Writer {
            steps: String::new(),
            injections: String::new(),
            busy_ms: 0,
            incognito: false,
            other: false,
            background: 0,
            outermost,
            process: if self.path == PathKind::RoundRobin {
                "memory-1"
            } else {
                "memory"
            },
        };
        writer.step("add: memory");
        writer.step("call: {on: memory, tool: create_entities}");
        self.ops.iter().for_each(|op| writer.op(*op));
        let replicas = match self.path {
            PathKind::RoundRobin => ", replicas: 2",
            _ => "",
        };
        let other = if writer.other {
            format!("  other: {{dialect: {}, port: 3101}}\n", self.dialect)
        } else {
            String::new()
        };
        let mut text = format!(
            "# yaml-language-server: $schema=../schema.json\n\
             summary: A generated schedule, made as small as it goes, that breaks {client}.\n\
             servers:\n  memory: {{dialect: {}, port: 3001{replicas}}}\n{other}\
             path: {path}\nclients: [{client}]\nseeds: [{}]\nsteps:\n{}",
            self.dialect, self.seed, writer.steps
        );
        if !writer.injections.is_empty() {
            let _ = write!(text, "inject:\n{}", writer.injections);
        }
        if !violates.is_empty() || rung.is_some() {
            let _ = writeln!(text, "expect:\n  {client}:");
            if let Some(rung) = rung {
                let _ = writeln!(text, "    rung: {}", rung.as_str());
            }
            if !violates.is_empty() {
                let _ = writeln!(text, "    violates:");
                for id in violates {
                    let _ = writeln!(text, "      - {id}");
                }
            }
        }
        text
    }
}
