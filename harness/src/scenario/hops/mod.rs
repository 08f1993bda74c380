//! The hops of a path: what one is, and how it is written. The shape of its settings is in `form` and `edits`, whether
//! it can stand where it stands in `way`; what a hop does is `proxy`'s business.

mod edits;
mod form;
mod way;

use crate::proxy::gateway::LostSession;
use crate::proxy::nginx::MAX_BODY_BYTES;
use crate::proxy::upstreams::Fails;
use crate::proxy::{BalancePolicy, Edits, HopKind};
use crate::yaml::duration::written;
use crate::yaml::write::{self, Yaml};

pub(super) use edits::{Added, header_edits};
pub(super) use form::HopForm;
pub(super) use way::{path, ways};

/// One hop of the path.
#[derive(Clone, Debug, PartialEq)]
pub struct Hop {
    /// What it is.
    pub kind: HopKind,
    /// Its name, and its process's: that of its kind where the file gives none.
    pub name: String,
    /// The longest silence of the upstream in milliseconds, where it differs from the product's default.
    pub read_timeout_ms: Option<u64>,
    /// nginx: requests go upstream as HTTP/1.0; otherwise as 1.1.
    pub http10: bool,
    /// nginx: `proxy_buffering`.
    pub buffering: bool,
    /// The balancer: how it chooses.
    pub policy: BalancePolicy,
    /// The balancer: when a process counts as failed.
    pub fails: Fails,
    /// nginx and the balancer: idle connections to the upstream are kept.
    pub keepalive: bool,
    /// nginx: the largest body of a request, in bytes; 0 is none.
    pub max_body_bytes: u64,
    /// nginx: the longest that a graceful stop waits for what is in flight, in milliseconds.
    pub worker_shutdown_ms: Option<u64>,
    /// The gateway: what it does when an inner session is lost.
    pub lost_session: LostSession,
    /// The gateway: it reads an answer whole before it passes it on.
    pub collects: bool,
    /// What is changed in the messages that pass it.
    pub edits: Edits,
}

impl Hop {
    /// A hop without settings: HTTP/1.1, no buffering, round robin.
    #[must_use]
    pub fn new(kind: HopKind) -> Self {
        Self {
            kind,
            name: kind.as_str().to_owned(),
            read_timeout_ms: None,
            http10: false,
            buffering: false,
            policy: BalancePolicy::RoundRobin,
            fails: Fails::default(),
            keepalive: false,
            max_body_bytes: MAX_BODY_BYTES,
            worker_shutdown_ms: None,
            lost_session: LostSession::default(),
            collects: false,
            edits: Edits::default(),
        }
    }
}

impl Hop {
    /// As the file has it.
    pub(super) fn written(&self) -> Yaml {
        let kind = self.kind.as_str();
        let plain = Self::new(self.kind);
        if *self == plain {
            return Yaml::text(kind);
        }
        let name = (self.name != plain.name).then(|| Yaml::text(&self.name));
        let timeout = self.read_timeout_ms.map(|ms| Yaml::text(written(ms)));
        let policy = self.policy != plain.policy;
        let settings = write::Entries::default()
            .with_some("name", name)
            .with_some("read-timeout", timeout)
            .with_some("http", self.http10.then(|| Yaml::text("1.0")))
            .with_some("buffering", self.buffering.then(|| Yaml::text("on")))
            .with_some("keepalive", self.keepalive.then(|| Yaml::text("on")))
            .with_some(
                "client-max-body-size",
                (self.max_body_bytes != plain.max_body_bytes)
                    .then_some(Yaml::Number(self.max_body_bytes)),
            )
            .with_some(
                "lost-session",
                (self.lost_session != plain.lost_session)
                    .then(|| Yaml::text(self.lost_session.as_str())),
            )
            .with_some("answers", self.collects.then(|| Yaml::text("whole")))
            .with_some(
                "worker-shutdown-timeout",
                self.worker_shutdown_ms.map(|ms| Yaml::text(written(ms))),
            )
            .with_some(
                "max-fails",
                (self.fails.max != plain.fails.max).then_some(Yaml::Number(self.fails.max.into())),
            )
            .with_some(
                "fail-timeout",
                (self.fails.timeout_ms != plain.fails.timeout_ms)
                    .then(|| Yaml::text(written(self.fails.timeout_ms))),
            )
            .with_some("policy", policy.then(|| Yaml::text(self.policy.as_str())));
        let settings = edits::written(&self.edits, settings).map();
        write::Entries::default().with(kind, settings).map()
    }
}
