//! The words of dialect files for the choices that a server's core knows.

use stalemate_wire::sse::Field;

use crate::server::{
    Beyond, Check, Finished, Flaw, Framing, GetStreams, IdShape, IdleClock, Offers, RequestStream,
    Scope, SessionOf, Situation, StreamEnd, Then,
};
use crate::yaml::forms::words_for;
use crate::yaml::word::Word;

words_for! {
    IdShape, "shapes of an id";
        "uuid-v4" UuidV4,
        "hex32" Hex32,
        "none" None,
    SessionOf, "owners of a session";
        "user" User,
        "token" Token,
    IdleClock, "clocks";
        "streams" Streams,
        "calls" Calls,
        "messages" Messages,
        "requests" Requests,
    Beyond, "words here";
        "refuse" Refuse,
        "evict-idlest" EvictIdlest,
        "evict-oldest" EvictOldest,
    Offers, "revisions to offer";
        "wanted" Wanted,
        "preferred" Preferred,
        "echo" Echo,
    Check, "checks";
        "json" Json,
        "session" Session,
        "session-known" SessionKnown,
        "session-named" SessionNamed,
        "method" Method,
        "closed" Closed,
        "cursor" Cursor,
        "accept" Accept,
        "content-type" ContentType,
        "message" Message,
        "initialized" Initialized,
        "version" Version,
        "stream" Stream,
    GetStreams, "words here";
        "one" One,
        "each" Each,
        "replace" Replace,
        "once" Once,
        "none" None,
    RequestStream, "streams";
        "get" Get,
        "call" Call,
    Scope, "scopes";
        "stream" Stream,
        "session" Session,
        "server" Server,
    Finished, "words here";
        "ends" Ends,
        "hangs" Hangs,
        "forgotten" Forgotten,
    StreamEnd, "ends of a stream";
        "cut" Cut,
        "clean" Clean,
    Framing, "framings";
        "length" Length,
        "chunked" Chunked,
    Then, "things that can happen";
        "kill-session" KillSession,
        "end-session" EndSession,
        "mint-session" MintSession,
        "mint-dead-session" MintDeadSession,
        "exit-process" ExitProcess,
    Flaw, "flaws";
        "resurrects" Resurrects,
        "broadcasts" Broadcasts,
        "leaks" Leaks,
        "revives" Revives,
        "answers-on-get" AnswersOnGet,
        "newest-gets-all" NewestGetsAll,
    Field, "fields of an event";
        "event" Event,
        "data" Data,
        "id" Id,
        "retry" Retry,
}

impl Word for Situation {
    const WHAT: &'static str = "situations";

    fn words() -> Vec<(&'static str, Self)> {
        let all = Self::ALL.iter();
        all.map(|(situation, name)| (*name, *situation)).collect()
    }
}
