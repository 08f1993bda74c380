//! Injections: their shape in a file, whether the fault can ever fire, and how it is written. What a trigger matches and a
//! fate does is `fault`'s business; the table of which fate applies to which event is there too.

use super::cut::{self, CutForm};
use super::hops::{Added, header_edits};
use super::lasting::{self, UntilWord};
use super::names::Names;
use super::words::Now;
use crate::fault::{self, FateKind, Injection, Trigger, TriggerEvent};
use crate::journal::{Action, CLIENT, Fate, Replacement};
use crate::server::Tool;
use crate::yaml::decode::At;
use crate::yaml::duration::{self, Duration};
use crate::yaml::forms::{choice, record, words};
use crate::yaml::report::{Mistake, Report};
use crate::yaml::scalar::{AnyText, Text, Whole};
use crate::yaml::word::{One, name};
use crate::yaml::words::{allowed, list, quote};
use crate::yaml::write::{self, Yaml};

record! {
    /// A fault that fires when something is seen.
    InjectionForm, "an injection";
    required {
        /// What must be seen.
        "when" when: TriggerForm,
        /// What happens then.
        "then" then: At<FateForm>,
    }
    optional {
        /// At how many sightings it happens, from the `nth` on; 1 if neither this nor `until` is there.
        "times" times: Whole<1, 10_000>,
        /// It happens at every sighting until then: when calm begins, when the user first does that, or to the end. Without
        /// it nothing is injected in calm.
        "until" until: One<UntilWord>,
    }
}

words! {
    /// The methods of the transport.
    HttpMethod, "methods"; Post = "POST", Get = "GET", Delete = "DELETE",
}

record! {
    /// What must be seen. Every part that is given must match.
    TriggerForm, "`when`";
    required {
        /// The kind of event. A message is seen before it goes on, and the user before acting. At `effect` a tool's effect
        /// has been committed, at `session-opened` a session is there, and the server has not gone on yet.
        "event" event: At<One<TriggerEvent>>,
    }
    optional {
        /// Where: `client`, a hop or a server; of an action of the user, its connector.
        "at" at: At<Text>,
        /// The HTTP method of the exchange's request.
        "method" method: At<One<HttpMethod>>,
        /// The JSON-RPC method, e.g. `tools/call`.
        "rpc" rpc: At<Text>,
        /// The tool.
        "tool" tool: At<One<Tool>>,
        /// The status of a response.
        "status" status: At<Whole<100, 599>>,
        /// What the user does.
        "action" action: At<One<Action>>,
        /// Which of the sightings fires it, from 1; 1 if it is missing.
        "nth" nth: Whole<1, 10_000>,
    }
}

choice! {
    /// What happens when the trigger fires.
    FateForm, "`then`", "fate";
    /// It happens this much later. After an effect or an opened session, which stay, the server goes on this much later.
    "delay" Delay(Duration) = "delay: 5s",
    /// It and everything behind it on its connection stays away. After an effect or an opened session, which stay, the
    /// server never goes on with that request.
    "park" Park(One<Now>) = "park: now",
    /// The connection is cut after that many bytes of the message, or in the middle of its `head` or `body`, or at its `end`.
    /// An event of a stream has no head.
    "cut" Cut(CutForm) = "cut: 20",
    /// The message is lost.
    "drop" Drop(One<Now>) = "drop: now",
    /// The message comes twice.
    "duplicate" Duplicate(One<Now>) = "duplicate: now",
    /// The response is replaced.
    "replace" Replace(ReplaceForm) = "replace: {status: 503, body: text}",
    /// The process dies on the spot; a supervisor starts it again. What has been committed by then stays.
    "halt" Halt(At<Text>) = "halt: memory",
}

record! {
    /// Another response.
    ReplaceForm, "`replace`";
    required {
        /// The status.
        "status" status: Whole<200, 599>,
    }
    optional {
        /// The body; empty if it is missing.
        "body" body: AnyText,
        /// Headers beside those that frame it. Without `content-type` the body is JSON if it looks so, or else plain text.
        "headers" headers: Added,
    }
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
        times: form.value.times.and_then(|n| u32::try_from(n.0).ok()),
        until: form.value.until.map(|until| until.0.meant()),
    })
}

/// The fault would never fire.
fn never_applies(when: &Trigger, seen: &TriggerForm, then: &At<FateForm>) -> Mistake {
    let name = when.event.as_str();
    let fates = fault::admitted(when.event);
    let fates: Vec<&str> = fates.iter().map(|fate| fate.as_str()).collect();
    let title = format!("this fate never applies to {}", quote(name));
    let mut finding = Mistake::new(then.span, title, "this fault would never fire").help(allowed(
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
    if let Some(at) = &form.at {
        let mut known = names.processes();
        known.insert(0, CLIENT);
        let server = names.servers.contains(&at.value);
        let seen = match event {
            Some(TriggerEvent::Effect | TriggerEvent::SessionOpened) => {
                server || names.is_replica(&at.value)
            }
            Some(TriggerEvent::UserActs) => server,
            _ => true,
        };
        if names.find(at, &known, "places", report) && !seen {
            let title = format!("this event is never seen at {}", quote(&at.value));
            report.add(Mistake::new(at.span, title, "not a server").help(allowed(
                "",
                "servers",
                &names.servers,
            )));
        }
    }
    if let (Some(status), Some(event)) = (&form.status, event)
        && !matches!(
            event,
            TriggerEvent::ResponseSent | TriggerEvent::ResponseReceived
        )
    {
        report.add(
            Mistake::new(
                status.span,
                "this event has no status",
                "only responses have one",
            )
            .help("remove `status`, or make the event `response-sent` or `response-received`"),
        );
    }
    match event {
        Some(TriggerEvent::UserActs) => of_the_user(form, report),
        Some(_) => not_of_the_user(form, report),
        None => {}
    }
    let trigger = Trigger {
        event: event?,
        at: form.at.as_ref().map(|at| at.value.clone()),
        method: form
            .method
            .as_ref()
            .map(|method| name(method.value.0).to_owned()),
        rpc: form.rpc.as_ref().map(|rpc| rpc.value.clone()),
        tool: form.tool.as_ref().map(|tool| tool.value.0),
        status: form
            .status
            .as_ref()
            .and_then(|status| u16::try_from(status.value.0).ok()),
        action: form.action.as_ref().map(|action| action.value.0),
    };
    let nth = form.nth.map_or(Some(1), |n| u32::try_from(n.0).ok())?;
    Some((trigger, nth))
}

/// An action of the user is no message, and not every one is done to a connector.
fn of_the_user(form: &TriggerForm, report: &mut Report<'_>) {
    let parts = [
        ("method", form.method.as_ref().map(|part| part.span)),
        ("rpc", form.rpc.as_ref().map(|part| part.span)),
        ("tool", form.tool.as_ref().map(|part| part.span)),
    ];
    for (key, span) in parts {
        let Some(span) = span else { continue };
        let title = format!("an action of the user has no {}", quote(key));
        report.add(
            Mistake::new(span, title, "only messages have one").help(format!(
                "remove `{key}`, or make the event one of a message, e.g. `request-sent`"
            )),
        );
    }
    if let (Some(action), Some(at)) = (&form.action, &form.at)
        && !action.value.0.is_on_connector()
    {
        let done = quote(action.value.0.as_str());
        let on: Vec<&str> = Action::ALL
            .iter()
            .filter(|action| action.is_on_connector())
            .map(|action| action.as_str())
            .collect();
        report.add(
            Mistake::new(
                at.span,
                format!("{done} is done to no connector"),
                "so it is never seen here",
            )
            .also(action.span, "the action")
            .help(format!("remove `at`, or choose one of {}", list(&on))),
        );
    }
}

/// Nothing but an action of the user is one.
fn not_of_the_user(form: &TriggerForm, report: &mut Report<'_>) {
    let Some(action) = &form.action else { return };
    let finding = Mistake::new(
        action.span,
        "this event is no action of the user",
        "only `user-acts` has one",
    );
    let finding = match &form.event {
        Some(event) => finding.also(event.span, "the event"),
        None => finding,
    };
    report.add(finding.help("remove `action`, or make the event `user-acts`"));
}

fn fate(form: &FateForm, names: &Names, report: &mut Report<'_>) -> Option<Fate> {
    Some(match form {
        FateForm::Delay(duration) => Fate::Delay(duration.0),
        FateForm::Park(_) => Fate::Park,
        FateForm::Cut(form) => Fate::Cut(form.meant()),
        FateForm::Drop(_) => Fate::Drop,
        FateForm::Duplicate(_) => Fate::Duplicate,
        FateForm::Replace(form) => Fate::Replace(Replacement {
            status: u16::try_from(form.status?.0).ok()?,
            headers: header_edits(&None, &None, &form.headers, report).add,
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
                    Mistake::new(name.span, title, "one process dies here")
                        .also(*place, "it consists of several")
                        .help(allowed("", "processes", processes)),
                );
                return None;
            }
            Fate::Halt(name.value.as_str().into())
        }
    })
}

/// An injection as the file has it.
pub(super) fn written(injection: &Injection) -> Yaml {
    let Trigger {
        event,
        at,
        method,
        rpc,
        tool,
        status,
        action,
    } = &injection.when;
    let text = |text: &String| Yaml::text(text);
    let nth = (injection.nth != 1).then(|| Yaml::Number(injection.nth.into()));
    let when = write::Entries::default()
        .with("event", Yaml::text(event.as_str()))
        .with_some("action", action.map(|action| Yaml::text(action.as_str())))
        .with_some("at", at.as_ref().map(text))
        .with_some("method", method.as_ref().map(text))
        .with_some("rpc", rpc.as_ref().map(text))
        .with_some("tool", tool.map(|tool| Yaml::text(tool.as_str())))
        .with_some("status", status.map(|status| Yaml::Number(status.into())))
        .with_some("nth", nth);
    let injected = write::Entries::default().with("when", when.map());
    let injected = match FateKind::of(&injection.fate) {
        Some(kind) => {
            let then = write::Entries::default().with(kind.as_str(), argument(&injection.fate));
            injected.with("then", then.map())
        }
        // Nothing that a file could say.
        None => injected,
    };
    let until = injection.until.map(lasting::written);
    let times = injection.times.map(|times| Yaml::Number(times.into()));
    injected
        .with_some("times", times)
        .with_some("until", until)
        .lines()
}

/// What stands behind the name of a fate.
fn argument(fate: &Fate) -> Yaml {
    match fate {
        Fate::Delay(ms) => Yaml::text(duration::written(*ms)),
        Fate::Cut(at) => cut::written(*at),
        Fate::Replace(other) => {
            let body = (!other.body.is_empty()).then(|| Yaml::text(&other.body));
            let headers = other.headers.iter();
            let headers = headers.fold(write::Entries::default(), |all, (name, value)| {
                all.with(name, Yaml::text(value))
            });
            let headers = (!other.headers.is_empty()).then(|| headers.map());
            write::Entries::default()
                .with("status", Yaml::Number(other.status.into()))
                .with_some("body", body)
                .with_some("headers", headers)
                .map()
        }
        Fate::Halt(process) => Yaml::text(&**process),
        Fate::Park | Fate::Drop | Fate::Duplicate | Fate::Go => Yaml::text("now"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fate_that_a_plan_can_decide_can_be_written_and_no_other() {
        let schema = schemars::schema_for!(FateForm).to_value();
        let choices = schema["oneOf"].as_array().expect("a choice").iter();
        let keys: Vec<&str> = choices
            .map(|choice| choice["required"][0].as_str().expect("a key"))
            .collect();
        assert_eq!(keys, FateKind::ALL.map(FateKind::as_str));
    }
}
