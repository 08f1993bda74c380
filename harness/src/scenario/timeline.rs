//! Whether each step can be reached: a connector is there when it is used, what comes up was down. Only what is certain
//! from the file alone counts; time passes by `wait` at least. Which step does what here, the table of verbs says.

use std::collections::BTreeMap;

use super::names::Names;
use crate::yaml::decode::{At, unknown};
use crate::yaml::duration::Duration;
use crate::yaml::report::{Mistake, Report};
use crate::yaml::scalar::Text;
use crate::yaml::source::Span;
use crate::yaml::words::quote;

/// A connector's state.
#[derive(Clone, Copy)]
enum Connector {
    Never,
    There(Span),
    /// A step before it was added took it to be there, which was said.
    Assumed,
    Deleted(Span),
}

/// A fault that lasts.
#[derive(Clone, Copy)]
struct Lasting {
    since: Span,
    /// When it is over for certain, in milliseconds of `wait`; `None` until it is ended.
    until_ms: Option<u64>,
}

/// What is certain of the world at a step.
pub(super) struct Timeline<'f, 'c, 'r> {
    names: &'c Names,
    report: &'c mut Report<'r>,
    /// Where the step stands.
    pub(super) place: Span,
    connectors: BTreeMap<&'f str, Connector>,
    down: BTreeMap<String, Lasting>,
    partitions: Vec<Lasting>,
    incognito: bool,
    background: BTreeMap<&'f str, Span>,
    waited_ms: u64,
}

impl<'f, 'c, 'r> Timeline<'f, 'c, 'r> {
    /// Before the first step.
    pub(super) fn new(names: &'c Names, report: &'c mut Report<'r>) -> Self {
        Self {
            names,
            report,
            place: Span { start: 0, end: 0 },
            connectors: BTreeMap::new(),
            down: BTreeMap::new(),
            partitions: Vec::new(),
            incognito: false,
            background: BTreeMap::new(),
            waited_ms: 0,
        }
    }

    /// Time passes for certain.
    pub(super) fn wait(&mut self, duration: Duration) {
        self.waited_ms = self.waited_ms.saturating_add(duration.0);
    }

    /// The connector is deleted.
    pub(super) fn delete(&mut self, name: &'f At<Text>) {
        self.uses(name);
        self.connectors
            .insert(&name.value, Connector::Deleted(name.span));
    }

    /// A climb begins with calm: everything is healed and up.
    pub(super) fn climb(&mut self, name: &'f At<Text>) {
        self.uses(name);
        self.down.clear();
        self.partitions.clear();
    }

    /// A private window is opened.
    pub(super) fn leave_normal(&mut self) {
        self.incognito = true;
    }

    /// The normal window comes back.
    pub(super) fn return_to_normal(&mut self) {
        if std::mem::replace(&mut self.incognito, false) {
            return;
        }
        self.report.add(
            Mistake::new(
                self.place,
                "the user is in the normal window already",
                "no `incognito` before this",
            )
            .help("remove this step, or open a private window first: `- incognito: open`"),
        );
    }

    /// Two neighbours are cut off from each other.
    pub(super) fn partition(&mut self, time: Option<Duration>) {
        let fault = self.lasting(self.place, time);
        self.partitions.push(fault);
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

    /// The connector is added.
    pub(super) fn add(&mut self, name: &'f At<Text>) {
        if let Some(Connector::There(first)) = self.connectors.get(name.value.as_str()) {
            let title = format!("the connector {} is there already", quote(&name.value));
            self.report.add(
                Mistake::new(name.span, title, "added again")
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
    pub(super) fn uses(&mut self, name: &'f At<Text>) {
        let shown = quote(&name.value);
        let state = self.connectors.get(name.value.as_str()).copied();
        match state.unwrap_or(Connector::Never) {
            Connector::There(_) | Connector::Assumed => return,
            Connector::Never => self.report.add(
                Mistake::new(
                    name.span,
                    format!("the connector {shown} is not there"),
                    "used here, and not added before",
                )
                .help(format!("put `- add: {}` before this step", name.value)),
            ),
            Connector::Deleted(place) => self.report.add(
                Mistake::new(
                    name.span,
                    format!("the connector {shown} is not there"),
                    "used here",
                )
                .also(place, "deleted here")
                .help(format!("put `- add: {}` before this step", name.value)),
            ),
        }
        // One error is enough.
        self.connectors.insert(&name.value, Connector::Assumed);
    }

    /// The user asks something of a connector, in the background if it has a name.
    pub(super) fn asks(&mut self, on: Option<&'f At<Text>>, background: Option<&'f At<Text>>) {
        on.into_iter().for_each(|on| self.uses(on));
        background.into_iter().for_each(|name| self.begin(name));
    }

    /// A call begins in the background.
    pub(super) fn begin(&mut self, name: &'f At<Text>) {
        if let Some(first) = self.background.get(name.value.as_str()) {
            let title = format!("two background calls are called {}", quote(&name.value));
            self.report.add(
                Mistake::new(name.span, title, "again here")
                    .also(*first, "first here")
                    .help("give each a name of its own; several calls at once are one `call` with `parallel`"),
            );
            return;
        }
        self.background.insert(&name.value, name.span);
    }

    /// Something waits for such calls.
    pub(super) fn awaits(&mut self, name: &At<Text>) {
        if self.background.contains_key(name.value.as_str()) {
            return;
        }
        let known: Vec<&str> = self.background.keys().copied().collect();
        if known.is_empty() {
            self.report.add(
                Mistake::new(
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
            self.report.add(unknown(
                name.span,
                "background calls before this step",
                &name.value,
                &known,
            ));
        }
    }

    /// Every partition is healed.
    pub(super) fn heal(&mut self) {
        let open = self.partitions.iter().any(|p| self.lasts(p));
        if !open {
            let over = self.partitions.last().map(|p| p.since);
            let mut finding = Mistake::new(
                self.place,
                "there is no partition to heal",
                "nothing is cut off here",
            )
            .help("remove this step, or put a `partition` without `for` before it");
            if let Some(since) = over {
                finding = finding.also(since, "this one is over by then");
            }
            self.report.add(finding);
        }
        self.partitions.clear();
    }

    /// The processes of a target.
    fn processes(&self, name: &str) -> Vec<String> {
        self.names.members(name)
    }

    /// Processes are taken down, for a time or until `bring_up`.
    pub(super) fn take_down(&mut self, targets: &[At<Text>], time: Option<Duration>) {
        self.strike(targets);
        for name in targets {
            let fault = self.lasting(name.span, time);
            for process in self.processes(&name.value) {
                self.down.insert(process, fault);
            }
        }
    }

    /// What was taken down comes up.
    pub(super) fn bring_up(&mut self, targets: &[At<Text>]) {
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
            let mut finding = Mistake::new(name.span, title, "it is up at this step").help(
                "`up` ends a `down`; what was restarted, crashed or lost power comes back by itself, and a climb brings up everything",
            );
            if let Some(since) = over {
                finding = finding.also(since, "this is over by then");
            }
            self.report.add(finding);
        }
    }

    /// A fault on processes, none of which may be down for an indefinite time.
    pub(super) fn strike(&mut self, names: &[At<Text>]) {
        for name in names {
            for process in self.processes(&name.value) {
                let Some(fault) = self.down.get(&process) else {
                    continue;
                };
                if fault.until_ms.is_some() {
                    continue;
                }
                self.report.add(
                    Mistake::new(
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
