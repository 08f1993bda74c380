//! From what a real server said to a dialect: the nearest known one, and what differs. What it says then is asked of a
//! model again, so that what could not be learned is told and not hoped for.

use std::sync::Arc;

use stalemate_wire::{header, sse};

use super::compare::{Difference, Nearest, against, settle};
use super::interview::{Heard, Interview, ProbePlan};
use super::question::Question as Q;
use super::said::{Answer as SaidAnswer, End, Said};
use super::script::NO_REVISION;
use crate::server::{
    Answer, Dialect, Exit, Framing, GetStreams, HeaderList, JsonAnswers, Keepalive, Offers,
    PoisonedIds, Situation, StreamEnd, Then,
};

/// Headers of an answer that say nothing of the server: its framing, its clock, its connection.
const PASSING: [&str; 10] = [
    "connection",
    "content-length",
    "date",
    "etag",
    "keep-alive",
    "last-modified",
    "server",
    "transfer-encoding",
    "set-cookie",
    "content-security-policy-report-only",
];

/// A dialect that was learned, and what it still says otherwise than the server.
#[derive(Clone, Debug)]
pub struct Learned {
    /// The dialect.
    pub dialect: Arc<Dialect>,
    /// The dialect that it is like.
    pub like: Arc<Dialect>,
    /// Where it still differs.
    pub left: Vec<Difference>,
}

/// The dialect of a server, named so, as the nearest one and what differs.
#[must_use]
pub fn learn(
    name: &str,
    summary: &str,
    real: &Interview,
    nearest: &Nearest,
    plan: &ProbePlan,
    path: &str,
) -> Learned {
    let mut dialect = Dialect::clone(&nearest.dialect);
    dialect.name = name.to_owned();
    dialect.summary = summary.to_owned();
    shape(&mut dialect, real);
    for difference in &nearest.differences {
        let heard = real.to(difference.question);
        if let (Some(heard), Some(situation)) = (heard, situation(difference.question, &dialect)) {
            answer(&mut dialect, real, heard, situation);
        }
    }
    hazards(&mut dialect, real, plan);
    settle(&mut dialect);
    let left = if dialect.faults().is_empty() {
        against(real, &Arc::new(dialect.clone()), plan, path).differences
    } else {
        // What does not fit together is not written down: the nearest one is, and what differs is told.
        dialect = Dialect {
            name: dialect.name,
            summary: dialect.summary,
            ..Dialect::clone(&nearest.dialect)
        };
        nearest.differences.clone()
    };
    Learned {
        dialect: Arc::new(dialect),
        like: Arc::clone(&nearest.dialect),
        left,
    }
}

/// The situation that a question leads to at that server.
fn situation(question: Q, dialect: &Dialect) -> Option<Situation> {
    let single = dialect.sessions.single;
    match question {
        Q::PostRestarted if single => Some(Situation::NotInitialized),
        Q::PostEnded if single => Some(Situation::Closed),
        Q::Get if dialect.serves_gets() => None,
        other => other.situation(),
    }
}

/// How sessions, streams and answers look.
fn shape(dialect: &mut Dialect, real: &Interview) {
    if let Some(shape) = real.shape {
        dialect.sessions.id = shape;
    }
    dialect.sessions.single &= real.single;
    if real.expired_ms.is_some() || real.rested_ms >= dialect.sessions.idle_timeout_ms {
        dialect.sessions.idle_timeout_ms = real.expired_ms.or(dialect
            .sessions
            .idle_timeout_ms
            .filter(|_| real.rested_ms.is_none()));
    }
    let answer_to = |question| real.to(question).and_then(|h| h.said.answer());
    let serves = answer_to(Q::Get).is_some_and(|a| a.is_success() && a.is_stream());
    let second = answer_to(Q::GetSecond).is_some_and(SaidAnswer::is_success);
    let again = answer_to(Q::GetAgain).is_none_or(SaidAnswer::is_success);
    dialect.sse.get_streams = match dialect.sse.get_streams {
        _ if !serves && answer_to(Q::Get).is_some() => GetStreams::None,
        _ if real.get_replaced => GetStreams::Replace,
        _ if !second && !again => GetStreams::Once,
        GetStreams::None | GetStreams::Replace | GetStreams::Once => GetStreams::One,
        // Which of two streams a message comes on is not seen here.
        other => other,
    };
    let asked = [
        ("initialize", Q::Initialize),
        ("tools/list", Q::List),
        ("ping", Q::Ping),
        ("tools/call", Q::Call),
    ];
    let json = |question| answer_to(question).is_some_and(|a| a.is_success() && !a.is_stream());
    let methods: Vec<&str> = asked
        .iter()
        .filter(|(_, q)| json(*q))
        .map(|(m, _)| *m)
        .collect();
    if methods.is_empty() {
        dialect.json_answers = None;
    } else if dialect.json_answers.is_none() {
        let to = (methods.len() < asked.len())
            .then(|| methods.iter().map(|m| (*m).to_owned()).collect());
        let headers = |session: bool| {
            let session = session.then(|| (header::SESSION_ID.to_owned(), "${session}".to_owned()));
            let json = ("content-type".to_owned(), "application/json".to_owned());
            HeaderList([json].into_iter().chain(session).collect())
        };
        dialect.json_answers = Some(JsonAnswers {
            to,
            headers: headers(answer_to(Q::List).is_some_and(|a| a.session_id().is_some())),
            initialize_headers: headers(true),
            framing: Framing::Length,
        });
    }
    let events = answer_to(Q::List)
        .map(SaidAnswer::events)
        .unwrap_or_default();
    let message = events
        .iter()
        .find(|event| event.data.as_ref().is_some_and(|data| !data.is_empty()));
    if let Some(sse::Event { event, .. }) = message {
        dialect.sse.event.clone_from(event);
    }
    if let Some((every_ms, comment)) = &real.keepalive {
        let comment = comment.clone();
        let known = dialect.sse.keepalive.as_ref();
        // How often is not seen to the second: a known one that fits stays.
        if known.is_none_or(|k| k.every_ms > *every_ms) {
            dialect.sse.keepalive = Some(Keepalive {
                every_ms: *every_ms,
                comment,
            });
        }
    } else if let (Some(rested), Some(known)) =
        (real.rested_ms.max(real.expired_ms), &dialect.sse.keepalive)
        && known.every_ms < rested
        && !real.single
        && serves
    {
        dialect.sse.keepalive = None;
    }
    offers(dialect, real);
}

fn offers(dialect: &mut Dialect, real: &Interview) {
    let offered = |question| {
        let heard = real.to(question)?;
        let result = heard.said.answer()?.response_to(heard.rpc_id?)?;
        Some(
            result
                .pointer("/result/protocolVersion")?
                .as_str()?
                .to_owned(),
        )
    };
    let Some(preferred) = offered(Q::OfferNone) else {
        return;
    };
    if preferred == NO_REVISION {
        dialect.offers = Offers::Echo;
        return;
    }
    let wanted = [
        ("2025-11-25", Q::Initialize),
        ("2025-06-18", Q::Offer06),
        ("2025-03-26", Q::Offer03),
    ];
    let taken: Vec<&str> = wanted
        .into_iter()
        .filter(|(revision, q)| offered(*q).as_deref() == Some(*revision))
        .map(|(revision, _)| revision)
        .collect();
    // Those that have no sessions are not asked for.
    let others = dialect
        .revisions
        .iter()
        .filter(|r| !wanted.iter().any(|(w, _)| w == r));
    let mut revisions = vec![preferred.clone()];
    revisions.extend(
        taken
            .iter()
            .filter(|r| **r != preferred)
            .map(|r| (*r).to_owned()),
    );
    revisions.extend(others.filter(|r| **r != preferred).cloned());
    dialect.revisions = revisions;
    dialect.offers = if taken.len() > 1 || offered(Q::Offer06).is_none() {
        Offers::Wanted
    } else {
        Offers::Preferred
    };
}

/// Puts an answer at its situation, or the situation among what is accepted.
fn answer(dialect: &mut Dialect, real: &Interview, heard: &Heard, situation: Situation) {
    let Said::Answer(said) = &heard.said else {
        return;
    };
    let goes_on = said.is_success() && (said.is_stream() || !said.messages().is_empty());
    if goes_on && situation.can_be_accepted() {
        dialect.answers.remove(&situation);
        dialect.accepts.insert(situation);
        return;
    }
    dialect.accepts.remove(&situation);
    let then = match (heard.minted_lives, heard.lives) {
        (Some(true), _) => Some(Then::MintSession),
        (Some(false), _) => Some(Then::MintDeadSession),
        _ if situation == Situation::DeleteOk && said.is_success() => Some(Then::EndSession),
        (None, Some(false)) if real.deaths.contains(&heard.question) => Some(Then::ExitProcess),
        (None, Some(false)) => Some(Then::KillSession),
        _ => None,
    };
    let every = |name: &str| {
        dialect
            .every_answer
            .0
            .iter()
            .any(|(n, _)| n.eq_ignore_ascii_case(name))
    };
    let named = said.session_id().unwrap_or_default().to_owned();
    let headers = said.headers.iter();
    let headers = headers.filter(|(name, _)| {
        let name = name.to_ascii_lowercase();
        !PASSING.contains(&name.as_str()) && !every(&name)
    });
    let headers = headers.map(|(name, value)| {
        let value = if value == named { "${session}" } else { value };
        (name.to_owned(), value.to_owned())
    });
    let answer = Answer {
        status: said.status,
        headers: HeaderList(headers.collect()),
        body: template(said, heard, real),
        framing: match said.headers.get(header::TRANSFER_ENCODING) {
            Some(_) => Framing::Chunked,
            None => Framing::Length,
        },
        then,
    };
    dialect.answers.insert(situation, answer);
}

/// The body with what differs from request to request as variables.
fn template(said: &SaidAnswer, heard: &Heard, real: &Interview) -> String {
    let mut text = String::from_utf8_lossy(&said.body).into_owned();
    let session = heard.session.iter();
    for id in real.ids.iter().chain(session).filter(|id| id.len() >= 8) {
        text = text.replace(id.as_str(), "${session}");
    }
    if heard.question == Q::BadVersion {
        text = text.replace(NO_REVISION, "${version}");
    }
    if let Some(id) = heard.rpc_id {
        text = text.replace(&format!("\"id\":{id}"), "\"id\":${id}");
    }
    text
}

/// How the server loses streams and itself.
fn hazards(dialect: &mut Dialect, real: &Interview, plan: &ProbePlan) {
    match real.restart.as_ref().and_then(|r| r.stream) {
        Some(End::Cut) => dialect.hazards.stop = StreamEnd::Cut,
        Some(_) => dialect.hazards.stop = StreamEnd::Clean,
        None => {}
    }
    let exit = || Exit {
        code: 1,
        why: "the process ended".to_owned(),
    };
    if real.deaths.contains(&Q::Abandoned) {
        dialect.hazards.abandoned_post.get_or_insert_with(exit);
    } else if plan.slow_call.is_some() && real.to(Q::Abandoned).is_some() {
        dialect.hazards.abandoned_post = None;
    }
    if real.deaths.contains(&Q::PoisonedId) {
        dialect
            .hazards
            .poisoned_ids
            .get_or_insert_with(|| PoisonedIds {
                ids: vec!["constructor".to_owned()],
                exit: exit(),
            });
    } else if real.to(Q::PoisonedId).is_some() {
        dialect.hazards.poisoned_ids = None;
    }
}
