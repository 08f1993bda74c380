//! The hops of a path: what one is, the shape of its settings, whether it can stand where it stands, and how it is
//! written. What a hop does is `proxy`'s business.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::names::Names;
use crate::proxy::{BalancePolicy, HopKind};
use crate::yaml::collection::List;
use crate::yaml::decode::{At, Decode, mismatch};
use crate::yaml::duration::{Duration, written};
use crate::yaml::forms::{choice, record, words};
use crate::yaml::report::{Finding, Report};
use crate::yaml::source::Span;
use crate::yaml::tree::{Kind, Node};
use crate::yaml::word::One;
use crate::yaml::words::quote;
use crate::yaml::write::{self, Yaml};

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

words! {
    /// Whether something is done.
    Switch, "words here"; On = "on", Off = "off",
}

words! {
    /// Versions of HTTP.
    Version, "versions of HTTP here"; Old = "1.0", New = "1.1",
}

/// A version of HTTP: a text, because 1.0 without quotes is a number.
#[derive(Debug, JsonSchema)]
#[schemars(transparent)]
pub(super) struct VersionForm(One<Version>);

impl Decode for VersionForm {
    const WHAT: &'static str = "a version of HTTP";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        if let Kind::Number(text) = &node.kind {
            let right = if text.starts_with("1.0") {
                "1.0"
            } else {
                "1.1"
            };
            report.add(mismatch(node, "a text").help(format!("write it in quotes: `\"{right}\"`")));
            return None;
        }
        One::decode(node, report).map(Self)
    }
}

record! {
    /// The settings of Cloudflare.
    CloudflareForm, "cloudflare";
    required {}
    optional {
        /// The longest silence of the upstream, where it differs from the product's default.
        "read-timeout" read_timeout: Duration,
    }
}

record! {
    /// The settings of nginx.
    NginxForm, "nginx";
    required {}
    optional {
        /// The longest silence of the upstream, where it differs from the product's default.
        "read-timeout" read_timeout: Duration,
        /// The version of HTTP upstream (`proxy_http_version`); "1.1" if it is missing, which is not nginx's own default.
        "http" http: VersionForm,
        /// Whether responses are buffered (`proxy_buffering`); off if it is missing, which is not nginx's own default.
        "buffering" buffering: One<Switch>,
    }
}

record! {
    /// The settings of a balancer.
    BalancerForm, "a balancer";
    required {}
    optional {
        /// How it chooses the replica for a request; round-robin if it is missing.
        "policy" policy: One<BalancePolicy>,
        /// The longest silence of the upstream; 60s if it is missing.
        "read-timeout" read_timeout: Duration,
    }
}

choice! {
    /// A hop with settings.
    HopWithOptions, "a hop", "name";
    /// Cloudflare's edge.
    "cloudflare" Cloudflare(CloudflareForm) = "cloudflare: {read-timeout: 100s}",
    /// nginx.
    "nginx" Nginx(NginxForm) = "nginx: {read-timeout: 60s}",
    /// A balancer, which chooses among the processes of a server.
    "balancer" Balancer(BalancerForm) = "balancer: {policy: sticky}",
}

/// A hop, by name or with settings.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub(super) enum HopShape {
    /// As the product comes.
    Plain(One<HopKind>),
    /// With settings.
    With(HopWithOptions),
}

/// A hop with its place.
pub(super) type HopForm = At<HopShape>;

impl Decode for HopShape {
    const WHAT: &'static str = "a hop";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        match node.kind {
            Kind::Map(_) => HopWithOptions::decode(node, report).map(Self::With),
            _ => One::decode(node, report).map(Self::Plain),
        }
    }
}

impl HopShape {
    fn hop(&self) -> Hop {
        let ms = |timeout: Option<Duration>| timeout.map(|d| d.0);
        match self {
            Self::Plain(kind) => Hop::new(kind.0),
            Self::With(HopWithOptions::Cloudflare(form)) => Hop {
                read_timeout_ms: ms(form.read_timeout),
                ..Hop::new(HopKind::Cloudflare)
            },
            Self::With(HopWithOptions::Nginx(form)) => Hop {
                read_timeout_ms: ms(form.read_timeout),
                http10: form.http.as_ref().is_some_and(|v| v.0.0 == Version::Old),
                buffering: form.buffering.is_some_and(|b| b.0 == Switch::On),
                ..Hop::new(HopKind::Nginx)
            },
            Self::With(HopWithOptions::Balancer(form)) => {
                let hop = Hop::new(HopKind::Balancer);
                Hop {
                    read_timeout_ms: ms(form.read_timeout),
                    policy: form.policy.map_or(hop.policy, |policy| policy.0),
                    ..hop
                }
            }
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
        let hop = form.value.hop();
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
            .with_some("policy", policy.then(|| Yaml::text(self.policy.as_str())))
            .map();
        write::Entries::default().with(name, settings).map()
    }
}
