//! A scenario after loading and checking: plain values in which every name is known to exist. The YAML shapes, their
//! positions and their diagnostics are in `file`, `load` and `check`; how a step is carried out is `world`'s business.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use crate::fault::Injection;
use crate::journal::Rung;
use crate::proxy::{BalancePolicy, HopKind};
use crate::server::{Durable, Tool};

/// The longest duration that a scenario can name, in milliseconds: 7 days. The shortest is 1 ms.
pub const LONGEST_MS: u64 = 7 * 24 * 60 * 60 * 1000;
/// The most processes that one server can consist of.
pub const MOST_REPLICAS: u64 = 8;

/// One loaded scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Area and file name without its ending, e.g. `incident-48557/ten-steps`.
    pub name: String,
    /// Where it was read from, as the user named it.
    pub file: PathBuf,
    /// What happens and what it shows.
    pub summary: String,
    /// The public report that it reproduces.
    pub report: Option<String>,
    /// The clauses that it is about.
    pub spec: Vec<String>,
    /// The servers, in the order of the file.
    pub servers: Vec<Server>,
    /// The hops, outermost first.
    pub path: Vec<Hop>,
    /// Machines: names for groups of processes that go down together.
    pub machines: BTreeMap<String, Vec<String>>,
    /// The clients that take part.
    pub clients: Vec<String>,
    /// The seeds; never empty.
    pub seeds: Vec<u64>,
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// Faults that fire when something is seen.
    pub inject: Vec<Injection>,
    /// The promise for each client.
    pub expect: BTreeMap<String, Expectation>,
    /// Violations by servers and hops: party, invariant, reason.
    pub violates: BTreeMap<String, BTreeMap<String, String>>,
}

/// One MCP server. `Debug` shows the first eight characters of a session id only (SES-04).
#[derive(Clone, PartialEq)]
pub struct Server {
    /// Its name, and its connector's.
    pub name: String,
    /// How it answers.
    pub kind: ServerKind,
    /// How many processes it consists of, 1 to [`MOST_REPLICAS`]. They share the data, and no session.
    pub replicas: usize,
    /// The port that it listens on.
    pub port: u16,
    /// The ids of its first sessions, in order of opening; further ones are drawn from the seed.
    pub session_ids: Vec<String>,
    /// Milliseconds from a crash to the supervisor's restart.
    pub supervisor_ms: u64,
    /// The idle timeout of its sessions in milliseconds, where it differs from the dialect's; `Some(None)` is "never".
    pub session_timeout_ms: Option<Option<u64>>,
    /// What outlives its process besides the graph.
    pub durable: Durable,
}

impl Server {
    /// Its processes: of its own name if it is one, else `memory-1`, `memory-2` and so on.
    #[must_use]
    pub fn processes(&self) -> Vec<String> {
        processes(&self.name, self.replicas)
    }
}

/// The processes of a server of that name.
pub(super) fn processes(name: &str, replicas: usize) -> Vec<String> {
    match replicas {
        0 | 1 => vec![name.to_owned()],
        several => (1..=several).map(|n| format!("{name}-{n}")).collect(),
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<String> = self.session_ids.iter().map(|id| shortened(id)).collect();
        f.debug_struct("Server")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("replicas", &self.replicas)
            .field("port", &self.port)
            .field("session_ids", &ids)
            .field("supervisor_ms", &self.supervisor_ms)
            .field("session_timeout_ms", &self.session_timeout_ms)
            .field("durable", &self.durable)
            .finish()
    }
}

/// The first eight characters, and a sign that there are more.
pub(super) fn shortened(id: &str) -> String {
    match id.char_indices().nth(8) {
        Some((at, _)) => format!("{}…", &id[..at]),
        None => id.to_owned(),
    }
}

/// What a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerKind {
    /// The model server with that dialect.
    Dialect(String),
    /// A real server by name, e.g. `rmcp`.
    Real(String),
}

/// One hop of the path.
#[derive(Clone, Debug, PartialEq)]
pub struct Hop {
    /// What it is, which is also its process name.
    pub kind: HopKind,
    /// The longest silence of the upstream in milliseconds, where it differs from the product's default.
    pub read_timeout_ms: Option<u64>,
    /// nginx: requests go upstream as HTTP/1.0; otherwise as 1.1.
    pub http10: bool,
    /// nginx: `proxy_buffering`.
    pub buffering: bool,
    /// The balancer: how it chooses.
    pub policy: BalancePolicy,
}

impl Hop {
    /// A hop without settings: HTTP/1.1, no buffering, round robin.
    #[must_use]
    pub fn new(kind: HopKind) -> Self {
        Self {
            kind,
            read_timeout_ms: None,
            http10: false,
            buffering: false,
            policy: BalancePolicy::RoundRobin,
        }
    }
}

/// One step with its place in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its line, from 1.
    pub line: u64,
    /// What it does.
    pub action: StepAction,
}

/// What a step does. Targets of faults are process names: machines are expanded on loading. A `stall`, `cut`
/// or `partition` of several processes becomes one step for each, all with the same line, and no virtual time is waited
/// between them.
#[derive(Clone, Debug, PartialEq)]
pub enum StepAction {
    /// The user adds the connector of that server, which is not there yet.
    Add(String),
    /// The user connects it.
    Connect(String),
    /// The user disconnects it.
    Disconnect(String),
    /// The user deletes it.
    Delete(String),
    /// The user reloads the settings page.
    Reload,
    /// The user opens a new conversation.
    NewConversation,
    /// The user opens a private window and a conversation in it; later actions happen there.
    Incognito,
    /// The user returns to the normal window.
    Normal,
    /// The user, or rather the model that the user talks to, calls a tool.
    Call(Call),
    /// Waits for the background calls of that name.
    Await(String),
    /// Lets virtual time pass.
    Wait(u64),
    /// The processes are told to stop (SIGTERM), end, and are started again after `down_ms`.
    Restart {
        /// The processes, without repetition.
        targets: Vec<String>,
        /// Milliseconds from the end to the next start, 1 to [`LONGEST_MS`].
        down_ms: u64,
    },
    /// As a restart, but each process first finishes what is in flight, for `limit_ms` at the most.
    Drain {
        /// The processes, without repetition.
        targets: Vec<String>,
        /// Milliseconds that work in flight is given, 1 to [`LONGEST_MS`].
        limit_ms: u64,
        /// Milliseconds from the end to the next start, 1 to [`LONGEST_MS`].
        down_ms: u64,
    },
    /// The processes die at once (SIGKILL); a supervisor starts each again.
    Crash {
        /// The processes, without repetition.
        targets: Vec<String>,
    },
    /// The processes are stopped and their ports refuse connections, for `for_ms` or until `up`.
    Down {
        /// The processes, without repetition.
        targets: Vec<String>,
        /// Milliseconds, 1 to [`LONGEST_MS`]; `None` is until `up` or calm.
        for_ms: Option<u64>,
    },
    /// The processes that are down are started.
    Up {
        /// The processes, without repetition. Of a machine those that are up already are among them.
        targets: Vec<String>,
    },
    /// The machines lose power: peers are left half-open. They come back after `down_ms`.
    PowerLoss {
        /// The processes, without repetition.
        targets: Vec<String>,
        /// Milliseconds without power, 1 to [`LONGEST_MS`].
        down_ms: u64,
    },
    /// Nothing passes between the two sides, for `for_ms` or until `heal`; TCP delivers it all when healed.
    Partition {
        /// Two neighbours on the way from `client` through the hops to a server.
        between: (String, String),
        /// Milliseconds, 1 to [`LONGEST_MS`]; `None` is until `heal` or calm.
        for_ms: Option<u64>,
    },
    /// Every partition is healed.
    Heal,
    /// The process neither reads nor writes, as if stopped by SIGSTOP, for `for_ms`.
    Stall {
        /// A server, a hop or `client`.
        target: String,
        /// Milliseconds, 1 to [`LONGEST_MS`].
        for_ms: u64,
    },
    /// Every connection of the process is cut.
    Cut {
        /// A server or a hop.
        target: String,
    },
    /// Every session of the server expires.
    Expire {
        /// The server.
        server: String,
    },
    /// The server tells every session's client that its list of tools changed.
    Notify {
        /// The server.
        server: String,
    },
    /// The ladder is climbed for that server.
    Climb(String),
}

/// A driven call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The connector.
    pub on: String,
    /// The tool.
    pub tool: Tool,
    /// How it must end, whoever the client is; `None` demands nothing.
    pub expect: Option<CallExpect>,
    /// How many of it run at once, 1 to 64.
    pub parallel: u32,
    /// A name to wait for it by; without one the step ends when the call does.
    pub background: Option<String>,
    /// How long the slow tool takes, in milliseconds.
    pub takes_ms: u64,
    /// Whether the slow tool is asked to tell how far it is (PROG-01).
    pub progress: bool,
}

/// How a call must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallExpect {
    /// With a result.
    Ok,
    /// With an error or a time-out.
    Error,
}

/// What is promised of one client.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expectation {
    /// The worst rung over all servers; `None` promises nothing.
    pub rung: Option<Rung>,
    /// Whether the server side itself makes no progress, so that there is no rung.
    pub no_progress: bool,
    /// The client's and the application's violations, by invariant.
    pub violates: Vec<String>,
    /// Why, for the reader.
    pub why: Option<String>,
}
