//! The ways to the servers: which hops there are, each of a name of its own, and which of them lie before each server.

use std::collections::BTreeMap;

use super::Hop;
use super::form::HopForm;
use crate::proxy::HopKind;
use crate::scenario::names::Names;
use crate::scenario::server::{Server, ServerForm};
use crate::yaml::collection::{Entries, List, first_time};
use crate::yaml::decode::{At, unknown};
use crate::yaml::report::{Mistake, Report};
use crate::yaml::scalar::Text;
use crate::yaml::source::Span;
use crate::yaml::words::quote;

/// A hop with its place.
pub(in crate::scenario) type Placed = (Hop, Span);

/// The hops, each of a name that nobody else has.
pub(in crate::scenario) fn path(
    list: Option<&At<List<HopForm>>>,
    names: &mut Names,
    report: &mut Report<'_>,
) -> Vec<Placed> {
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    let mut hops = Vec::new();
    for form in list.map_or(&[][..], |list| &list.value.items) {
        let hop = form.value.hop(report);
        let name = hop.name.as_str();
        if let Some(first) = seen.insert(name.to_owned(), form.span) {
            let named = format!("`{}: {{name: {name}-2}}`", hop.kind.as_str());
            report.add(
                Mistake::new(
                    form.span,
                    format!("the hop {} is on the path twice", quote(name)),
                    "again here",
                )
                .also(first, "first here")
                .help(format!("remove one of the two, or give it a name: {named}")),
            );
            continue;
        }
        let is_own = name != hop.kind.as_str();
        let is_servers = names.servers.iter().any(|server| server == name);
        if is_own && (is_servers || names.is_replica(name)) {
            let title = format!("{} is a server already", quote(name));
            report.add(
                Mistake::new(form.span, title, "two processes would have this name")
                    .help("give the hop another `name`"),
            );
        }
        names.hops.push(name.to_owned());
        hops.push((hop, form.span));
    }
    names.complete &= list.is_none_or(|list| list.value.whole);
    hops
}

/// Which hops lie before each server; several processes must stand behind a balancer, and every hop before somebody.
pub(in crate::scenario) fn ways(
    forms: Option<&At<Entries<ServerForm>>>,
    hops: &[Placed],
    servers: &mut [Server],
    names: &mut Names,
    report: &mut Report<'_>,
) {
    for (name, form) in forms.into_iter().flat_map(|forms| &forms.value.0) {
        let list = form.as_ref().and_then(|form| form.path.as_ref());
        let own = list.map(|list| own_way(list, names, report));
        let way = own.clone().unwrap_or_else(|| names.hops.clone());
        names.ways.insert(name.value.clone(), way);
        if let Some(server) = servers.iter_mut().find(|s| s.name == name.value) {
            server.path = own;
        }
    }
    if !names.complete {
        return;
    }
    balanced(hops, names, report);
    for (hop, place) in hops {
        if !names.ways.values().any(|way| way.contains(&hop.name)) {
            let title = format!("no server is behind the hop {}", quote(&hop.name));
            report.add(
                Mistake::new(*place, title, "every server's own `path` leaves it out")
                    .help("name it in a server's `path`, or remove it"),
            );
        }
    }
}

/// The way that a server names itself.
fn own_way(list: &At<List<At<Text>>>, names: &Names, report: &mut Report<'_>) -> Vec<String> {
    let mut seen = BTreeMap::new();
    let mut way = Vec::new();
    for hop in &list.value.items {
        let known = names.hops.contains(&hop.value);
        if !known && names.complete {
            report.add(unknown(
                hop.span,
                "hops of the path",
                &hop.value,
                &names.hops,
            ));
        }
        if first_time(&mut seen, hop, report) && known {
            way.push(hop.value.clone());
        }
    }
    way
}

/// Whether somebody chooses among the processes of each server.
fn balanced(hops: &[Placed], names: &Names, report: &mut Report<'_>) {
    let kind = |name: &String| hops.iter().find(|(hop, _)| hop.name == *name);
    for (server, (_, replicas)) in &names.replicas {
        let Some(way) = names.ways.get(server) else {
            continue;
        };
        let hops: Vec<&Placed> = way.iter().filter_map(kind).collect();
        if hops.last().is_some_and(|(hop, _)| hop.kind.chooses()) {
            continue;
        }
        let title = format!("nobody chooses among the replicas of {}", quote(server));
        let mut finding = Mistake::new(
            *replicas,
            title,
            "several processes need a balancer before them",
        );
        let balancer = hops.iter().find(|(hop, _)| hop.kind.chooses());
        if let Some((_, place)) = balancer {
            finding = finding.also(*place, "this one is not the innermost hop");
        }
        let mut right: Vec<&str> = hops
            .iter()
            .filter(|(hop, _)| !hop.kind.chooses())
            .map(|(hop, _)| hop.name.as_str())
            .collect();
        right.push(balancer.map_or(HopKind::Balancer.as_str(), |(hop, _)| &hop.name));
        let last = right.last().copied().unwrap_or_default();
        report.add(finding.help(format!(
            "make `{last}` the last hop: `path: [{}]`",
            right.join(", ")
        )));
    }
}
