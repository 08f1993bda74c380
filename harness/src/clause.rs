//! The clauses of the MCP specification on which invariants, scenarios and reports rest: each with a short stable id and
//! one sentence in our own words. The specification's text is deliberately not here, nor are tasks and the rules that
//! came with the sessionless revision: there is no session in them to lose.

use std::fmt;

mod gaps;

pub use gaps::{GAPS, gap};

/// How binding a clause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// An absolute demand.
    Must,
    /// An absolute ban.
    MustNot,
    /// A demand from which a good reason excuses.
    Should,
    /// A ban from which a good reason excuses.
    ShouldNot,
    /// A permission.
    May,
    /// Said without any of these words, here or in a standard that is built upon.
    Stated,
}

impl Level {
    /// The word as the specification spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::MustNot => "MUST NOT",
            Self::Should => "SHOULD",
            Self::ShouldNot => "SHOULD NOT",
            Self::May => "MAY",
            Self::Stated => "stated",
        }
    }

    /// Whether nothing excuses from it.
    #[must_use]
    pub fn is_absolute(self) -> bool {
        matches!(self, Self::Must | Self::MustNot)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Whom a clause binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Actor {
    /// Clients.
    Client,
    /// Servers.
    Server,
    /// Both.
    Both,
}

impl Actor {
    /// The actor in words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Both => "client and server",
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Its id, e.g. `SES-08` or `SES-07b`.
    pub id: &'static str,
    /// How binding it is in the newest revision that has it; where one clause joins several words, the strictest.
    pub level: Level,
    /// Whom it binds.
    pub actor: Actor,
    /// The revisions that have it, oldest first, each one of [`REVISIONS`].
    pub revisions: &'static [&'static str],
    /// What it says, in one plain sentence.
    pub says: &'static str,
    /// Where it stands: a revision, the page, and the section.
    pub source: &'static str,
}

/// The revisions of the streamable HTTP transport, oldest first.
pub const REVISIONS: &[&str] = &["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"];

/// In every revision.
const EVERY: &[&str] = REVISIONS;
/// In every revision that has sessions.
const SESSIONS: &[&str] = &["2025-03-26", "2025-06-18", "2025-11-25"];
/// In the first two, and dropped since.
const UNTIL_06: &[&str] = &["2025-03-26", "2025-06-18"];
/// Since the second.
const SINCE_06: &[&str] = &["2025-06-18", "2025-11-25", "2026-07-28"];
/// Since the third.
const SINCE_11: &[&str] = &["2025-11-25", "2026-07-28"];
/// In the third alone.
const ONLY_11: &[&str] = &["2025-11-25"];
/// In the newest alone.
const ONLY_26: &[&str] = &["2026-07-28"];

macro_rules! clauses {
    ($($id:literal $level:ident $actor:ident $revisions:ident $source:literal: $says:literal;)*) => {
        &[$(Clause {
            id: $id,
            level: Level::$level,
            actor: Actor::$actor,
            revisions: $revisions,
            says: $says,
            source: $source,
        }),*]
    };
}

/// Every clause, by subject.
pub static ALL: &[Clause] = clauses! {
    // Sessions.
    "SES-01" May Server SESSIONS "2025-11-25, transports, Session Management":
        "A server can give the session an id, in a header of the response to initialize.";
    "SES-02" Should Server SESSIONS "2025-11-25, transports, Session Management":
        "A session id is unique in the world and cannot be guessed.";
    "SES-03" Must Server SESSIONS "2025-11-25, transports, Session Management":
        "A session id is made of printable ASCII alone, from 0x21 to 0x7E.";
    "SES-04" Must Client ONLY_11 "2025-11-25, transports, Session Management":
        "A client treats the session id as a secret, so that nobody can take the session over.";
    "SES-05" Must Client SESSIONS "2025-11-25, transports, Session Management":
        "Once initialize has given an id, every later HTTP request carries it, be it POST, GET or DELETE.";
    "SES-06" Should Server SESSIONS "2025-11-25, transports, Session Management":
        "A server that needs an id answers 400 to a request without one, initialize excepted.";
    "SES-07a" May Server SESSIONS "2025-11-25, transports, Session Management":
        "A server can end a session whenever it likes.";
    "SES-07b" Must Server SESSIONS "2025-11-25, transports, Session Management":
        "Once a session has ended, every request with its id is answered 404.";
    "SES-08" Must Client SESSIONS "2025-11-25, transports, Session Management":
        "A client whose request with an id got 404 opens a new session: it sends initialize again, and without the id.";
    "SES-09" Should Client SESSIONS "2025-11-25, transports, Session Management":
        "A client that is done with a session ends it by a DELETE with its id.";
    "SES-10" May Server SESSIONS "2025-11-25, transports, Session Management":
        "A server that lets no client end sessions answers such a DELETE with 405.";
    "SES-11" MustNot Server SINCE_11 "2025-11-25, security best practices, Session Hijacking":
        "A session id (later: a state handle) proves nobody's identity; a server with authorization checks every request.";
    "SES-12" Must Server ONLY_11 "2025-11-25, security best practices, Session Hijacking":
        "Session ids are drawn at random; a server also ought to tie each to its user.";
    "SES-13" MustNot Server ONLY_11 "2025-11-25, elicitation, Statefulness":
        "What a user was asked and answered is not filed under the session id alone.";
    "SES-14" Must Client SESSIONS "2025-11-25, pagination, Implementation Guidelines":
        "A client reads nothing into a cursor and does not keep it for another session.";

    // POST.
    "POST-01" Must Client EVERY "2025-11-25, transports, Sending Messages to the Server":
        "Each JSON-RPC message of the client is an HTTP POST of its own.";
    "POST-02" Must Client EVERY "2025-11-25, transports, Sending Messages to the Server":
        "The Accept header of a POST names both application/json and text/event-stream.";
    "POST-03" Must Client EVERY "2025-11-25, transports, Sending Messages to the Server":
        "A POST holds one message (2025-03-26: or a batch; since 2026-07-28: no response).";
    "POST-04" Must Server EVERY "2025-11-25, transports, Sending Messages to the Server":
        "A notification or response that the server takes is answered 202 without a body.";
    "POST-05" Must Server EVERY "2025-11-25, transports, Sending Messages to the Server":
        "A notification or response that the server does not take is answered with an HTTP error status.";
    "POST-06" Must Server EVERY "2025-11-25, transports, Sending Messages to the Server":
        "A request is answered by an event stream or by a single JSON object.";
    "POST-07" Must Client EVERY "2025-11-25, transports, Sending Messages to the Server":
        "A client understands both forms of answer.";
    "POST-08" Should Server SESSIONS "2025-11-25, transports, Sending Messages to the Server":
        "The event stream that answers a request brings its response in the end.";
    "POST-09" Should Server EVERY "2025-11-25, transports, Sending Messages to the Server":
        "What the server sends on that stream ahead of the response has to do with the request.";
    "POST-10" Should Server EVERY "2025-11-25, transports, Sending Messages to the Server":
        "After the response the server ends the stream.";
    "POST-11" ShouldNot Server UNTIL_06 "2025-06-18, transports, Sending Messages to the Server":
        "A server does not close the stream ahead of the response unless the session has expired.";
    "POST-12" ShouldNot Server SESSIONS "2025-11-25, transports, Sending Messages to the Server":
        "A server does not take a broken connection for a wish to cancel (2026-07-28 demands the opposite).";
    "POST-13" Should Client SESSIONS "2025-11-25, transports, Sending Messages to the Server":
        "A client that wants to cancel says so with notifications/cancelled.";
    "POST-14" May Server SESSIONS "2025-11-25, transports, Sending Messages to the Server":
        "A server can make its streams resumable so that a broken connection loses nothing.";

    // Polling: a connection that the server closes on purpose.
    "POLL-01" Should Server ONLY_11 "2025-11-25, transports, Sending Messages to the Server":
        "A stream begins with an event that has an id and no data, from which the client can resume.";
    "POLL-02" May Server ONLY_11 "2025-11-25, transports, Sending Messages to the Server":
        "Once the client has an event id, the server can close the connection and let the stream live on.";
    "POLL-03" Should Client ONLY_11 "2025-11-25, transports, Sending Messages to the Server":
        "A client whose connection was closed like that comes back for the rest of the stream.";
    "POLL-04" Should Server ONLY_11 "2025-11-25, transports, Sending Messages to the Server":
        "A server says in a retry field how long to stay away before it closes such a connection.";
    "POLL-05" Must Client ONLY_11 "2025-11-25, transports, Sending Messages to the Server":
        "A client that was given a retry time lets that many milliseconds pass before it connects again.";
    "POLL-06" Should Server ONLY_11 "2025-11-25, transports, Listening for Messages from the Server":
        "On GET streams the server closes and announces connections in the same way.";
    "POLL-07" Stated Client ONLY_11 "SEP-1699, Specification":
        "An event without data moves the last event id on and is no message.";

    // GET.
    "GET-01" May Client SESSIONS "2025-11-25, transports, Listening for Messages from the Server":
        "A client can open a stream by GET to hear what the server says unasked.";
    "GET-02" Must Client SESSIONS "2025-11-25, transports, Listening for Messages from the Server":
        "The Accept header of a GET names text/event-stream.";
    "GET-03" Must Server SESSIONS "2025-11-25, transports, Listening for Messages from the Server":
        "A GET is answered by an event stream, or by 405 where there is none to be had.";
    "GET-04" Should Server SESSIONS "2025-11-25, transports, Listening for Messages from the Server":
        "A GET stream carries what belongs to no running request.";
    "GET-05" MustNot Server SESSIONS "2025-11-25, transports, Listening for Messages from the Server":
        "No response travels on a GET stream, unless that GET resumes the stream of the request.";
    "GET-06" May Both SESSIONS "2025-11-25, transports, Listening for Messages from the Server":
        "Either side can close a GET stream at any moment.";

    // Several connections.
    "MULTI-01" May Client SESSIONS "2025-11-25, transports, Multiple Connections":
        "A client can hold several streams open at once.";
    "MULTI-02" MustNot Server SESSIONS "2025-11-25, transports, Multiple Connections":
        "A message goes out on exactly one stream, never on several.";

    // Resuming a stream.
    "RES-01" May Server SESSIONS "2025-11-25, transports, Resumability and Redelivery":
        "A server can give its events ids.";
    "RES-02" Must Server SESSIONS "2025-11-25, transports, Resumability and Redelivery":
        "No two events of a session, on whatever streams, have the same id; without sessions, no two for one client.";
    "RES-03" Should Server ONLY_11 "2025-11-25, transports, Resumability and Redelivery":
        "From an event's id the server can tell which stream it was on.";
    "RES-04" Should Client SESSIONS "2025-11-25, transports, Resumability and Redelivery":
        "A client resumes a stream by a GET that names in Last-Event-ID the last event it got.";
    "RES-05" May Server SESSIONS "2025-11-25, transports, Resumability and Redelivery":
        "A server can send again what came after that event on the same stream, and go on from there.";
    "RES-06" MustNot Server SESSIONS "2025-11-25, transports, Resumability and Redelivery":
        "What belongs to another stream is not sent again on a resumed one.";
    "RES-07" Stated Both ONLY_11 "2025-11-25, transports, Resumability and Redelivery":
        "Streams begun by POST and by GET are resumed alike, and always by GET.";

    // The version header.
    "VER-01" Must Client SINCE_06 "2025-11-25, transports, Protocol Version Header":
        "Every request after initialize names the protocol revision in a header (since 2026-07-28: every POST).";
    "VER-02" Should Client SINCE_06 "2025-11-25, transports, Protocol Version Header":
        "The revision in the header is the one agreed on (since 2026-07-28: it equals the body's).";
    "VER-03" Should Server SINCE_06 "2025-11-25, transports, Protocol Version Header":
        "A server that cannot tell the revision otherwise takes a request without the header for 2025-03-26.";
    "VER-04" Must Server SINCE_06 "2025-11-25, transports, Protocol Version Header":
        "A revision that is malformed or that the server does not speak is answered 400.";

    // Origin.
    "ORG-01" Must Server EVERY "2025-11-25, transports, Security Warning":
        "A server checks the Origin header of whoever connects, against DNS rebinding.";
    "ORG-02" Must Server SINCE_11 "2025-11-25, transports, Security Warning":
        "An Origin that is there and wrong is answered 403.";
    "ORG-03" Should Server EVERY "2025-11-25, transports, Security Warning":
        "A server for local use listens on the loopback address only.";

    // Lifecycle.
    "LIFE-01" Must Both SESSIONS "2025-11-25, lifecycle, Initialization":
        "Initialization comes before everything else.";
    "LIFE-02" Must Client SESSIONS "2025-11-25, lifecycle, Initialization":
        "The client begins with initialize: its revision, what it can do, and who it is.";
    "LIFE-03" Must Server SESSIONS "2025-11-25, lifecycle, Initialization":
        "The server answers with what it can do and who it is.";
    "LIFE-04" Must Client SESSIONS "2025-11-25, lifecycle, Initialization":
        "After each successful initialize, a repeated one too, the client sends notifications/initialized.";
    "LIFE-05" ShouldNot Client SESSIONS "2025-11-25, lifecycle, Initialization":
        "Until initialize is answered, the client asks nothing but ping.";
    "LIFE-06" ShouldNot Server SESSIONS "2025-11-25, lifecycle, Initialization":
        "Until notifications/initialized has come, the server sends no requests but pings and log messages.";
    "LIFE-07" Must Server SESSIONS "2025-11-25, lifecycle, Version Negotiation":
        "The server agrees to the client's revision if it speaks it, and offers another that it speaks if not.";
    "LIFE-08" Should Client SESSIONS "2025-11-25, lifecycle, Version Negotiation":
        "A client that does not speak the revision offered disconnects.";
    "LIFE-09" Must Both SESSIONS "2025-11-25, lifecycle, Operation":
        "Both keep to the revision and the capabilities agreed on (in 2025-03-26 only a SHOULD).";
    "LIFE-10" Stated Both SESSIONS "2025-11-25, lifecycle, Shutdown":
        "Over HTTP there is no message of farewell: the connections are closed.";
    "LIFE-11" MustNot Client SESSIONS "2025-11-25, cancellation, Behavior Requirements":
        "A client does not cancel initialize.";

    // Time-outs.
    "TIME-01" Should Both EVERY "2025-11-25, lifecycle, Timeouts":
        "Whoever sends a request waits a limited time, then cancels it (since 2026-07-28: closes its stream).";
    "TIME-02" Should Both EVERY "2025-11-25, lifecycle, Timeouts":
        "The time-out can be set for each request.";
    "TIME-03" Should Both EVERY "2025-11-25, lifecycle, Timeouts":
        "Progress can start the clock anew, but some limit always holds.";

    // Ping.
    "PING-01" Must Both SESSIONS "2025-11-25, ping, Behavior Requirements":
        "A ping is answered at once, with an empty result.";
    "PING-02" May Both SESSIONS "2025-11-25, ping, Behavior Requirements":
        "Whoever gets no answer to a ping can give the connection up and make another.";
    "PING-03" Should Both SESSIONS "2025-11-25, ping, Implementation Considerations and Error Handling":
        "Both ping now and then, log a ping that failed, and take it for a failed connection.";

    // Cancellation.
    "CAN-01" Must Both SESSIONS "2025-11-25, cancellation, Behavior Requirements":
        "Only one's own requests can be cancelled, and only while they seem to be running.";
    "CAN-02" Should Both SESSIONS "2025-11-25, cancellation, Behavior Requirements":
        "Whoever is told of a cancellation stops the work, frees what it held, and sends no response.";
    "CAN-03" Should Both SESSIONS "2025-11-25, cancellation, Error Handling":
        "The cancellation of a request that is unknown or finished is ignored.";
    "CAN-04" Should Both EVERY "2025-11-25, cancellation, Behavior Requirements":
        "Whoever cancelled a request ignores the response that comes all the same.";
    "CAN-05" Must Both EVERY "2025-11-25, cancellation, Timing Considerations":
        "Both cope with a cancellation and a response that cross on the way.";

    // Request ids.
    "ID-01" MustNot Both SESSIONS "2025-11-25, base protocol, Requests":
        "A request's id is not null and not one that its sender has used in this session before.";
    "ID-01m" MustNot Client ONLY_26 "2026-07-28, base protocol, Requests":
        "A request's id is not that of another request that still waits for its response.";
    "ID-02" Must Both EVERY "2025-11-25, base protocol, Responses":
        "A response has the id of its request.";

    // Progress.
    "PROG-01" Must Both SESSIONS "2025-11-25, progress, Progress Flow and Behavior Requirements":
        "Progress is reported for running requests only, always grows, and ends when they do.";
    "PROG-02" Must Both EVERY "2025-11-25, progress, Progress Flow":
        "No two running requests have the same progress token.";

    // Authorization, as far as it bears on coming back.
    "AUTH-01" Must Client EVERY "2025-11-25, authorization, Token Requirements":
        "Every HTTP request carries its authorization, also within a session.";
    "AUTH-02" Must Server EVERY "2025-11-25, authorization, Token Handling":
        "A token that is invalid or has expired is answered 401.";
    "AUTH-03" Must Client SINCE_06 "2025-11-25, authorization, Protected Resource Metadata Discovery Requirements":
        "A client understands the WWW-Authenticate header and acts on a 401.";
    "AUTH-04" Should Client SINCE_11 "2025-11-25, authorization, Step-Up Authorization Flow":
        "A client refused for want of scope asks for more of it, and does not try without end.";
    "AUTH-05" Should Server ONLY_11 "2025-11-25, security best practices, Session Hijacking":
        "A session belongs to its user: with somebody else's credentials its id opens nothing.";
};

/// The clause of that id, spelt exactly so.
#[must_use]
pub fn get(id: &str) -> Option<&'static Clause> {
    ALL.iter().find(|c| c.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Capitals, a dash, two digits, and perhaps one small letter.
    fn well_formed(id: &str) -> bool {
        let Some((family, number)) = id.split_once('-') else {
            return false;
        };
        let (digits, letter) = number.split_at(number.len().min(2));
        !family.is_empty()
            && family.bytes().all(|b| b.is_ascii_uppercase())
            && digits.len() == 2
            && digits.bytes().all(|b| b.is_ascii_digit())
            && letter.len() <= 1
            && letter.bytes().all(|b| b.is_ascii_lowercase())
    }

    #[test]
    fn ids_are_well_formed_and_unique() {
        for (n, clause) in ALL.iter().enumerate() {
            assert!(well_formed(clause.id), "{}", clause.id);
            let first = ALL.iter().position(|c| c.id == clause.id);
            assert_eq!(first, Some(n), "{} is there twice", clause.id);
        }
        assert!(!well_formed("SES-8") && !well_formed("SES-07bc") && !well_formed("policy"));
    }

    #[test]
    fn numbers_go_up_within_a_family() {
        for pair in ALL.windows(2) {
            let family = |c: &Clause| c.id.split('-').next().map(str::to_owned);
            if family(&pair[0]) == family(&pair[1]) {
                assert!(pair[0].id < pair[1].id, "{} {}", pair[0].id, pair[1].id);
            }
        }
    }

    #[test]
    fn revisions_are_known_and_in_order() {
        for clause in ALL {
            let places: Vec<usize> = clause
                .revisions
                .iter()
                .map(|r| REVISIONS.iter().position(|k| k == r).expect(clause.id))
                .collect();
            assert!(!places.is_empty(), "{}", clause.id);
            assert!(places.is_sorted_by(|a, b| a < b), "{}", clause.id);
        }
    }

    #[test]
    fn the_source_is_in_a_revision_that_has_the_clause() {
        for clause in ALL.iter().filter(|c| !c.source.starts_with("SEP-")) {
            let revision = clause.source.split(", ").next().unwrap_or_default();
            assert!(clause.revisions.contains(&revision), "{}", clause.id);
            assert_eq!(clause.source.split(", ").count(), 3, "{}", clause.id);
        }
    }

    #[test]
    fn a_gap_is_a_demand_of_a_clause() {
        for (id, _) in GAPS {
            let clause = get(id).unwrap_or_else(|| panic!("there is no clause {id}"));
            assert_ne!(clause.level, Level::May, "{id}");
        }
    }

    #[test]
    fn each_says_one_sentence() {
        for clause in ALL {
            assert!(clause.says.ends_with('.'), "{}", clause.id);
            assert!(!clause.says.contains(". "), "{}", clause.id);
            let capital = clause.says.chars().next().is_some_and(char::is_uppercase);
            assert!(capital, "{}", clause.id);
        }
    }

    #[test]
    fn a_clause_is_found_by_its_id() {
        let clause = get("SES-08").expect("the clause of the incident");
        assert_eq!((clause.level, clause.actor), (Level::Must, Actor::Client));
        assert!(!clause.revisions.contains(&"2026-07-28"));
        assert_eq!(get("SES-99"), None);
    }
}
