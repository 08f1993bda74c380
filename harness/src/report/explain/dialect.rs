//! The page of a dialect: how it names sessions and loses them, and what it answers in every situation. Bodies are counted,
//! not shown: it is by their length that an access log tells them apart.

use super::page::Page;
use crate::server::{
    Answer, Beyond, Cancelled, Check, Dialect, EndedCall, Exit, Finished, Flaw, GetStreams,
    Hazards, IdShape, IdleClock, Offers, RequestStream, Resume, Scope, SessionOf, Situation,
    StreamEnd, Then, Tokens,
};

/// The page.
pub(super) fn page(dialect: &Dialect) -> String {
    let mut page = Page::new(&dialect.name, "a dialect of the model server");
    page.field("Source", &dialect.summary);
    let shape = match dialect.sessions.id {
        IdShape::UuidV4 => "a version 4 UUID",
        IdShape::Hex32 => "32 hexadecimal digits",
        IdShape::None => "none",
    };
    let end = match dialect.sessions.idle_timeout_ms {
        None => "no session expires".to_owned(),
        Some(ms) => match dialect.sessions.idle_clock {
            IdleClock::Streams => format!("a session expires after {} of rest", time(ms)),
            IdleClock::Calls => format!(
                "a session expires after {} without an open call, whatever GET streams are open",
                time(ms)
            ),
            IdleClock::Requests => format!(
                "a session expires {} after its last request, whatever runs or is open",
                time(ms)
            ),
            IdleClock::Messages => format!(
                "a session expires {} after its last message, whatever streams are open",
                time(ms)
            ),
        },
    };
    let single = match dialect.sessions.single {
        true => "; there is one session in the life of the process, and never a second",
        false => "",
    };
    let sessions = match dialect.has_sessions() {
        true => format!("the id is {shape}; {end}{single}{}", bounds(dialect)),
        false => "there are none: no id is given, and each request stands alone".to_owned(),
    };
    page.field("Sessions", &sessions);
    let offers = match dialect.offers {
        Offers::Wanted => "",
        Offers::Preferred => "; the first is answered, whatever is wanted",
        Offers::Echo => "; what is wanted is answered, whatever it is",
    };
    page.field(
        "Revisions",
        &format!("{}{offers}", dialect.revisions.join(", ")),
    );
    if let Some(taken) = &dialect.header_revisions {
        page.field(
            "Headers",
            &format!(
                "only these name a revision that it takes: {}",
                taken.join(", ")
            ),
        );
    }
    let checks: Vec<&str> = dialect.checks.iter().copied().map(check).collect();
    page.field("Checks", &format!("in this order: {}", checks.join(", ")));
    page.field("Streams", &streams(dialect));
    if let Some(json) = &dialect.json_answers {
        let whose = match &json.to {
            None => "all answers are JSON".to_owned(),
            Some(methods) => format!("answers to {} are JSON", methods.join(", ")),
        };
        page.field("JSON", &format!("{whose} in place of a stream"));
    }
    if let Some(tokens) = &dialect.tokens {
        page.field("Tokens", &shown(tokens));
    }
    page.list("Connections", connections(dialect));
    let resume = dialect.sse.resume.as_ref();
    page.field(
        "Cursors",
        &resume.map_or("no event is kept".to_owned(), cursors),
    );
    let flaws = dialect.flaws.iter().copied().map(flaw);
    page.list("Flaws", flaws);
    page.list("Hazards", hazards(&dialect.hazards));
    page.gap();
    let rows: Vec<[String; 4]> = Situation::ALL
        .iter()
        .filter(|(situation, _)| dialect.knows(*situation))
        .filter(|(situation, _)| {
            dialect.needs(*situation) || dialect.answer_to(*situation).is_some()
        })
        .map(|(situation, name)| row(dialect, *situation, name))
        .collect();
    page.table(
        ["situation", "status", "body", "then"],
        [false, true, true, false],
        &rows,
    );
    page.finish()
}

fn row(dialect: &Dialect, situation: Situation, name: &str) -> [String; 4] {
    let Some(answer) = dialect.answers.get(&situation) else {
        let then = match situation.falls_back() {
            Some(other) => format!("as {}", other.as_str()),
            None => "goes on as if nothing were wrong".to_owned(),
        };
        return [name.to_owned(), String::new(), String::new(), then];
    };
    let then = match answer.then {
        None => "",
        Some(Then::KillSession) => "the session dies of the refusal",
        Some(Then::EndSession) => "the session ends as asked",
        Some(Then::MintSession) => "a session is opened unasked",
        Some(Then::MintDeadSession) => "a session is opened unasked, and ended",
        Some(Then::ExitProcess) => "the process exits",
    };
    [
        name.to_owned(),
        answer.status.to_string(),
        body(answer),
        then.to_owned(),
    ]
}

/// The tokens that are asked for.
fn shown(tokens: &Tokens) -> String {
    let good = match tokens.lifetime_ms {
        None => "one is good for ever".to_owned(),
        Some(ms) => format!("each is good for {}", time(ms)),
    };
    let whose = match tokens.session_of {
        SessionOf::User => "a session belongs to its user, with whatever token",
        SessionOf::Token => "a session belongs to the token that it was opened with",
    };
    format!("every request must show a bearer token; {good}; {whose}")
}

/// What ends sessions besides rest, and how many there may be.
fn bounds(dialect: &Dialect) -> String {
    let sessions = &dialect.sessions;
    let lifetime = sessions.lifetime_ms.map(|ms| {
        let time = time(ms);
        format!("; each ends {time} after its opening, however busy it is")
    });
    let cap = sessions.cap.as_ref().map(|cap| {
        let then = match cap.then {
            Beyond::Refuse => "a further one is refused",
            Beyond::EvictIdlest => "for a further one the one ends that rests longest",
            Beyond::EvictOldest => "for a further one the oldest ends",
        };
        format!("; there are {} at the most, and {then}", cap.most)
    });
    [lifetime, cap].into_iter().flatten().collect()
}

fn connections(dialect: &Dialect) -> Vec<String> {
    let closed = dialect.connection_idle_ms;
    let closed =
        closed.map(|ms| format!("one on which nothing is asked is closed after {}", time(ms)));
    let limit = dialect.body_limit;
    let limit = limit.map(|bytes| format!("the body of a POST has {bytes} bytes at the most"));
    closed.into_iter().chain(limit).collect()
}

/// The length of the body; that of one with a variable in it depends on the request.
fn body(answer: &Answer) -> String {
    if answer.body.contains("${") {
        "varies".to_owned()
    } else {
        format!("{} bytes", answer.body.len())
    }
}

fn streams(dialect: &Dialect) -> String {
    let sse = &dialect.sse;
    let ids = match (&sse.post_event_id, &sse.get_event_id) {
        (None, None) => "events have no ids",
        (Some(_), None) => "events of POST streams have ids",
        (None, Some(_)) => "events of GET streams have ids",
        (Some(_), Some(_)) => "events have ids",
    };
    let priming = match &sse.priming {
        None => "no event without data comes first".to_owned(),
        Some(priming) => {
            let since = priming.since.as_ref();
            let whom = since.map_or_else(String::new, |r| format!(" for clients since {r}"));
            let retry = priming.retry_ms;
            let retry =
                retry.map_or_else(String::new, |ms| format!(" with a retry of {}", time(ms)));
            format!("an event without data comes first{retry}{whom}")
        }
    };
    let keepalive = match &sse.keepalive {
        None => "a silent stream stays silent".to_owned(),
        Some(keepalive) => format!("a comment every {}", time(keepalive.every_ms)),
    };
    let gets = match sse.get_streams {
        GetStreams::One => "a session has one GET stream",
        GetStreams::Each => "each GET opens a stream",
        GetStreams::Replace => "a session has one GET stream, and the last GET has it",
        GetStreams::Once => "a session has one GET stream, the first, and never another",
        GetStreams::None => "there are no GET streams",
    };
    let requests = match sse.requests {
        RequestStream::Get => "what it asks of its client goes there",
        RequestStream::Call => {
            "what it asks of its client goes out on the stream of a call that runs, or else there"
        }
    };
    format!("{gets}; {requests}; {ids}; {priming}; {keepalive}")
}

fn cursors(resume: &Resume) -> String {
    let whose = match resume.scope {
        Scope::Stream => "of its stream",
        Scope::Session => "of all streams of the session",
        Scope::Server => "of all sessions",
    };
    let from = match resume.inclusive {
        true => "from the event that it names on",
        false => "behind the event that it names",
    };
    let then = match resume.continues {
        true => "and the stream goes on",
        false => "and nothing comes after them",
    };
    let finished = match resume.finished {
        Finished::Ends => "a stream whose last answer was sent ends after them",
        Finished::Hangs => "a stream whose last answer was sent stays open after them",
        Finished::Forgotten => "a stream whose last answer was sent is unknown",
    };
    let keeps = resume.keeps;
    format!(
        "a cursor gets the events {whose} {from}, {then}; {finished}; a session's youngest {keeps} are kept"
    )
}

fn flaw(flaw: Flaw) -> String {
    let text = match flaw {
        Flaw::Resurrects => "an id that is not live is served as if it were",
        Flaw::Broadcasts => "a message goes out on every open stream of its session",
        Flaw::Leaks => "a message goes out on the GET streams of all other sessions too",
        Flaw::Revives => "a session that was deleted while a call ran lives again after it",
        Flaw::AnswersOnGet => "answers go out on the GET stream where one is open",
        Flaw::NewestGetsAll => "answers go to the newest session, whoever asked",
    };
    text.to_owned()
}

fn hazards(hazards: &Hazards) -> Vec<String> {
    let mut list = Vec::new();
    if let Some(poisoned) = &hazards.poisoned_ids {
        let ids = poisoned.ids.join(", ");
        let exit = exit(&poisoned.exit);
        list.push(format!(
            "the process {exit} of a request with one of the session ids {ids}"
        ));
    }
    list.push(match &hazards.abandoned_post {
        None => "an answer that becomes ready after its POST was abandoned does no harm".to_owned(),
        Some(e) => {
            let exit = exit(e);
            format!(
                "the process {exit} of an answer that becomes ready after its POST was abandoned"
            )
        }
    });
    list.push(match &hazards.child_death {
        None => "a call whose child process died gets no answer: its stream ends".to_owned(),
        Some(fault) => format!(
            "a call whose child process died gets the error {} \"{}\"",
            fault.code, fault.message
        ),
    });
    list.push(match &hazards.cancelled_call {
        Cancelled::Silence => "a cancelled call gets no answer: its stream stays open".to_owned(),
        Cancelled::End => "a cancelled call gets no answer: its stream ends".to_owned(),
        Cancelled::Error(fault) => format!(
            "a cancelled call gets the error {} \"{}\"",
            fault.code, fault.message
        ),
    });
    list.push(match &hazards.ended_call {
        EndedCall::End => "a call whose session ends gets no answer: its stream ends".to_owned(),
        EndedCall::Cut => {
            "a call whose session ends gets no answer: its connection breaks".to_owned()
        }
        EndedCall::Silence => {
            "a call whose session ends gets no answer: its stream stays open".to_owned()
        }
        EndedCall::Error(fault) => format!(
            "a call whose session ends gets the error {} \"{}\"",
            fault.code, fault.message
        ),
    });
    let stop = match hazards.stop {
        StreamEnd::Cut => "when it is stopped, the connections of open streams break",
        StreamEnd::Clean => "when it is stopped, open streams end like whole ones",
    };
    list.push(stop.to_owned());
    list
}

fn exit(exit: &Exit) -> String {
    format!("dies (status {}, \"{}\")", exit.code, exit.why)
}

/// What is checked, as dialect files spell it.
fn check(check: Check) -> &'static str {
    match check {
        Check::Json => "json",
        Check::Session => "session",
        Check::SessionKnown => "session-known",
        Check::SessionNamed => "session-named",
        Check::Method => "method",
        Check::Closed => "closed",
        Check::Cursor => "cursor",
        Check::Accept => "accept",
        Check::ContentType => "content-type",
        Check::Message => "message",
        Check::Initialized => "initialized",
        Check::Version => "version",
        Check::Stream => "stream",
    }
}

/// Milliseconds in the largest unit that leaves no rest.
fn time(ms: u64) -> String {
    match ms {
        ms if ms > 0 && ms.is_multiple_of(60_000) => format!("{} min", ms / 60_000),
        ms if ms > 0 && ms.is_multiple_of(1_000) => format!("{} s", ms / 1_000),
        ms => format!("{ms} ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_their_worth() {
        assert_eq!(time(1_800_000), "30 min");
        assert_eq!(time(15_000), "15 s");
        assert_eq!(time(1_500), "1500 ms");
        assert_eq!(time(0), "0 ms");
    }
}
