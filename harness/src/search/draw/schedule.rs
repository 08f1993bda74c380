//! A schedule: what the user does and what breaks, in order, against one server. Every list of operations is a valid
//! schedule, so that a smaller list is one too: what makes no sense at its place is put right or left out when the
//! scenario is made.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::op::{OTHER, Op, SERVER};
use super::script::Script;
use crate::proxy::{BalancePolicy, HopKind};
use crate::scenario::{Hop, Scenario, Server, StepAction};
use crate::server::Dialect;

/// The way between client and server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PathKind {
    /// None: the client talks to the server.
    #[default]
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Schedule {
    /// The server's dialect.
    pub dialect: String,
    /// The way to it.
    pub path: PathKind,
    /// The seed.
    pub seed: u64,
    /// What happens.
    pub ops: Vec<Op>,
    /// The idle timeout of the server's sessions in milliseconds, where it is not the dialect's.
    pub session_timeout_ms: Option<u64>,
    /// The longest silence that hops wait for, in milliseconds, where it is not their product's.
    pub read_timeout_ms: Option<u64>,
    /// nginx buffers.
    pub buffering: bool,
    /// nginx and the balancer keep idle connections.
    pub keepalive: bool,
    /// nginx speaks HTTP/1.0 to what is behind it.
    pub http10: bool,
}

impl Schedule {
    fn hop(&self, kind: HopKind) -> Hop {
        let policy = match self.path {
            PathKind::Sticky => BalancePolicy::Sticky,
            _ => BalancePolicy::RoundRobin,
        };
        let is_nginx = kind == HopKind::Nginx;
        Hop {
            policy,
            read_timeout_ms: self.read_timeout_ms,
            buffering: is_nginx && self.buffering,
            keepalive: (is_nginx || kind == HopKind::Balancer) && self.keepalive,
            http10: is_nginx && self.http10,
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
            session_timeout_ms: self.session_timeout_ms.map(Some),
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
