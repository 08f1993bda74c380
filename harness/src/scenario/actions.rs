//! Steps and injections one by one: each name must exist, and a machine stands for its processes. Whether a step can
//! be reached is `timeline`'s business.

use std::collections::BTreeMap;

use super::cast::Names;
use super::check::first_time;
use super::decode::At;
use super::diagnose::{Finding, Report};
use super::file::{
    CallForm, FateForm, HttpMethod, InjectionForm, PartitionForm, StepForm, TargetOr, Targets,
    TriggerForm,
};
use super::model::{Call, CallExpect, Step, StepAction};
use super::scalar::{Duration, Text};
use super::words::{allowed, quote};
use crate::fault::{self, Injection, Trigger, TriggerEvent};
use crate::journal::{Fate, Replacement};
use crate::server::Tool;

/// The time that what was stopped stays down, where the file names none, in milliseconds.
const DOWN_MS: u64 = 1_000;
/// The time that a drain gives, where the file names none, in milliseconds.
const DRAIN_MS: u64 = 30_000;
/// The time that the slow tool takes, where the file names none, in milliseconds.
const SLOW_MS: u64 = 10_000;

/// The steps that one entry of the file means: several if a `stall` or `cut` has several targets. Empty after an error.
pub(super) fn steps(form: &At<StepForm>, names: &Names, report: &mut Report<'_>) -> Vec<Step> {
    let actions = actions(&form.value, names, report).unwrap_or_default();
    let line = form.line;
    actions
        .into_iter()
        .map(|action| Step { line, action })
        .collect()
}

fn actions(form: &StepForm, names: &Names, report: &mut Report<'_>) -> Option<Vec<StepAction>> {
    let mut server = |name: &At<Text>| {
        names
            .find(name, &names.servers(), "servers", report)
            .then(|| name.value.clone())
    };
    let action = match form {
        StepForm::Add(name) => StepAction::Add(server(name)?),
        StepForm::Connect(name) => StepAction::Connect(server(name)?),
        StepForm::Disconnect(name) => StepAction::Disconnect(server(name)?),
        StepForm::Delete(name) => StepAction::Delete(server(name)?),
        StepForm::Expire(name) => StepAction::Expire {
            server: model(name, names, report)?,
        },
        StepForm::Notify(name) => StepAction::Notify {
            server: model(name, names, report)?,
        },
        StepForm::Climb(name) => StepAction::Climb(server(name)?),
        StepForm::Reload(_) => StepAction::Reload,
        StepForm::NewConversation(_) => StepAction::NewConversation,
        StepForm::Incognito(_) => StepAction::Incognito,
        StepForm::Normal(_) => StepAction::Normal,
        StepForm::Heal(_) => StepAction::Heal,
        StepForm::Await(name) => StepAction::Await(name.value.clone()),
        StepForm::Wait(duration) => StepAction::Wait(duration.0),
        StepForm::Call(form) => StepAction::Call(call(form, names, report)?),
        StepForm::Crash(targets) => StepAction::Crash {
            targets: processes(targets, names, report)?,
        },
        StepForm::Up(targets) => StepAction::Up {
            targets: processes(targets, names, report)?,
        },
        StepForm::Restart(form) => {
            let (targets, down) = match form {
                TargetOr::Bare(targets) => (targets, None),
                TargetOr::Full(form) => (form.target.as_ref()?, form.down),
            };
            StepAction::Restart {
                targets: processes(targets, names, report)?,
                down_ms: or(down, DOWN_MS),
            }
        }
        StepForm::PowerLoss(form) => {
            let (targets, down) = match form {
                TargetOr::Bare(targets) => (targets, None),
                TargetOr::Full(form) => (form.target.as_ref()?, form.down),
            };
            StepAction::PowerLoss {
                targets: processes(targets, names, report)?,
                down_ms: or(down, DOWN_MS),
            }
        }
        StepForm::Drain(form) => {
            let (targets, limit, down) = match form {
                TargetOr::Bare(targets) => (targets, None, None),
                TargetOr::Full(form) => (form.target.as_ref()?, form.limit, form.down),
            };
            StepAction::Drain {
                targets: processes(targets, names, report)?,
                limit_ms: or(limit, DRAIN_MS),
                down_ms: or(down, DOWN_MS),
            }
        }
        StepForm::Down(form) => {
            let (targets, time) = match form {
                TargetOr::Bare(targets) => (targets, None),
                TargetOr::Full(form) => (form.target.as_ref()?, form.span_of_time),
            };
            StepAction::Down {
                targets: processes(targets, names, report)?,
                for_ms: time.map(|d| d.0),
            }
        }
        StepForm::Partition(form) => return partition(form, names, report),
        StepForm::Stall(form) => {
            let targets = expand(form.target.as_ref()?, true, names, report);
            let for_ms = form.span_of_time?.0;
            let each = targets?.into_iter();
            return Some(
                each.map(|target| StepAction::Stall { target, for_ms })
                    .collect(),
            );
        }
        StepForm::Cut(targets) => {
            let each = processes(targets, names, report)?.into_iter();
            return Some(each.map(|target| StepAction::Cut { target }).collect());
        }
    };
    Some(vec![action])
}

/// A server that does as the scenario says, which a real one does not.
fn model(name: &At<Text>, names: &Names, report: &mut Report<'_>) -> Option<String> {
    let known = names.find(name, &names.servers(), "servers", report);
    if names.real.contains(&name.value) {
        report.add(
            Finding::new(
                name.span,
                "a real server cannot be told to do that",
                "its sessions and messages are its own",
            )
            .help("remove this step, or use a `dialect` instead of `real`"),
        );
        return None;
    }
    known.then(|| name.value.clone())
}

fn or(given: Option<Duration>, ms: u64) -> u64 {
    given.map_or(ms, |duration| duration.0)
}

fn processes(targets: &Targets, names: &Names, report: &mut Report<'_>) -> Option<Vec<String>> {
    expand(targets, false, names, report)
}

/// The processes of the targets, each once; `None` after an error.
fn expand(
    targets: &Targets,
    client: bool,
    names: &Names,
    report: &mut Report<'_>,
) -> Option<Vec<String>> {
    let mut known = names.processes();
    known.extend(names.machines.keys().map(String::as_str));
    if client {
        known.push("client");
    }
    if let Targets::Several(list) = targets
        && list.value.items.is_empty()
    {
        if list.value.whole {
            report.add(
                Finding::new(list.span, "the fault has no target", "the list is empty")
                    .help(allowed("", "servers, hops and machines", &known)),
            );
        }
        return None;
    }
    let mut all: Vec<String> = Vec::new();
    let mut seen = BTreeMap::new();
    let mut good = true;
    for name in targets.names() {
        if !client && name.value == "client" {
            report.add(
                Finding::new(
                    name.span,
                    "the client cannot be the target of this fault",
                    "not a server, hop or machine",
                )
                .help("`client` can stand in `partition` and `stall` only"),
            );
            good = false;
            continue;
        }
        good &= names.find(name, &known, "servers, hops and machines", report);
        if !first_time(&mut seen, name, report) {
            continue;
        }
        for process in names.members(&name.value) {
            if !all.contains(&process) {
                all.push(process);
            }
        }
    }
    good.then_some(all)
}

fn call(form: &CallForm, names: &Names, report: &mut Report<'_>) -> Option<Call> {
    if let Some(on) = &form.on {
        names.find(on, &names.servers(), "servers", report);
    }
    if let (Some(takes), Some(tool)) = (&form.takes, &form.tool)
        && tool.0 != Tool::Slow
    {
        report.add(
            Finding::new(
                takes.span,
                format!("`{}` answers at once", tool.0.as_str()),
                "`takes` has no effect here",
            )
            .help("only the tool `slow` takes time: remove `takes`, or call `slow`"),
        );
    }
    if let (Some(progress), Some(tool)) = (&form.progress, &form.tool)
        && tool.0 != Tool::Slow
    {
        report.add(
            Finding::new(
                progress.span,
                format!("`{}` answers at once", tool.0.as_str()),
                "`progress` has no effect here",
            )
            .help("only the tool `slow` takes time: remove `progress`, or call `slow`"),
        );
    }
    Some(Call {
        on: form.on.as_ref()?.value.clone(),
        tool: form.tool?.0,
        expect: form.expect.map(|end| CallExpect::from(end.0)),
        parallel: form.parallel.map_or(Some(1), |n| u32::try_from(n.0).ok())?,
        background: form.background.as_ref().map(|name| name.value.clone()),
        takes_ms: form.takes.as_ref().map_or(SLOW_MS, |takes| takes.value.0),
        progress: form.progress.is_some(),
    })
}

/// A partition lies between neighbours: nothing ever passes directly between two others. A server of several processes
/// means one partition for each.
fn partition(
    form: &PartitionForm,
    names: &Names,
    report: &mut Report<'_>,
) -> Option<Vec<StepAction>> {
    let between = form.between.as_ref()?;
    let [one, other] = &between.value.items[..] else {
        if between.value.whole {
            let found = between.value.items.len();
            report.add(
                Finding::new(
                    between.span,
                    "a partition lies between two processes",
                    format!("here are {found}"),
                )
                .help("write e.g. `between: [client, cloudflare]`"),
            );
        }
        return None;
    };
    let mut way = vec!["client"];
    way.extend(names.hops.iter().map(String::as_str));
    let mut known = way.clone();
    let behind = |name: &&str| !way.contains(name);
    known.extend(names.processes().into_iter().filter(behind));
    let mut place = |name: &At<Text>| {
        names
            .find(name, &known, "ends of a partition", report)
            .then(|| {
                // All servers are behind the last hop.
                way.iter()
                    .position(|at| *at == name.value)
                    .unwrap_or(way.len())
            })
    };
    let (first, second) = (place(one), place(other));
    let (first, second) = (first?, second?);
    if first.abs_diff(second) != 1 {
        let title = format!(
            "nothing passes directly between {} and {}",
            quote(&one.value),
            quote(&other.value)
        );
        way.push("a server");
        report.add(
            Finding::new(between.span, title, "these two are not neighbours")
                .help(format!("the way is {}", way.join(", "))),
        );
        return None;
    }
    let for_ms = form.span_of_time.map(|d| d.0);
    let others = names.members(&other.value);
    let pairs = names.members(&one.value).into_iter().flat_map(|one| {
        let others = others.clone().into_iter();
        others.map(move |other| (one.clone(), other))
    });
    Some(
        pairs
            .map(|between| StepAction::Partition { between, for_ms })
            .collect(),
    )
}

/// One injection; `None` after an error.
pub(super) fn injection(
    form: &At<InjectionForm>,
    names: &Names,
    report: &mut Report<'_>,
) -> Option<Injection> {
    let when = form
        .value
        .when
        .as_ref()
        .and_then(|when| trigger(when, names, report));
    let fate = form
        .value
        .then
        .as_ref()
        .and_then(|then| fate(&then.value, names, report));
    let (when, nth) = when?;
    let fate = fate?;
    if let (Some(then), Some(seen)) = (&form.value.then, &form.value.when)
        && !fault::admits(when.event, &fate)
    {
        report.add(never_applies(&when, seen, then));
        return None;
    }
    Some(Injection {
        line: form.line,
        when,
        nth,
        fate,
    })
}

/// The fault would never fire.
fn never_applies(when: &Trigger, seen: &TriggerForm, then: &At<FateForm>) -> Finding {
    let name = when.event.as_str();
    let fates = fault::admitted(when.event);
    let fates: Vec<&str> = fates.iter().map(|fate| fate.as_str()).collect();
    let title = format!("this fate never applies to {}", quote(name));
    let mut finding = Finding::new(then.span, title, "this fault would never fire").help(allowed(
        "",
        &format!("fates of {}", quote(name)),
        &fates,
    ));
    if let Some(event) = &seen.event {
        finding = finding.also(event.span, "the event");
    }
    finding
}

fn trigger(form: &TriggerForm, names: &Names, report: &mut Report<'_>) -> Option<(Trigger, u32)> {
    let event = form.event.as_ref().map(|event| event.value.0);
    let servers_only = matches!(
        event,
        Some(TriggerEvent::Effect | TriggerEvent::SessionOpened)
    );
    if let Some(at) = &form.at {
        let mut known = names.processes();
        known.insert(0, "client");
        if names.find(at, &known, "places", report)
            && servers_only
            && !names.servers.contains(&at.value)
            && !names.is_replica(&at.value)
        {
            report.add(
                Finding::new(
                    at.span,
                    format!("this event is never seen at {}", quote(&at.value)),
                    "not a server",
                )
                .help(allowed("", "servers", &names.servers)),
            );
        }
    }
    if let (Some(status), Some(event)) = (&form.status, event)
        && !matches!(
            event,
            TriggerEvent::ResponseSent | TriggerEvent::ResponseReceived
        )
    {
        report.add(
            Finding::new(
                status.span,
                "this event has no status",
                "only responses have one",
            )
            .help("remove `status`, or make the event `response-sent` or `response-received`"),
        );
    }
    let trigger = Trigger {
        event: event?,
        at: form.at.as_ref().map(|at| at.value.clone()),
        method: form.method.map(|method| {
            let name = match method.0 {
                HttpMethod::Post => "POST",
                HttpMethod::Get => "GET",
                HttpMethod::Delete => "DELETE",
            };
            name.to_owned()
        }),
        rpc: form.rpc.clone(),
        tool: form.tool.map(|tool| tool.0),
        status: form
            .status
            .as_ref()
            .and_then(|status| u16::try_from(status.value.0).ok()),
        action: None,
    };
    let nth = form.nth.map_or(Some(1), |n| u32::try_from(n.0).ok())?;
    Some((trigger, nth))
}

fn fate(form: &FateForm, names: &Names, report: &mut Report<'_>) -> Option<Fate> {
    Some(match form {
        FateForm::Delay(duration) => Fate::Delay(duration.0),
        FateForm::Park(_) => Fate::Park,
        FateForm::Cut(bytes) => Fate::Cut(bytes.0),
        FateForm::Drop(_) => Fate::Drop,
        FateForm::Duplicate(_) => Fate::Duplicate,
        FateForm::Replace(form) => Fate::Replace(Replacement {
            status: u16::try_from(form.status?.0).ok()?,
            body: form
                .body
                .as_ref()
                .map(|body| body.0.clone())
                .unwrap_or_default(),
        }),
        FateForm::Halt(name) => {
            if !names.find(name, &names.processes(), "servers and hops", report) {
                return None;
            }
            if let Some((processes, place)) = names.replicas.get(&name.value) {
                let title = format!("{} is not one process", quote(&name.value));
                report.add(
                    Finding::new(name.span, title, "one process dies here")
                        .also(*place, "it consists of several")
                        .help(allowed("", "processes", processes)),
                );
                return None;
            }
            Fate::Halt(name.value.as_str().into())
        }
    })
}
