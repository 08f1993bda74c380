//! Machines: names for groups of processes that go down together.

use std::collections::BTreeMap;

use super::names::{Names, fit};
use crate::yaml::collection::{Entries, List};
use crate::yaml::decode::At;
use crate::yaml::report::{Mistake, Report};
use crate::yaml::scalar::Text;
use crate::yaml::source::Span;
use crate::yaml::words::quote;

/// The machines, into the names.
pub(super) fn machines(
    entries: Option<&Entries<At<List<At<Text>>>>>,
    names: &mut Names,
    report: &mut Report<'_>,
) {
    let mut placed: BTreeMap<String, Span> = BTreeMap::new();
    for (name, members) in entries.map_or(&[][..], |entries| &entries.0) {
        fit(name, "a machine", report);
        let is_hop = names.hops.contains(&name.value);
        if is_hop || names.servers.contains(&name.value) || names.is_replica(&name.value) {
            let what = if is_hop { "hop" } else { "server" };
            report.add(
                Mistake::new(
                    name.span,
                    format!("{} is a {what} already", quote(&name.value)),
                    "a machine needs another name",
                )
                .help(format!("choose a name that no {what} has")),
            );
            continue;
        }
        let mut processes = Vec::new();
        if let Some(members) = members {
            if members.value.whole && members.value.items.is_empty() {
                let title = format!("nothing runs on the machine {}", quote(&name.value));
                report.add(
                    Mistake::new(name.span, title, "the list is empty")
                        .help("name a server or a hop"),
                );
            }
            for member in &members.value.items {
                if !names.find(member, &names.processes(), "servers and hops", report) {
                    continue;
                }
                for process in names.members(&member.value) {
                    if let Some(first) = placed.insert(process.clone(), member.span) {
                        let title = format!("{} is placed twice", quote(&process));
                        report.add(
                            Mistake::new(member.span, title, "again here")
                                .also(first, "first here")
                                .help("a process runs on one machine: remove one of the two"),
                        );
                        break;
                    }
                    processes.push(process);
                }
            }
        }
        names.machines.insert(name.value.clone(), processes);
    }
}
