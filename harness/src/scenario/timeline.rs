//! Whether each step can be reached: a connector is there when it is used, what comes up was down. Only what is certain
//! from the file alone counts; time passes by `wait` at least.

use std::collections::BTreeMap;

use super::cast::Names;
use super::decode::{At, unknown};
use super::diagnose::{Finding, Report, Span};
use super::file::{StepForm, TargetOr, Targets};
use super::scalar::{Duration, Text};
use super::words::quote;

/// A connector's state.
#[derive(Clone, Copy)]
enum Connector {
    Never,
    There(Span),
    Deleted(Span),
}

/// A fault that lasts.
#[derive(Clone, Copy)]
struct Lasting {
    since: Span,
    /// When it is over for certain, in milliseconds of `wait`; `None` until it is ended.
    until_ms: Option<u64>,
}

struct Timeline<'f, 'n> {
    names: &'n Names,
    connectors: BTreeMap<&'f str, Connector>,
    down: BTreeMap<String, Lasting>,
    partitions: Vec<Lasting>,
    incognito: bool,
    background: BTreeMap<&'f str, Span>,
    waited_ms: u64,
}

/// The servers, hops and machines that a step is about.
fn subjects(step: &StepForm) -> &[At<Text>] {
    fn of(targets: Option<&Targets>) -> &[At<Text>] {
        targets.map_or(&[], Targets::names)
    }
    match step {
        StepForm::Add(name)
        | StepForm::Connect(name)
        | StepForm::Disconnect(name)
        | StepForm::Delete(name)
        | StepForm::Expire(name)
        | StepForm::Notify(name)
        | StepForm::Climb(name) => std::slice::from_ref(name),
        StepForm::Call(call) => call.on.as_slice(),
        StepForm::Restart(TargetOr::Full(form)) | StepForm::PowerLoss(TargetOr::Full(form)) => {
            of(form.target.as_ref())
        }
        StepForm::Drain(TargetOr::Full(form)) => of(form.target.as_ref()),
        StepForm::Down(TargetOr::Full(form)) => of(form.target.as_ref()),
        StepForm::Stall(form) => of(form.target.as_ref()),
        StepForm::Restart(TargetOr::Bare(targets))
        | StepForm::PowerLoss(TargetOr::Bare(targets))
        | StepForm::Drain(TargetOr::Bare(targets))
        | StepForm::Down(TargetOr::Bare(targets))
        | StepForm::Crash(targets)
        | StepForm::Up(targets)
        | StepForm::Cut(targets) => of(Some(targets)),
        StepForm::Reload(_)
        | StepForm::NewConversation(_)
        | StepForm::Incognito(_)
        | StepForm::Normal(_)
        | StepForm::Await(_)
        | StepForm::Wait(_)
        | StepForm::Partition(_)
        | StepForm::Heal(_) => &[],
    }
}

/// Walks through the steps, unless one of them names what is not there: who knows what was meant to be up by then.
pub(super) fn check(steps: &[At<StepForm>], names: &Names, report: &mut Report<'_>) {
    let known = |name: &At<Text>| {
        let word = name.value.as_str();
        word == "client" || names.processes().contains(&word) || names.machines.contains_key(word)
    };
    if !steps
        .iter()
        .flat_map(|step| subjects(&step.value))
        .all(known)
    {
        return;
    }
    let mut timeline = Timeline {
        names,
        connectors: BTreeMap::new(),
        down: BTreeMap::new(),
        partitions: Vec::new(),
        incognito: false,
        background: BTreeMap::new(),
        waited_ms: 0,
    };
    for step in steps {
        timeline.step(step, report);
    }
}

impl<'f> Timeline<'f, '_> {
    fn step(&mut self, step: &'f At<StepForm>, report: &mut Report<'_>) {
        match &step.value {
            StepForm::Add(name) => self.add(name, report),
            StepForm::Connect(name) | StepForm::Disconnect(name) => {
                self.uses(name, report);
            }
            StepForm::Delete(name) => {
                self.uses(name, report);
                self.connectors
                    .insert(&name.value, Connector::Deleted(name.span));
            }
            StepForm::Climb(name) => {
                self.uses(name, report);
                // A climb begins with calm: everything is healed and up.
                self.down.clear();
                self.partitions.clear();
            }
            StepForm::Call(call) => {
                if let Some(on) = &call.on {
                    self.uses(on, report);
                }
                if let Some(name) = &call.background {
                    self.begin(name, report);
                }
            }
            StepForm::Await(name) => self.awaits(name, report),
            StepForm::Wait(duration) => self.waited_ms = self.waited_ms.saturating_add(duration.0),
            StepForm::Incognito(_) => self.incognito = true,
            StepForm::Normal(_) => {
                if !std::mem::replace(&mut self.incognito, false) {
                    report.add(
                        Finding::new(
                            step.span,
                            "the user is in the normal window already",
                            "no `incognito` before this",
                        )
                        .help(
                            "remove this step, or open a private window first: `- incognito: open`",
                        ),
                    );
                }
            }
            StepForm::Reload(_) | StepForm::NewConversation(_) => {}
            StepForm::Heal(_) => self.heal(step.span, report),
            StepForm::Partition(form) => self
                .partitions
                .push(self.lasting(step.span, form.span_of_time)),
            StepForm::Down(form) => {
                let time = match form {
                    TargetOr::Bare(_) => None,
                    TargetOr::Full(form) => form.span_of_time,
                };
                self.take_down(subjects(&step.value), time, report);
            }
            StepForm::Up(_) => self.bring_up(subjects(&step.value), report),
            StepForm::Restart(_)
            | StepForm::PowerLoss(_)
            | StepForm::Drain(_)
            | StepForm::Crash(_)
            | StepForm::Cut(_)
            | StepForm::Stall(_)
            | StepForm::Expire(_)
            | StepForm::Notify(_) => self.strike(subjects(&step.value), report),
        }
    }

    fn lasting(&self, since: Span, time: Option<Duration>) -> Lasting {
        Lasting {
            since,
            until_ms: time.map(|d| self.waited_ms.saturating_add(d.0)),
        }
    }

    /// Whether a fault may still last.
    fn lasts(&self, fault: &Lasting) -> bool {
        fault.until_ms.is_none_or(|until| self.waited_ms < until)
    }

    fn add(&mut self, name: &'f At<Text>, report: &mut Report<'_>) {
        if let Some(Connector::There(first)) = self.connectors.get(name.value.as_str()) {
            let title = format!("the connector {} is there already", quote(&name.value));
            report.add(
                Finding::new(name.span, title, "added again")
                    .also(*first, "added here")
                    .help(format!(
                        "remove this step, or put `- delete: {}` before it",
                        name.value
                    )),
            );
            return;
        }
        self.connectors
            .insert(&name.value, Connector::There(name.span));
    }

    /// A step that needs the connector.
    fn uses(&mut self, name: &'f At<Text>, report: &mut Report<'_>) {
        let shown = quote(&name.value);
        let state = self.connectors.get(name.value.as_str()).copied();
        match state.unwrap_or(Connector::Never) {
            Connector::There(_) => return,
            Connector::Never => report.add(
                Finding::new(
                    name.span,
                    format!("the connector {shown} is not there"),
                    "used here, and not added before",
                )
                .help(format!("put `- add: {}` before this step", name.value)),
            ),
            Connector::Deleted(place) => report.add(
                Finding::new(
                    name.span,
                    format!("the connector {shown} is not there"),
                    "used here",
                )
                .also(place, "deleted here")
                .help(format!("put `- add: {}` before this step", name.value)),
            ),
        }
        // One error is enough.
        self.connectors
            .insert(&name.value, Connector::There(name.span));
    }

    fn begin(&mut self, name: &'f At<Text>, report: &mut Report<'_>) {
        if let Some(first) = self.background.get(name.value.as_str()) {
            let title = format!("two background calls are called {}", quote(&name.value));
            report.add(
                Finding::new(name.span, title, "again here")
                    .also(*first, "first here")
                    .help("give each a name of its own; several calls at once are one `call` with `parallel`"),
            );
            return;
        }
        self.background.insert(&name.value, name.span);
    }

    fn awaits(&self, name: &At<Text>, report: &mut Report<'_>) {
        if self.background.contains_key(name.value.as_str()) {
            return;
        }
        let known: Vec<&str> = self.background.keys().copied().collect();
        if known.is_empty() {
            report.add(
                Finding::new(
                    name.span,
                    format!("no call {} runs in the background", quote(&name.value)),
                    "nothing to wait for",
                )
                .help(format!(
                    "put `background: {}` into an earlier `call`",
                    name.value
                )),
            );
        } else {
            report.add(unknown(
                name.span,
                "background calls before this step",
                &name.value,
                &known,
            ));
        }
    }

    fn heal(&mut self, place: Span, report: &mut Report<'_>) {
        let open = self.partitions.iter().any(|p| self.lasts(p));
        if !open {
            let over = self.partitions.last().map(|p| p.since);
            let mut finding = Finding::new(
                place,
                "there is no partition to heal",
                "nothing is cut off here",
            )
            .help("remove this step, or put a `partition` without `for` before it");
            if let Some(since) = over {
                finding = finding.also(since, "this one is over by then");
            }
            report.add(finding);
        }
        self.partitions.clear();
    }

    /// The processes of a target.
    fn processes(&self, name: &str) -> Vec<String> {
        self.names.members(name)
    }

    fn take_down(&mut self, targets: &[At<Text>], time: Option<Duration>, report: &mut Report<'_>) {
        self.strike(targets, report);
        for name in targets {
            let fault = self.lasting(name.span, time);
            for process in self.processes(&name.value) {
                self.down.insert(process, fault);
            }
        }
    }

    fn bring_up(&mut self, targets: &[At<Text>], report: &mut Report<'_>) {
        for name in targets {
            let mut was_down = false;
            let mut over = None;
            for process in self.processes(&name.value) {
                if let Some(fault) = self.down.remove(&process) {
                    was_down |= self.lasts(&fault);
                    over = Some(fault.since);
                }
            }
            if was_down {
                continue;
            }
            let title = format!("{} is not down", quote(&name.value));
            let mut finding = Finding::new(name.span, title, "it is up at this step").help(
                "`up` ends a `down`; what was restarted, crashed or lost power comes back by itself, and a climb brings up everything",
            );
            if let Some(since) = over {
                finding = finding.also(since, "this is over by then");
            }
            report.add(finding);
        }
    }

    /// A fault on processes, none of which may be down for an indefinite time.
    fn strike(&mut self, names: &[At<Text>], report: &mut Report<'_>) {
        for name in names {
            for process in self.processes(&name.value) {
                let Some(fault) = self.down.get(&process) else {
                    continue;
                };
                if fault.until_ms.is_some() {
                    continue;
                }
                report.add(
                    Finding::new(
                        name.span,
                        format!("{} is down at this step", quote(&process)),
                        "a fault on what is down",
                    )
                    .also(fault.since, "down since here")
                    .help(format!(
                        "remove this step, or put `- up: {process}` before it"
                    )),
                );
            }
        }
    }
}
