//! The shape of a dialect file: which keys each part has, and what a missing one means. What the parts mean is said where
//! the server's core defines them.

use std::collections::BTreeSet;

use stalemate_wire::sse::Style;

use super::choices::Methods;
use super::parts::{Accepts, Answers, StyleForm};
use super::plain::shape;
use crate::server::{
    Answer, Beyond, Cancelled, Cap, Check, Dialect, EndedCall, Exit, Finished, Flaw, Framing,
    GetStreams, Hazards, HeaderList, IdShape, IdleClock, JsonAnswers, Keepalive, Messages, Offers,
    PoisonedIds, Priming, RequestStream, Resume, RpcFault, Scope, SessionOf, Sessions, Sse,
    StreamEnd, Then, Tokens,
};
use crate::yaml::collection::List;
use crate::yaml::duration::{Duration, TimeoutForm};
use crate::yaml::scalar::{AnyText, Flag, Signed, Text, Whole};
use crate::yaml::word::One;

/// The longest limit of a body, in bytes.
const MOST_BYTES: u64 = 1 << 30;

/// The notification of the TypeScript SDK, as its members stand.
const TYPESCRIPT_NOTIFICATION: &str = r#"{"method":${method}${params},"jsonrpc":"2.0"}"#;

shape! {
    Dialect, "a dialect";
    required {
        /// Its name: product and version.
        "name" name: Text,
        /// What was run, in one line.
        "summary" summary: Text,
        /// How sessions are named and when they expire.
        "sessions" sessions: Sessions,
        /// The protocol revisions that it takes, the preferred one first.
        "revisions" revisions: List<Text>,
        /// What it checks of a request, in its order.
        "checks" checks: List<One<Check>>,
        /// Event streams.
        "sse" sse: Sse,
        /// JSON-RPC messages.
        "messages" messages: Messages,
        /// The answers by situation. An answer stands whole; a situation that has one is not accepted.
        "answers" answers: Answers,
        /// How it loses sessions, streams and itself.
        "hazards" hazards: Hazards,
    }
    optional {
        /// The revisions that a version header may name, where these are not `revisions`.
        "header-revisions" header_revisions: List<Text>,
        /// The longest body of a POST, in bytes; a longer one is answered `body-too-large`.
        "body-limit" body_limit: Whole<1, MOST_BYTES>,
        /// Answers that are JSON in place of a stream.
        "json-answers" json_answers: JsonAnswers,
        /// The bearer tokens that it asks for on every request.
        "tokens" tokens: Tokens,
    }
    otherwise {
        /// The revision that an `initialize` is answered with: the `wanted` one if it is taken, else the preferred one; the
        /// `preferred` one always; or an `echo` of what is wanted.
        "offers" offers: One<Offers> = Offers::default(),
        /// The time after which a connection is closed on which nothing is asked; `never` if it is missing.
        "connection-idle-timeout" connection_idle_ms: TimeoutForm = None,
        /// Headers of every answer, in front of its own.
        "every-answer" every_answer: HeaderList = HeaderList::default(),
        /// Situations that other servers refuse and this one does not, besides those that it accepts already.
        "accepts" accepts: Accepts = BTreeSet::new(),
        /// The rules that it breaks on purpose.
        "flaws" flaws: List<One<Flaw>> = BTreeSet::new(),
    }
}

shape! {
    Sessions, "`sessions`";
    required {
        /// The shape of an id.
        "id" id: One<IdShape>,
        /// The time of rest after which a session expires, or `never`.
        "idle-timeout" idle_timeout_ms: TimeoutForm,
    }
    optional {
        /// How many sessions there may be at once.
        "cap" cap: Cap,
    }
    otherwise {
        /// The time after its opening in which a session ends, however busy it is; `never` if it is missing.
        "lifetime" lifetime_ms: TimeoutForm = None,
        /// What counts as rest.
        "idle-clock" idle_clock: One<IdleClock> = IdleClock::default(),
        /// There is one session in the life of the process.
        "single" single: Flag = false,
    }
}

shape! {
    Tokens, "`tokens`";
    required {}
    optional {}
    otherwise {
        /// For how long one is good; `never` ends if it is missing.
        "lifetime" lifetime_ms: TimeoutForm = None,
        /// What a session belongs to: the `user` with whatever token, or the `token` that it was opened with; `user` if it is
        /// missing.
        "session-of" session_of: One<SessionOf> = SessionOf::default(),
    }
}

shape! {
    Cap, "`cap`";
    required {
        /// The number.
        "most" most: Whole<1, 1_000_000>,
    }
    optional {}
    otherwise {
        /// What becomes of an `initialize` beyond it; `refuse` if it is missing.
        "then" then: One<Beyond> = Beyond::default(),
    }
}

shape! {
    JsonAnswers, "`json-answers`";
    required {
        /// The methods whose requests are answered so, or `all`.
        "to" to: Methods,
    }
    optional {}
    otherwise {
        /// Headers of these answers; the content type if it is missing.
        "headers" headers: HeaderList = json_headers(&[]),
        /// Headers of such an answer to the `initialize` that opened the session; the content type and the id if it is missing.
        "initialize-headers" initialize_headers: HeaderList =
            json_headers(&[("mcp-session-id", "${session}")]),
        /// How the body is framed.
        "framing" framing: One<Framing> = Framing::default(),
    }
}

/// Headers of JSON, with those others.
fn json_headers(others: &[(&str, &str)]) -> HeaderList {
    let all = [("content-type", "application/json")].iter().chain(others);
    HeaderList(
        all.map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect(),
    )
}

shape! {
    Sse, "`sse`";
    required {
        /// Headers of the answer to the `initialize` that opened the session; `${session}` is the id.
        "initialize-headers" initialize_headers: HeaderList,
        /// Headers of the answers to other POSTs.
        "post-headers" post_headers: HeaderList,
        /// Headers of a GET stream.
        "get-headers" get_headers: HeaderList,
    }
    optional {
        /// The `event` field.
        "event" event: AnyText,
        /// The `id` of events on POST streams, from `${session}`, `${stream}`, `${event}`, `${stream-uuid}`, `${event-uuid}`.
        "post-event-id" post_event_id: Text,
        /// The `id` of events on GET streams.
        "get-event-id" get_event_id: Text,
        /// The event without data in front of each stream.
        "priming" priming: Priming,
        /// How streams are resumed.
        "resume" resume: Resume,
        /// Comments on a silent stream.
        "keepalive" keepalive: Keepalive,
    }
    otherwise {
        /// The order of the fields, and the line end.
        "style" style: StyleForm = Style::default(),
        /// Which GET streams a session has.
        "get-streams" get_streams: One<GetStreams> = GetStreams::default(),
        /// Which stream carries what the server asks of its client: the `get` stream, or that of a `call` while one runs.
        "requests" requests: One<RequestStream> = RequestStream::default(),
    }
}

shape! {
    Priming, "`priming`";
    required {}
    optional {
        /// Its `retry` field.
        "retry" retry_ms: Duration,
        /// The first revision whose clients get it.
        "since" since: Text,
        /// Its id on GET streams, where that is fixed and does not count as an event.
        "get-id" get_id: Text,
        /// Its id on the stream that opens a session, where that stream stands apart.
        "opening-id" opening_id: Text,
        /// The data that it is replayed with, as a message.
        "replayed-data" replayed_data: AnyText,
    }
    otherwise {
        /// Whether GET streams have one too; `true` if it is missing.
        "get" get: Flag = true,
        /// Whether the connection of a POST that got one is closed right behind it.
        "closes" closes: Flag = false,
    }
}

shape! {
    Resume, "`resume`";
    required {
        /// How many events of a session are kept; the oldest are forgotten first.
        "keeps" keeps: Whole<0, { u64::MAX }>,
    }
    optional {}
    otherwise {
        /// Whose events are replayed.
        "scope" scope: One<Scope> = Scope::default(),
        /// Whether the event that the cursor names comes again.
        "inclusive" inclusive: Flag = false,
        /// Whether the stream goes on after the replay; `true` if it is missing.
        "continues" continues: Flag = true,
        /// What a stream is to a cursor once its last answer was sent.
        "finished" finished: One<Finished> = Finished::default(),
        /// Whether a GET without a cursor gets the kept events of the session's stream.
        "fresh-get" fresh_get: Flag = false,
        /// Whether an accepted unknown cursor leads to a stream that stays silent.
        "unknown-is-silent" unknown_is_silent: Flag = false,
    }
}

shape! {
    Keepalive, "`keepalive`";
    required {
        /// The time between two of them.
        "every" every_ms: Duration,
        /// The comment, behind its colon.
        "comment" comment: AnyText,
    }
    optional {}
    otherwise {}
}

shape! {
    Messages, "`messages`";
    required {
        /// The result of `initialize`, from `${revision}`.
        "initialize" initialize: Text,
        /// A result, from `${result}` and `${id}`.
        "result" result: Text,
        /// An error, from `${code}`, `${message}` and `${id}`.
        "error" error: Text,
    }
    optional {}
    otherwise {
        /// A notification, from `${method}` and `${params}`.
        "notification" notification: Text = TYPESCRIPT_NOTIFICATION.to_owned(),
    }
}

shape! {
    Hazards, "`hazards`";
    required {
        /// What SIGTERM does to open streams.
        "stop" stop: One<StreamEnd>,
    }
    optional {
        /// Session ids that kill the process.
        "poisoned-ids" poisoned_ids: PoisonedIds,
        /// How the process dies of an answer that becomes ready after its POST was abandoned.
        "abandoned-post" abandoned_post: Exit,
        /// The error that a call gets whose child died.
        "child-death" child_death: RpcFault,
    }
    otherwise {
        /// What becomes of a call that was cancelled.
        "cancelled-call" cancelled_call: Cancelled = Cancelled::default(),
        /// What becomes of a call whose session ends while it runs.
        "ended-call" ended_call: EndedCall = EndedCall::default(),
    }
}

shape! {
    PoisonedIds, "`poisoned-ids`";
    required {
        /// The ids.
        "ids" ids: List<Text>,
        /// How it dies.
        "exit" exit: Exit,
    }
    optional {}
    otherwise {}
}

shape! {
    Exit, "an exit";
    required {
        /// The exit status.
        "code" code: Whole<0, 255>,
        /// The last line of its log; `${id}` is the JSON-RPC id of the request.
        "why" why: Text,
    }
    optional {}
    otherwise {}
}

shape! {
    RpcFault, "a JSON-RPC error";
    required {
        /// The code.
        "code" code: Signed,
        /// The message.
        "message" message: AnyText,
    }
    optional {}
    otherwise {}
}

shape! {
    Answer, "an answer";
    required {
        /// The status code.
        "status" status: Whole<0, { u16::MAX as u64 }>,
    }
    optional {
        /// What else happens.
        "then" then: One<Then>,
    }
    otherwise {
        /// The headers besides those of every answer; values may hold variables.
        "headers" headers: HeaderList = HeaderList::default(),
        /// The body; may hold variables.
        "body" body: AnyText = String::new(),
        /// How the body is framed.
        "framing" framing: One<Framing> = Framing::default(),
    }
}
