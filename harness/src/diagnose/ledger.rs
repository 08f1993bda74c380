//! The books: what a log says of each session, kept while it is read, in memory that does not grow with its length.

use std::collections::{BTreeMap, BTreeSet};

use super::hit::Hit;

/// How many sessions are kept in mind. Beyond that those that were quiet longest are forgotten,
/// healthy ones first.
const MOST_SESSIONS: usize = 100_000;
/// The longest id that is one, in bytes.
const LONGEST_ID: usize = 512;
/// How many addresses of a session are kept in mind.
const MOST_PEERS: usize = 4;
/// How many kinds of refusals are told apart. Pages whose length differs each time are no fingerprint.
const MOST_KINDS: usize = 16;

/// A line of a log, and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The line, from 1; of other files the number of the exchange.
    pub line: u64,
    /// Its time in milliseconds.
    pub at_ms: Option<i64>,
}

impl Mark {
    /// The time from another mark to this one, in milliseconds.
    #[must_use]
    pub fn since(self, other: Self) -> Option<i64> {
        Some(self.at_ms? - other.at_ms?)
    }
}

/// Refusals of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusals {
    /// The method.
    pub method: Verb,
    /// The status.
    pub status: u16,
    /// The length of the answer.
    pub bytes: Option<u64>,
    /// How many.
    pub count: u64,
}

/// A method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// POST.
    Post,
    /// GET.
    Get,
    /// DELETE.
    Delete,
    /// Any other.
    Other,
}

impl Verb {
    fn of(method: &str) -> Self {
        match method {
            "POST" => Self::Post,
            "GET" => Self::Get,
            "DELETE" => Self::Delete,
            _ => Self::Other,
        }
    }

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Get => "GET",
            Self::Delete => "DELETE",
            Self::Other => "other",
        }
    }
}

/// What is known of a session.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Session {
    /// The answer that gave its id.
    pub born: Option<Mark>,
    /// The first request that carried it.
    pub first: Option<Mark>,
    /// The last.
    pub last: Option<Mark>,
    /// The last request that went well.
    pub last_good: Option<Mark>,
    /// How many went well.
    pub good: u64,
    /// The first request that was refused since then.
    pub refused: Option<Mark>,
    /// The last that was refused.
    pub last_refused: Option<Mark>,
    /// The refusals since then, by kind.
    pub refusals: Vec<Refusals>,
    /// How often a refusal was followed by a good answer.
    pub flips: u64,
    /// The DELETE that was answered well.
    pub deleted: Option<Mark>,
    /// Whether an `initialize` carried it after a refusal.
    pub initialize: bool,
    /// The addresses that it was sent from, a few of them.
    pub peers: BTreeSet<String>,
    /// The servers that answered, a few of them.
    pub upstreams: BTreeSet<String>,
}

impl Session {
    /// How many requests were refused since the last good one, those that would end it aside.
    #[must_use]
    pub fn refused_count(&self) -> u64 {
        let others = self.refusals.iter().filter(|r| r.method != Verb::Delete);
        others.map(|r| r.count).sum()
    }
}

/// Answers that a hop gives in its own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnAnswers {
    /// The first.
    pub first: Mark,
    /// The last.
    pub last: Mark,
    /// How many.
    pub count: u64,
}

/// The books.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// The sessions by id. They are credentials (SES-04).
    pub sessions: BTreeMap<Box<str>, Session>,
    /// How many sessions were forgotten, healthy ones first.
    pub forgotten: u64,
    /// How many exchanges there were.
    pub hits: u64,
    /// How many of them had to do with sessions.
    pub about_sessions: u64,
    /// Requests without an id that opened a session.
    pub opened: u64,
    /// The last of them.
    pub last_opened: Option<Mark>,
    /// Requests without an id that were refused, by kind.
    pub without: Vec<Refusals>,
    /// Refusals of requests of which it is not told whether they had to do with sessions, by kind. What a web server answers
    /// to everybody, 404, is not among them.
    pub untold: Vec<Refusals>,
    /// 502, 503, 504 and 499 by status.
    pub outages: BTreeMap<u16, OwnAnswers>,
    /// The first and the last line with a time.
    pub span: Option<(Mark, Mark)>,
}

impl Ledger {
    /// Enters an exchange.
    pub fn enter(&mut self, line: u64, hit: &Hit<'_>) {
        self.hits += 1;
        let mark = Mark {
            line,
            at_ms: hit.at_ms,
        };
        let from = self.span.map_or(mark, |(from, _)| from);
        self.span = Some((from, mark));
        let streams = hit.accept.is_some_and(|a| a.contains("text/event-stream"));
        let session = hit.session.filter(|id| id.len() <= LONGEST_ID);
        if session.is_none() && hit.given.is_none() && !streams {
            if is_refusal(hit.status) && hit.status != 404 {
                count(&mut self.untold, hit);
            }
            return;
        }
        self.about_sessions += 1;
        if matches!(hit.status, 499 | 502 | 503 | 504) {
            let outage = self.outages.entry(hit.status).or_insert(OwnAnswers {
                first: mark,
                last: mark,
                count: 0,
            });
            outage.last = mark;
            outage.count += 1;
        }
        match session {
            None => self.without_id(mark, hit),
            Some(id) => self.with_id(mark, id, hit),
        }
        if let Some(given) = hit
            .given
            .filter(|id| is_good(hit.status) && id.len() <= LONGEST_ID)
        {
            let known = self.sessions.entry(given.into()).or_default();
            if session != Some(given) {
                known.born.get_or_insert(mark);
                known.last = Some(mark);
            }
        }
        if self.sessions.len() > MOST_SESSIONS {
            self.forget();
        }
    }

    fn without_id(&mut self, mark: Mark, hit: &Hit<'_>) {
        if is_good(hit.status) && (hit.method == "POST") {
            self.opened += 1;
            self.last_opened = Some(mark);
        } else if is_refusal(hit.status) {
            count(&mut self.without, hit);
        }
    }

    fn with_id(&mut self, mark: Mark, id: &str, hit: &Hit<'_>) {
        if !self.sessions.contains_key(id) {
            self.sessions.insert(id.into(), Session::default());
        }
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        session.first.get_or_insert(mark);
        session.last = Some(mark);
        keep(&mut session.peers, hit.peer);
        keep(&mut session.upstreams, hit.upstream);
        if is_good(hit.status) {
            if session.refused.take().is_some() {
                session.flips += 1;
                session.refusals.clear();
                session.last_refused = None;
            }
            session.good += 1;
            session.last_good = Some(mark);
            if hit.method == "DELETE" {
                session.deleted = Some(mark);
            }
        } else if is_refusal(hit.status) {
            if hit.rpc == Some("initialize") {
                session.initialize = true;
            }
            session.refused.get_or_insert(mark);
            session.last_refused = Some(mark);
            count(&mut session.refusals, hit);
        }
    }

    /// Forgets the healthy half that was quiet longest; where few are healthy, the half of all.
    fn forget(&mut self) {
        let healthy = |s: &Session| s.refused.is_none() && s.flips == 0;
        let few = self.sessions.values().filter(|s| healthy(s)).count() < MOST_SESSIONS / 4;
        let may_go = |s: &Session| few || healthy(s);
        let lines = self.sessions.values().filter(|s| may_go(s));
        let mut lines: Vec<u64> = lines.filter_map(|s| s.last.map(|mark| mark.line)).collect();
        let middle = lines.len() / 2;
        if middle == 0 {
            return;
        }
        let (_, limit, _) = lines.select_nth_unstable(middle);
        let limit = *limit;
        let before = self.sessions.len();
        self.sessions
            .retain(|_, s| !may_go(s) || s.last.is_some_and(|mark| mark.line >= limit));
        self.forgotten += (before - self.sessions.len()) as u64;
    }
}

fn keep(few: &mut BTreeSet<String>, value: Option<&str>) {
    if let Some(value) = value
        && few.len() < MOST_PEERS
        && !few.contains(value)
    {
        few.insert(value.to_owned());
    }
}

fn count(refusals: &mut Vec<Refusals>, hit: &Hit<'_>) {
    let method = Verb::of(hit.method);
    let same = |r: &Refusals| r.method == method && r.status == hit.status && r.bytes == hit.bytes;
    let at = refusals.iter().position(same);
    if at.is_none() && refusals.len() < MOST_KINDS {
        refusals.push(Refusals {
            method,
            status: hit.status,
            bytes: hit.bytes,
            count: 1,
        });
    } else if let Some(known) = refusals.get_mut(at.unwrap_or(MOST_KINDS - 1)) {
        known.count += 1;
    }
}

fn is_good(status: u16) -> bool {
    (200..300).contains(&status)
}

/// Whether that can be said to a dead id. What says that a request is at fault, and not its session, is left out, and so
/// is what a hop says in its own name.
fn is_refusal(status: u16) -> bool {
    matches!(status, 400 | 401 | 403 | 404 | 410 | 422 | 500)
}
