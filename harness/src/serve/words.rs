//! What the steps of a scenario are in words, and what a person is asked to do for them.

use crate::journal::{Action, Rung};
use crate::report::span;
use crate::scenario::{Call, Request, Step, StepAction, Targets};
use crate::serve::state::{Shown, Standing};

/// Whether a step is a fault, and not the user's doing or a time.
pub(super) fn is_fault(action: &StepAction) -> bool {
    !matches!(
        action,
        StepAction::Add(_)
            | StepAction::Connect(_)
            | StepAction::Disconnect(_)
            | StepAction::Delete(_)
            | StepAction::Reload
            | StepAction::NewConversation
            | StepAction::Incognito
            | StepAction::Normal
            | StepAction::Call(_)
            | StepAction::Read(_)
            | StepAction::Subscribe(_)
            | StepAction::Prompt(_)
            | StepAction::Complete(_)
            | StepAction::Await(_)
            | StepAction::Wait(_)
            | StepAction::Climb(_)
    )
}

/// A step as it is listed.
pub(super) fn shown(step: &Step) -> Shown {
    Shown {
        text: text(&step.action),
        is_fault: is_fault(&step.action),
        standing: Standing::ToCome,
    }
}

fn text(action: &StepAction) -> String {
    match action {
        StepAction::Add(server) => format!("add {server}"),
        StepAction::Connect(server) => format!("connect {server}"),
        StepAction::Disconnect(server) => format!("disconnect {server}"),
        StepAction::Delete(server) => format!("delete {server}"),
        StepAction::Reload => "reload the settings page".to_owned(),
        StepAction::NewConversation => "open a new conversation".to_owned(),
        StepAction::Incognito => "open a private window".to_owned(),
        StepAction::Normal => "return to the normal window".to_owned(),
        StepAction::Call(call) => of_call(call),
        StepAction::Read(request) => asked("read", request.what.as_str(), request),
        StepAction::Subscribe(request) => asked("subscribe to", request.what.as_str(), request),
        StepAction::Prompt(request) => asked("fill in prompt", request.what.as_str(), request),
        StepAction::Complete(request) => asked(
            "complete an argument of prompt",
            request.what.as_str(),
            request,
        ),
        StepAction::Await(name) => format!("wait for the calls `{name}`"),
        StepAction::Wait(ms) => format!("wait {}", span(*ms)),
        StepAction::Climb(server) => format!("find out, rung by rung, what helps {server}"),
        StepAction::Restart {
            targets, becomes, ..
        } => match becomes {
            None => format!("{} restarted", of(targets)),
            Some(becomes) => format!("{} restarted as {}", of(targets), becomes.told()),
        },
        StepAction::Drain { targets, .. } => format!("{} restarted gracefully", of(targets)),
        StepAction::Crash { targets } => format!("{} killed", of(targets)),
        StepAction::Down { targets, for_ms } => format!("{} stopped{}", of(targets), time(*for_ms)),
        StepAction::Up { targets } => format!("{} started", of(targets)),
        StepAction::PowerLoss { targets, down_ms } => {
            format!("power of {} lost for {}", of(targets), span(*down_ms))
        }
        StepAction::Partition { between, for_ms } => format!(
            "{} and {} cut off from each other{}",
            between.0,
            between.1,
            time(*for_ms)
        ),
        StepAction::Heal => "everything that was cut off is connected again".to_owned(),
        StepAction::Stall { target, for_ms } => {
            format!("{target} stalled for {}", span(*for_ms))
        }
        StepAction::Cut { target } => format!("every connection of {target} cut"),
        StepAction::Expire { server } => format!("every session of {server} expires"),
        StepAction::Notify { server, .. } => format!("{server} says that its tools changed"),
        StepAction::Others { on, .. } => format!("other users of {on} come or go"),
        StepAction::Ping { server } => format!("{server} pings its clients"),
        StepAction::Ask { server, .. } => format!("{server} asks its clients for something"),
    }
}

fn of(targets: &Targets) -> String {
    targets.processes.join(", ")
}

fn time(ms: Option<u64>) -> String {
    ms.map_or(String::new(), |ms| format!(" for {}", span(ms)))
}

fn of_call(call: &Call) -> String {
    let many = match call.parallel {
        1 => String::new(),
        many => format!(", {many} times at once"),
    };
    format!("call {} on {}{many}", call.tool.as_str(), call.on)
}

fn asked<T: Copy>(what: &str, name: &str, request: &Request<T>) -> String {
    format!("{what} {name} on {}", request.on)
}

/// What a person is asked to do.
pub(super) fn instruction(action: Action, server: &str, is_bare: bool) -> String {
    match (action, is_bare) {
        (Action::Add, false) => format!(
            "Add {server} to your application, by the address below, and let it connect."
        ),
        (Action::Add, true) => {
            format!("Make a client of {server} and connect it to the address below.")
        }
        (Action::Connect, _) => format!("Connect {server} in your application."),
        (Action::Disconnect, false) => format!(
            "Press Disconnect at {server} in your application, and wait until it says so."
        ),
        (Action::Disconnect, true) => format!("Disconnect the client of {server}."),
        (Action::Delete, false) => format!(
            "Delete {server} in your application, and wait until it is gone from the list."
        ),
        (Action::Delete, true) => {
            format!("Disconnect the client of {server}, and use it no more.")
        }
        (Action::Reload, _) => "Reload the settings page of your application.".to_owned(),
        (Action::NewConversation, _) => {
            "Open a new conversation in your application; close nothing.".to_owned()
        }
        (Action::OpenIncognito, _) => {
            "Open your application in a private window, with the same account, and a conversation in it."
                .to_owned()
        }
        (Action::OpenNormal, _) => "Return to the normal window of your application.".to_owned(),
    }
}

/// What a rung of the ladder is about.
pub(super) fn rung(rung: Rung) -> &'static str {
    match rung {
        Rung::Transparent => "does it work without doing anything?",
        Rung::Retry => "the same call again, later",
        Rung::NewConversation => "a new conversation",
        Rung::Reconnect => "disconnect, reload, connect",
        Rung::ReAdd => "delete the connector and add it again",
        Rung::Incognito => "a private window",
        Rung::Never => "nothing helped",
    }
}
