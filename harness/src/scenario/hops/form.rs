//! The shape of a hop in a file: its name, or its name with settings.

use schemars::JsonSchema;

use super::Hop;
use super::edits::{
    Added, HeaderNames, RedirectForm, Renamed, RequestForm, Statuses, header_edits,
};
use crate::proxy::gateway::LostSession;
use crate::proxy::nginx::MAX_BODY_BYTES;
use crate::proxy::upstreams::Fails;
use crate::proxy::{BalancePolicy, Edits, HopKind};
use crate::scenario::names::fit_hop;
use crate::yaml::decode::{At, Decode, mismatch};
use crate::yaml::duration::Duration;
use crate::yaml::forms::{choice, record, words};
use crate::yaml::report::Report;
use crate::yaml::scalar::{Text, Whole};
use crate::yaml::tree::{Kind, Node};
use crate::yaml::word::One;

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
pub(in crate::scenario) struct VersionForm(One<Version>);

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

fn is_on(switch: Option<One<Switch>>) -> bool {
    switch.is_some_and(|s| s.0 == Switch::On)
}

/// The settings of a product: its own, and those that every hop has.
macro_rules! hop {
    (
        $(#[$meta:meta])* $name:ident, $what:literal;
        $($(#[$ometa:meta])* $okey:literal $ofield:ident: $oty:ty,)*
    ) => {
        record! {
            $(#[$meta])*
            $name, $what;
            required {}
            optional {
                $($(#[$ometa])* $okey $ofield: $oty,)*
                /// Its name, where it is not that of its kind: two of one kind need two names.
                "name" name: At<Text>,
                /// The longest silence of the upstream, where it differs from the product's default.
                "read-timeout" read_timeout: Duration,
                /// Headers of the upstream's responses that the client does not get, e.g. `[mcp-session-id]`.
                "hide-headers" hide: HeaderNames,
                /// Headers of the upstream's responses that the client gets under another name, e.g.
                /// `{mcp-session-id: x-session}`.
                "rename-headers" rename: Renamed,
                /// Headers that the client gets with each of the upstream's responses.
                "add-headers" add: Added,
                /// What is changed in the headers of requests.
                "request" request: RequestForm,
                /// By a status of the upstream, the one that the client gets instead, e.g. `{404: 502}`.
                "statuses" statuses: Statuses,
                /// Requests are sent to another path first; of what comes there nothing is changed.
                "redirect" redirect: RedirectForm,
            }
        }

        impl $name {
            fn on(&self, hop: Hop, report: &mut Report<'_>) -> Hop {
                let edits = Edits {
                    request: self.request.as_ref().map(|form| form.edits(report)).unwrap_or_default(),
                    response: header_edits(&self.hide, &self.rename, &self.add, report),
                    statuses: self.statuses.as_ref().map(|s| s.checked(report)).unwrap_or_default(),
                    redirect: self.redirect.as_ref().and_then(|form| form.redirect(report)),
                };
                if let Some(name) = &self.name {
                    fit_hop(name, hop.kind, report);
                }
                let name = self.name.as_ref().map_or(hop.name, |name| name.value.clone());
                Hop { name, read_timeout_ms: self.read_timeout.map(|d| d.0), edits, ..hop }
            }
        }
    };
}

hop! {
    /// The settings of Cloudflare.
    CloudflareForm, "cloudflare";
}

hop! {
    /// The settings of nginx.
    NginxForm, "nginx";
    /// The version of HTTP upstream (`proxy_http_version`); "1.1" if it is missing, which is not nginx's own default.
    "http" http: VersionForm,
    /// Whether responses are buffered (`proxy_buffering`); off if it is missing, which is not nginx's own default.
    "buffering" buffering: One<Switch>,
    /// Whether idle connections to the upstream are kept (`keepalive` in its block); off if it is missing, which is
    /// nginx's default.
    "keepalive" keepalive: One<Switch>,
    /// The largest body of a request in bytes (`client_max_body_size`), 0 for no limit; 1048576 if it is missing.
    "client-max-body-size" max_body: Whole<0, 1_073_741_824>,
    /// The longest that a graceful stop (`drain`) waits for open streams and calls in flight
    /// (`worker_shutdown_timeout`); as long as the step says if it is missing.
    "worker-shutdown-timeout" worker_shutdown: Duration,
}

hop! {
    /// The settings of a balancer.
    BalancerForm, "a balancer";
    /// How it chooses the replica for a request; round-robin if it is missing.
    "policy" policy: One<BalancePolicy>,
    /// Whether idle connections to the replicas are kept; off if it is missing.
    "keepalive" keepalive: One<Switch>,
    /// How many failures in a row leave a replica out for a while, 0 for none (`max_fails`); 1 if it is missing.
    "max-fails" max_fails: Whole<0, 1000>,
    /// For how long, counted in whole seconds (`fail_timeout`); 10s if it is missing.
    "fail-timeout" fail_timeout: Duration,
}

words! {
    /// How answers are passed on.
    Passing, "ways to pass an answer on"; AsItComes = "as-it-comes", Whole = "whole",
}

hop! {
    /// The settings of a gateway.
    GatewayForm, "a gateway";
    /// What it does when a server says 404 to its inner session: pass that on, `reinitialize` inside, or answer 500 or 502
    /// and go on without; `pass-on` if it is missing.
    "lost-session" lost_session: One<LostSession>,
    /// Whether an answer is passed on as it comes or, within `read-timeout`, when it is `whole`; `as-it-comes` if it is
    /// missing.
    "answers" answers: One<Passing>,
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
    /// An MCP gateway, which has sessions of its own with its clients.
    "gateway" Gateway(GatewayForm) = "gateway: {lost-session: reinitialize}",
}

/// A hop, by name or with settings.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub(in crate::scenario) enum HopShape {
    /// As the product comes.
    Plain(One<HopKind>),
    /// With settings.
    With(Box<HopWithOptions>),
}

/// A hop with its place.
pub(in crate::scenario) type HopForm = At<HopShape>;

impl Decode for HopShape {
    const WHAT: &'static str = "a hop";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        match node.kind {
            Kind::Map(_) => {
                let form = HopWithOptions::decode(node, report)?;
                Some(Self::With(Box::new(form)))
            }
            _ => One::decode(node, report).map(Self::Plain),
        }
    }
}

impl HopShape {
    /// The hop; what is wrong with its settings is reported.
    pub(super) fn hop(&self, report: &mut Report<'_>) -> Hop {
        let form = match self {
            Self::Plain(kind) => return Hop::new(kind.0),
            Self::With(form) => &**form,
        };
        match form {
            HopWithOptions::Cloudflare(form) => form.on(Hop::new(HopKind::Cloudflare), report),
            HopWithOptions::Nginx(form) => Hop {
                http10: form.http.as_ref().is_some_and(|v| v.0.0 == Version::Old),
                buffering: is_on(form.buffering),
                keepalive: is_on(form.keepalive),
                worker_shutdown_ms: form.worker_shutdown.map(|d| d.0),
                max_body_bytes: form.max_body.map_or(MAX_BODY_BYTES, |n| n.0),
                ..form.on(Hop::new(HopKind::Nginx), report)
            },
            HopWithOptions::Gateway(form) => Hop {
                lost_session: form.lost_session.map(|lost| lost.0).unwrap_or_default(),
                collects: form.answers.is_some_and(|a| a.0 == Passing::Whole),
                ..form.on(Hop::new(HopKind::Gateway), report)
            },
            HopWithOptions::Balancer(form) => {
                let hop = form.on(Hop::new(HopKind::Balancer), report);
                let max = form
                    .max_fails
                    .map(|n| u32::try_from(n.0).unwrap_or(u32::MAX));
                Hop {
                    policy: form.policy.map_or(hop.policy, |policy| policy.0),
                    keepalive: is_on(form.keepalive),
                    fails: Fails {
                        max: max.unwrap_or(hop.fails.max),
                        timeout_ms: form.fail_timeout.map_or(hop.fails.timeout_ms, |d| d.0),
                    },
                    ..hop
                }
            }
        }
    }
}
