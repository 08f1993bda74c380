//! The hops of a path: what one is, whether it can stand where it stands, and how it is written. The shape of its
//! settings is in `form` and `edits`; what a hop does is `proxy`'s business.

mod edits;
mod form;

pub(super) use edits::{Added, header_edits};

use std::collections::BTreeMap;

use super::names::Names;
use crate::proxy::nginx::MAX_BODY_BYTES;
use crate::proxy::upstreams::Fails;
use crate::proxy::{BalancePolicy, Edits, HopKind};
use crate::yaml::collection::List;
use crate::yaml::decode::At;
use crate::yaml::duration::written;
use crate::yaml::report::{Finding, Report};
use crate::yaml::source::Span;
use crate::yaml::words::quote;
use crate::yaml::write::{self, Yaml};

pub(super) use form::HopForm;

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
    /// The balancer: when a process counts as failed.
    pub fails: Fails,
    /// nginx and the balancer: idle connections to the upstream are kept.
    pub keepalive: bool,
    /// nginx: the largest body of a request, in bytes; 0 is none.
    pub max_body_bytes: u64,
    /// nginx: the longest that a graceful stop waits for what is in flight, in milliseconds.
    pub worker_shutdown_ms: Option<u64>,
    /// What is changed in the messages that pass it.
    pub edits: Edits,
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
            fails: Fails::default(),
            keepalive: false,
            max_body_bytes: MAX_BODY_BYTES,
            worker_shutdown_ms: None,
            edits: Edits::default(),
        }
    }
}

/// The hops, each once; servers of several processes must stand behind a balancer.
pub(super) fn path(
    list: Option<&At<List<HopForm>>>,
    names: &mut Names,
    report: &mut Report<'_>,
) -> Vec<Hop> {
    let mut seen: BTreeMap<HopKind, Span> = BTreeMap::new();
    let mut hops = Vec::new();
    for form in list.map_or(&[][..], |list| &list.value.items) {
        let hop = form.value.hop(report);
        if let Some(first) = seen.insert(hop.kind, form.span) {
            report.add(
                Finding::new(
                    form.span,
                    format!("the hop `{}` is on the path twice", hop.kind.as_str()),
                    "again here",
                )
                .also(first, "first here")
                .help("remove one of the two"),
            );
            continue;
        }
        names.hops.push(hop.kind.as_str().to_owned());
        hops.push(hop);
    }
    let whole = list.is_none_or(|list| list.value.whole);
    names.complete &= whole;
    if whole && names.complete {
        balanced(&hops, &seen, names, report);
    }
    hops
}

/// Whether somebody chooses among the processes of each server.
fn balanced(
    hops: &[Hop],
    places: &BTreeMap<HopKind, Span>,
    names: &Names,
    report: &mut Report<'_>,
) {
    if hops.last().is_some_and(|hop| hop.kind == HopKind::Balancer) {
        return;
    }
    let mut way: Vec<&str> = hops.iter().map(|hop| hop.kind.as_str()).collect();
    way.retain(|hop| *hop != HopKind::Balancer.as_str());
    way.push(HopKind::Balancer.as_str());
    for (server, (_, replicas)) in &names.replicas {
        let title = format!("nobody chooses among the replicas of {}", quote(server));
        let mut finding = Finding::new(
            *replicas,
            title,
            "several processes need a balancer before them",
        );
        if let Some(place) = places.get(&HopKind::Balancer) {
            finding = finding.also(*place, "this one is not the innermost hop");
        }
        report.add(finding.help(format!(
            "make `balancer` the last hop: `path: [{}]`",
            way.join(", ")
        )));
    }
}

impl Hop {
    /// As the file has it.
    pub(super) fn written(&self) -> Yaml {
        let name = self.kind.as_str();
        let plain = Self::new(self.kind);
        if *self == plain {
            return Yaml::text(name);
        }
        let timeout = self.read_timeout_ms.map(|ms| Yaml::text(written(ms)));
        let policy = self.policy != plain.policy;
        let settings = write::Entries::default()
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
        write::Entries::default().with(name, settings).map()
    }
}
