//! Whom a fault strikes: its shape in a file, and the processes that it means.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::checker::Checker;
use crate::journal::CLIENT;
use crate::yaml::collection::{List, first_time};
use crate::yaml::decode::{At, Decode, mismatch};
use crate::yaml::duration::written;
use crate::yaml::report::{Mistake, Report};
use crate::yaml::scalar::Text;
use crate::yaml::tree::{Kind, Node};
use crate::yaml::words::allowed;
use crate::yaml::write::{Entries, Yaml};

/// Whom a fault strikes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// The servers, hops, machines and processes of servers, as the scenario names them.
    pub named: Vec<String>,
    /// The processes that these are, without repetition. Of a machine that is to come up those that are up already are
    /// among them.
    pub processes: Vec<String>,
}

impl Targets {
    /// As the file has it.
    pub(crate) fn written(&self) -> Yaml {
        match &self.named[..] {
            [one] => Yaml::text(one),
            several => Yaml::texts(several),
        }
    }
}

/// One or several servers, hops or machines.
#[derive(Debug, JsonSchema)]
#[schemars(untagged, rename = "Targets")]
pub(crate) enum TargetsForm {
    /// One.
    One(At<Text>),
    /// Several.
    Several(At<List<At<Text>>>),
}

impl Decode for TargetsForm {
    const WHAT: &'static str = "a server, a hop, a machine or a list of them";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        match &node.kind {
            Kind::Text(_) => At::decode(node, report).map(Self::One),
            Kind::List(_) => At::decode(node, report).map(Self::Several),
            _ => {
                report.add(mismatch(node, Self::WHAT));
                None
            }
        }
    }
}

impl TargetsForm {
    /// The names, in order.
    pub(super) fn names(&self) -> &[At<Text>] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => &names.value.items,
        }
    }
}

/// Targets alone, or a form with them in it.
#[derive(Debug, JsonSchema)]
#[schemars(untagged, rename = "TargetOr{F}")]
pub(crate) enum TargetOr<F> {
    /// Targets alone.
    Bare(TargetsForm),
    /// The form.
    Full(F),
}

impl<F: Decode> Decode for TargetOr<F> {
    const WHAT: &'static str = "a target or a map";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        match node.kind {
            Kind::Map(_) => F::decode(node, report).map(Self::Full),
            _ => TargetsForm::decode(node, report).map(Self::Bare),
        }
    }
}

/// A form with targets in it.
pub(crate) trait Targeted {
    /// The targets, if they could be read.
    fn target(&self) -> Option<&TargetsForm>;
}

impl<F: Targeted> TargetOr<F> {
    /// The targets, if they could be read.
    pub(crate) fn target(&self) -> Option<&TargetsForm> {
        match self {
            Self::Bare(targets) => Some(targets),
            Self::Full(form) => form.target(),
        }
    }

    /// The form, if it is one.
    pub(crate) fn form(&self) -> Option<&F> {
        match self {
            Self::Bare(_) => None,
            Self::Full(form) => Some(form),
        }
    }

    /// The names of the targets.
    pub(crate) fn names(&self) -> &[At<Text>] {
        self.target().map_or(&[], TargetsForm::names)
    }
}

/// What those targets are; `None` after an error.
pub(crate) fn targets(form: &TargetsForm, check: &mut Checker<'_, '_>) -> Option<Targets> {
    expand(form, false, check)
}

/// As [`targets`], and `client` can be among them.
pub(crate) fn targets_or_client(
    form: &TargetsForm,
    check: &mut Checker<'_, '_>,
) -> Option<Targets> {
    expand(form, true, check)
}

/// The processes of the targets, each once; `None` after an error.
fn expand(form: &TargetsForm, client: bool, check: &mut Checker<'_, '_>) -> Option<Targets> {
    let names = check.names;
    let mut known = names.processes();
    known.extend(names.machines.keys().map(String::as_str));
    if client {
        known.push(CLIENT);
    }
    if let TargetsForm::Several(list) = form
        && list.value.items.is_empty()
    {
        if list.value.whole {
            check.report.add(
                Mistake::new(list.span, "the fault has no target", "the list is empty")
                    .help(allowed("", "servers, hops and machines", &known)),
            );
        }
        return None;
    }
    let mut all = Targets::default();
    let mut seen = BTreeMap::new();
    let mut good = true;
    for name in form.names() {
        if !client && name.value == CLIENT {
            check.report.add(
                Mistake::new(
                    name.span,
                    "the client cannot be the target of this fault",
                    "not a server, hop or machine",
                )
                .help("`client` can stand in `partition` and `stall` only"),
            );
            good = false;
            continue;
        }
        good &= check.find(name, &known, "servers, hops and machines");
        if !first_time(&mut seen, name, check.report) {
            continue;
        }
        all.named.push(name.value.clone());
        for process in names.members(&name.value) {
            if !all.processes.contains(&process) {
                all.processes.push(process);
            }
        }
    }
    good.then_some(all)
}

/// A fault as the file has it: its targets alone, or with the times that are not as they are where none is named.
pub(super) fn struck(targets: &Targets, times: &[(&str, u64, u64)]) -> Yaml {
    let named = times.iter().filter(|(_, ms, default)| ms != default);
    let mut named = named.peekable();
    if named.peek().is_none() {
        return targets.written();
    }
    let form = Entries::default().with("target", targets.written());
    named
        .fold(form, |form, (key, ms, _)| {
            form.with(key, Yaml::text(written(*ms)))
        })
        .map()
}
