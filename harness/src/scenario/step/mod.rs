//! The steps of a scenario: every verb, defined once, and what all of them have in common.

mod becomes;
mod call;
mod checker;
mod demand;
mod faults;
mod others;
mod partition;
mod request;
mod targets;
mod verbs;

use std::slice;

pub use becomes::Becomes;
pub use call::{Call, CallExpect, MOST_PADDING};
pub(super) use checker::Checker;
pub use request::Request;
pub use targets::Targets;

use becomes::{NotifyForm, NotifyOr};
use call::{CallForm, call};
use demand::{AskForm, Asked};
use faults::{All, DownForm, DrainForm, Open, PowerForm, RestartForm, Settings, StallForm};
use others::OthersForm;
use partition::{PartitionForm, partitions};
use request::{CompleteForm, PromptForm, ReadForm, SubscribeForm};
use targets::{TargetOr, TargetsForm, struck, targets, targets_or_client};
use verbs::verbs;

use super::names::Names;
use super::timeline::Timeline;
use super::words::Now;
use crate::server::{Demand, Others, Prompt, Resource, Tools};
use crate::yaml::decode::At;
use crate::yaml::duration::{Duration, written};
use crate::yaml::forms::choice;
use crate::yaml::report::Report;
use crate::yaml::scalar::Text;
use crate::yaml::word::One;
use crate::yaml::write::{Entries, Yaml};

/// The time that what was stopped stays down, where the file names none, in milliseconds.
pub const DOWN_MS: u64 = 1_000;
/// The time that a drain gives, where the file names none, in milliseconds.
pub const DRAIN_MS: u64 = 30_000;

/// One step with its place in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its line, from 1; 0 if it is of no file.
    pub line: u64,
    /// What it does.
    pub action: StepAction,
}

verbs! {
    /// The user adds the connector of that server; adding connects.
    "add" Add(At<Text>) = "add: memory", (String);
        means |name, check| [StepAction::Add(check.server(name)?)];
        written Self::Add(server) => Yaml::text(server);
        then |name, timeline| timeline.add(name);

    /// The user connects it.
    "connect" Connect(At<Text>) = "connect: memory", (String);
        means |name, check| [StepAction::Connect(check.server(name)?)];
        written Self::Connect(server) => Yaml::text(server);
        then |name, timeline| timeline.uses(name);

    /// The user disconnects it.
    "disconnect" Disconnect(At<Text>) = "disconnect: memory", (String);
        means |name, check| [StepAction::Disconnect(check.server(name)?)];
        written Self::Disconnect(server) => Yaml::text(server);
        then |name, timeline| timeline.uses(name);

    /// The user deletes it.
    "delete" Delete(At<Text>) = "delete: memory", (String);
        means |name, check| [StepAction::Delete(check.server(name)?)];
        written Self::Delete(server) => Yaml::text(server);
        then |name, timeline| timeline.delete(name);

    /// The user reloads the settings page.
    "reload" Reload(One<Settings>) = "reload: settings";
        means |_page, _check| [StepAction::Reload];
        written Self::Reload => Yaml::text("settings");
        then |_page, _timeline| {};

    /// The user opens a new conversation.
    "new-conversation" NewConversation(One<Now>) = "new-conversation: now";
        means |_now, _check| [StepAction::NewConversation];
        written Self::NewConversation => Yaml::text("now");
        then |_now, _timeline| {};

    /// The user opens a private window and a conversation in it; later actions happen there.
    "incognito" Incognito(One<Open>) = "incognito: open";
        means |_open, _check| [StepAction::Incognito];
        written Self::Incognito => Yaml::text("open");
        then |_open, timeline| timeline.leave_normal();

    /// The user returns to the normal window.
    "normal" Normal(One<Open>) = "normal: open";
        means |_open, _check| [StepAction::Normal];
        written Self::Normal => Yaml::text("open");
        then |_open, timeline| timeline.return_to_normal();

    /// A tool is called.
    "call" Call(CallForm) = "call: {on: memory, tool: create_entities, expect: ok}", (Call);
        means |form, check| [StepAction::Call(call(form, check)?)];
        written Self::Call(call) => call.written();
        then |form, timeline| timeline.asks(form.on.as_ref(), form.background.as_ref());

    /// A resource is read (`resources/read`).
    "read" Read(ReadForm) = "read: {on: memory, resource: memory://graph, expect: ok}", (Request<Resource>);
        means |form, check| [StepAction::Read(form.means(check)?)];
        written Self::Read(request) => request.written("resource", request.what.as_str());
        then |form, timeline| timeline.asks(form.on.as_ref(), form.background.as_ref());

    /// The client is to be told when a resource changes (`resources/subscribe`).
    "subscribe" Subscribe(SubscribeForm) = "subscribe: {on: memory, resource: memory://graph}", (Request<Resource>);
        means |form, check| [StepAction::Subscribe(form.means(check)?)];
        written Self::Subscribe(request) => request.written("resource", request.what.as_str());
        then |form, timeline| timeline.asks(form.on.as_ref(), form.background.as_ref());

    /// A prompt is filled in (`prompts/get`).
    "prompt" Prompt(PromptForm) = "prompt: {on: memory, name: summarize}", (Request<Prompt>);
        means |form, check| [StepAction::Prompt(form.means(check)?)];
        written Self::Prompt(request) => request.written("name", request.what.as_str());
        then |form, timeline| timeline.asks(form.on.as_ref(), form.background.as_ref());

    /// An argument of a prompt is completed (`completion/complete`).
    "complete" Complete(CompleteForm) = "complete: {on: memory, prompt: summarize}", (Request<Prompt>);
        means |form, check| [StepAction::Complete(form.means(check)?)];
        written Self::Complete(request) => request.written("prompt", request.what.as_str());
        then |form, timeline| timeline.asks(form.on.as_ref(), form.background.as_ref());

    /// Waits for the background calls of that name.
    "await" Await(At<Text>) = "await: first", (String);
        means |name, _check| [StepAction::Await(name.value.clone())];
        written Self::Await(name) => Yaml::text(name);
        then |name, timeline| timeline.awaits(name);

    /// Lets virtual time pass.
    "wait" Wait(Duration) = "wait: 30s", (
        /// Milliseconds, 1 to [`LONGEST_MS`](super::LONGEST_MS).
        u64
    );
        means |duration, _check| [StepAction::Wait(duration.0)];
        written Self::Wait(ms) => Yaml::text(written(*ms));
        then |duration, timeline| timeline.wait(*duration);

    /// The processes are told to stop (SIGTERM), end, and are started again, perhaps as another version of their server.
    "restart" Restart(TargetOr<RestartForm>) = "restart: {target: memory, down: 2s}", {
        /// Whom it strikes.
        targets: Targets,
        /// Milliseconds from the end to the next start, 1 to [`LONGEST_MS`](super::LONGEST_MS).
        down_ms: u64,
        /// What they are from their next start on; `None` is what they were.
        becomes: Option<Becomes>,
    };
        means |form, check| {
            let targets = targets(form.target()?, check)?;
            let other = form.form().and_then(|form| form.becomes.as_ref());
            let becomes = match other {
                None => None,
                Some(other) => Some(other.value.means(other.span, form.names(), check)?),
            };
            let down_ms = or(form.form().and_then(|form| form.down), DOWN_MS);
            [StepAction::Restart { targets, down_ms, becomes }]
        };
        written Self::Restart { targets, down_ms, becomes } => match becomes {
            None => struck(targets, &[("down", *down_ms, DOWN_MS)]),
            Some(other) => Entries::default()
                .with("target", targets.written())
                .with_some("down", (*down_ms != DOWN_MS).then(|| Yaml::text(written(*down_ms))))
                .with("as", other.written())
                .map(),
        };
        then |form, timeline| timeline.strike(form.names());

    /// As a restart, but each process first finishes what is in flight.
    "drain" Drain(TargetOr<DrainForm>) = "drain: {target: memory, limit: 30s, down: 1s}", {
        /// Whom it strikes.
        targets: Targets,
        /// Milliseconds that work in flight is given, 1 to [`LONGEST_MS`](super::LONGEST_MS).
        limit_ms: u64,
        /// Milliseconds from the end to the next start, 1 to [`LONGEST_MS`](super::LONGEST_MS).
        down_ms: u64,
    };
        means |form, check| [StepAction::Drain {
            targets: targets(form.target()?, check)?,
            limit_ms: or(form.form().and_then(|form| form.limit), DRAIN_MS),
            down_ms: or(form.form().and_then(|form| form.down), DOWN_MS),
        }];
        written Self::Drain { targets, limit_ms, down_ms } => {
            struck(targets, &[("limit", *limit_ms, DRAIN_MS), ("down", *down_ms, DOWN_MS)])
        };
        then |form, timeline| timeline.strike(form.names());

    /// The processes die at once (SIGKILL); a supervisor starts each again.
    "crash" Crash(TargetsForm) = "crash: memory", {
        /// Whom it strikes.
        targets: Targets,
    };
        means |form, check| [StepAction::Crash { targets: targets(form, check)? }];
        written Self::Crash { targets } => targets.written();
        then |form, timeline| timeline.strike(form.names());

    /// The processes are stopped and their ports refuse connections, for a time or until `up`.
    "down" Down(TargetOr<DownForm>) = "down: {target: memory, for: 10m}", {
        /// Whom it strikes.
        targets: Targets,
        /// Milliseconds, 1 to [`LONGEST_MS`](super::LONGEST_MS); `None` is until `up` or calm.
        for_ms: Option<u64>,
    };
        means |form, check| [StepAction::Down {
            targets: targets(form.target()?, check)?,
            for_ms: form.form().and_then(|form| form.span_of_time).map(|time| time.0),
        }];
        written Self::Down { targets, for_ms } => match for_ms {
            None => targets.written(),
            Some(ms) => struck(targets, &[("for", *ms, 0)]),
        };
        then |form, timeline| {
            timeline.take_down(form.names(), form.form().and_then(|form| form.span_of_time));
        };

    /// The processes that are down are started.
    "up" Up(TargetsForm) = "up: memory", {
        /// Who comes up.
        targets: Targets,
    };
        means |form, check| [StepAction::Up { targets: targets(form, check)? }];
        written Self::Up { targets } => targets.written();
        then |form, timeline| timeline.bring_up(form.names());

    /// The machines lose power: peers are left half-open.
    "power-loss" PowerLoss(TargetOr<PowerForm>) = "power-loss: {target: lightsail, down: 20s}", {
        /// Whom it strikes.
        targets: Targets,
        /// Milliseconds without power, 1 to [`LONGEST_MS`](super::LONGEST_MS).
        down_ms: u64,
    };
        means |form, check| [StepAction::PowerLoss {
            targets: targets(form.target()?, check)?,
            down_ms: or(form.form().and_then(|form| form.down), DOWN_MS),
        }];
        written Self::PowerLoss { targets, down_ms } => struck(targets, &[("down", *down_ms, DOWN_MS)]);
        then |form, timeline| timeline.strike(form.names());

    /// Nothing passes between two neighbours on the path, for a time or until `heal`.
    "partition" Partition(PartitionForm) = "partition: {between: [client, cloudflare], for: 40s}", {
        /// Two neighbours on the way from `client` through the hops to a server. TCP delivers it all when healed.
        between: (String, String),
        /// Milliseconds, 1 to [`LONGEST_MS`](super::LONGEST_MS); `None` is until `heal` or calm.
        for_ms: Option<u64>,
    };
        means |form, check| {
            let for_ms = form.span_of_time.map(|time| time.0);
            let pairs = partitions(form, check)?.into_iter();
            pairs.map(|between| StepAction::Partition { between, for_ms }).collect::<Vec<_>>()
        };
        written Self::Partition { between: (one, other), for_ms } => Entries::default()
            .with("between", Yaml::texts(&[one, other]))
            .with_some("for", for_ms.map(|ms| Yaml::text(written(ms))))
            .map();
        then |form, timeline| timeline.partition(form.span_of_time);

    /// Every partition is healed.
    "heal" Heal(One<All>) = "heal: all";
        means |_all, _check| [StepAction::Heal];
        written Self::Heal => Yaml::text("all");
        then |_all, timeline| timeline.heal();

    /// The process neither reads nor writes, as if stopped by SIGSTOP.
    "stall" Stall(StallForm) = "stall: {target: memory, for: 10s}", {
        /// A server, a hop or `client`.
        target: String,
        /// Milliseconds, 1 to [`LONGEST_MS`](super::LONGEST_MS).
        for_ms: u64,
    };
        means |form, check| {
            let targets = targets_or_client(form.target.as_ref()?, check)?;
            let for_ms = form.span_of_time?.0;
            let each = targets.processes.into_iter();
            each.map(|target| StepAction::Stall { target, for_ms }).collect::<Vec<_>>()
        };
        written Self::Stall { target, for_ms } => Entries::default()
            .with("target", Yaml::text(target))
            .with("for", Yaml::text(written(*for_ms)))
            .map();
        then |form, timeline| form.target.iter().for_each(|form| timeline.strike(form.names()));

    /// Every connection of the process is cut.
    "cut" Cut(TargetsForm) = "cut: nginx", {
        /// A server or a hop.
        target: String,
    };
        means |form, check| {
            let each = targets(form, check)?.processes.into_iter();
            each.map(|target| StepAction::Cut { target }).collect::<Vec<_>>()
        };
        written Self::Cut { target } => Yaml::text(target);
        then |form, timeline| timeline.strike(form.names());

    /// Every session of the server expires.
    "expire" Expire(At<Text>) = "expire: memory", {
        /// The server.
        server: String,
    };
        means |name, check| [StepAction::Expire { server: check.model(name)? }];
        written Self::Expire { server } => Yaml::text(server);
        then |name, timeline| timeline.strike(slice::from_ref(name));

    /// The server tells every session's client that its list of tools changed, which it may have.
    "notify" Notify(NotifyOr) = "notify: memory", {
        /// The server.
        server: String,
        /// The tools that it has from here on; `None` is what it had.
        tools: Option<Tools>,
    };
        means |form, check| [form.means(check)?];
        written Self::Notify { server, tools } => NotifyForm::written(server, *tools);
        then |form, timeline| form.server().into_iter().for_each(|name| timeline.strike(slice::from_ref(name)));

    /// Other users open sessions on the server, or end them.
    "others" Others(OthersForm) = "others: {on: memory, leak: 63}", {
        /// The server.
        on: String,
        /// What they do.
        what: Others,
    };
        means |form, check| [form.means(check)?];
        written Self::Others { on, what } => OthersForm::written(on, *what);
        then |form, timeline| form.on.iter().for_each(|name| timeline.strike(slice::from_ref(name)));

    /// The server pings every session's client.
    "ping" Ping(At<Text>) = "ping: memory", {
        /// The server.
        server: String,
    };
        means |name, check| [StepAction::Ping { server: check.model(name)? }];
        written Self::Ping { server } => Yaml::text(server);
        then |name, timeline| timeline.strike(slice::from_ref(name));

    /// The server asks every session's client for its roots, or for a text of its model.
    "ask" Ask(AskForm) = "ask: {from: memory, what: roots}", {
        /// The server.
        server: String,
        /// What it asks for.
        what: Demand,
    };
        means |form, check| [form.means(check)?];
        written Self::Ask { server, what } => Entries::default()
            .with("from", Yaml::text(server))
            .with("what", Yaml::text(Asked::word(*what)))
            .map();
        then |form, timeline| form.from.iter().for_each(|name| timeline.strike(slice::from_ref(name)));

    /// The recovery ladder is climbed for that server; everything is healed and up from then on.
    "climb" Climb(At<Text>) = "climb: memory", (String);
        means |name, check| [StepAction::Climb(check.server(name)?)];
        written Self::Climb(server) => Yaml::text(server);
        then |name, timeline| timeline.climb(name);
}

fn or(given: Option<Duration>, ms: u64) -> u64 {
    given.map_or(ms, |duration| duration.0)
}

/// The steps that one entry of the file means: several if a `stall`, `cut` or `partition` is of several processes. Empty
/// after an error.
pub(super) fn steps(form: &At<StepForm>, check: &mut Checker<'_, '_>) -> Vec<Step> {
    let line = form.line;
    let actions = form.value.means(check).unwrap_or_default().into_iter();
    actions.map(|action| Step { line, action }).collect()
}

/// Walks through the steps, and reports those that cannot be reached.
pub(super) fn walk(steps: &[At<StepForm>], names: &Names, report: &mut Report<'_>) {
    let mut timeline = Timeline::new(names, report);
    for step in steps {
        timeline.place = step.span;
        step.value.walk(&mut timeline);
    }
}

impl Step {
    /// As the file has it.
    pub(super) fn written(&self) -> Yaml {
        let (verb, argument) = self.action.written();
        Entries::default().with(verb, argument).lines()
    }
}

impl StepAction {
    /// Which of the user's client objects it has ask, from 1; 1 for what asks nothing.
    #[must_use]
    pub fn object(&self) -> u8 {
        match self {
            Self::Call(call) => call.object,
            Self::Read(request) => request.object,
            Self::Subscribe(request) => request.object,
            Self::Prompt(request) | Self::Complete(request) => request.object,
            _ => 1,
        }
    }
}
