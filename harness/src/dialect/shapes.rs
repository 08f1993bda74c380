//! The shape of a dialect file: which keys each part has, and what a missing one means. What the parts mean is said where
//! the server's core defines them.

use std::collections::{BTreeMap, BTreeSet};

use stalemate_wire::sse::{Field, Style};

use super::plain::{Plain, shape};
use crate::server::{
    Answer, Cancelled, Check, Dialect, Exit, Finished, Framing, GetStreams, Hazards, HeaderList,
    IdShape, IdleClock, Keepalive, Messages, PoisonedIds, Priming, Resume, RpcFault, Scope,
    Sessions, Situation, Sse, StreamEnd, Then,
};
use crate::yaml::collection::{Entries, List};
use crate::yaml::decode::{At, Decode, mismatch, unknown};
use crate::yaml::duration::{Duration, TimeoutForm};
use crate::yaml::fields::Fields;
use crate::yaml::report::{Finding, Report};
use crate::yaml::scalar::{AnyText, Flag, Signed, Text, Whole};
use crate::yaml::tree::{Kind, Node};
use crate::yaml::word::{One, Word};

/// The notification of the TypeScript SDK, as its members stand.
const TYPESCRIPT_NOTIFICATION: &str = r#"{"method":${method}${params},"jsonrpc":"2.0"}"#;

shape! {
    Dialect, "a dialect";
    required {
        "name" name: Text,
        "summary" summary: Text,
        "sessions" sessions: Sessions,
        "revisions" revisions: List<Text>,
        "checks" checks: List<One<Check>>,
        "sse" sse: Sse,
        "messages" messages: Messages,
        "answers" answers: Answers,
        "hazards" hazards: Hazards,
    }
    optional {}
    otherwise {
        "every-answer" every_answer: HeaderList = HeaderList::default(),
        "accepts" accepts: List<One<Situation>> = BTreeSet::new(),
    }
    besides {
        flaws: BTreeSet::new(),
    }
}

shape! {
    Sessions, "`sessions`";
    required {
        "id" id: One<IdShape>,
        "idle-timeout" idle_timeout_ms: TimeoutForm,
    }
    optional {}
    otherwise {
        "idle-clock" idle_clock: One<IdleClock> = IdleClock::default(),
        "single" single: Flag = false,
    }
}

shape! {
    Sse, "`sse`";
    required {
        "initialize-headers" initialize_headers: HeaderList,
        "post-headers" post_headers: HeaderList,
        "get-headers" get_headers: HeaderList,
    }
    optional {
        "event" event: AnyText,
        "post-event-id" post_event_id: Text,
        "get-event-id" get_event_id: Text,
        "priming" priming: Priming,
        "resume" resume: Resume,
        "keepalive" keepalive: Keepalive,
    }
    otherwise {
        "style" style: Style = Style::default(),
        "get-streams" get_streams: One<GetStreams> = GetStreams::default(),
    }
}

shape! {
    Priming, "`priming`";
    required {}
    optional {
        "retry" retry_ms: Duration,
        "since" since: Text,
        "get-id" get_id: Text,
        "opening-id" opening_id: Text,
        "replayed-data" replayed_data: AnyText,
    }
    otherwise {
        "get" get: Flag = true,
        "closes" closes: Flag = false,
    }
}

shape! {
    Resume, "`resume`";
    required {
        "keeps" keeps: Whole<0, { u64::MAX }>,
    }
    optional {}
    otherwise {
        "scope" scope: One<Scope> = Scope::default(),
        "inclusive" inclusive: Flag = false,
        "continues" continues: Flag = true,
        "finished" finished: One<Finished> = Finished::default(),
        "fresh-get" fresh_get: Flag = false,
        "unknown-is-silent" unknown_is_silent: Flag = false,
    }
}

shape! {
    Keepalive, "`keepalive`";
    required {
        "every" every_ms: Duration,
        "comment" comment: AnyText,
    }
    optional {}
    otherwise {}
}

shape! {
    Messages, "`messages`";
    required {
        "initialize" initialize: Text,
        "result" result: Text,
        "error" error: Text,
    }
    optional {}
    otherwise {
        "notification" notification: Text = TYPESCRIPT_NOTIFICATION.to_owned(),
    }
}

shape! {
    Hazards, "`hazards`";
    required {
        "stop" stop: One<StreamEnd>,
    }
    optional {
        "poisoned-ids" poisoned_ids: PoisonedIds,
        "abandoned-post" abandoned_post: Exit,
        "child-death" child_death: RpcFault,
    }
    otherwise {
        "cancelled-call" cancelled_call: Cancelled = Cancelled::default(),
    }
}

shape! {
    PoisonedIds, "`poisoned-ids`";
    required {
        "ids" ids: List<Text>,
        "exit" exit: Exit,
    }
    optional {}
    otherwise {}
}

shape! {
    Exit, "an exit";
    required {
        "code" code: Whole<0, 255>,
        "why" why: Text,
    }
    optional {}
    otherwise {}
}

shape! {
    RpcFault, "a JSON-RPC error";
    required {
        "code" code: Signed,
        "message" message: AnyText,
    }
    optional {}
    otherwise {}
}

shape! {
    Answer, "an answer";
    required {
        "status" status: Whole<0, { u16::MAX as u64 }>,
    }
    optional {
        "then" then: One<Then>,
    }
    otherwise {
        "headers" headers: HeaderList = HeaderList::default(),
        "body" body: AnyText = String::new(),
        "framing" framing: One<Framing> = Framing::default(),
    }
}

/// What is answered in each situation.
pub(super) struct Answers(BTreeMap<Situation, Answer>);

impl Decode for Answers {
    const WHAT: &'static str = "a map";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        let situations = Situation::words();
        let names: Vec<&str> = situations.iter().map(|(name, _)| *name).collect();
        let mut answers = BTreeMap::new();
        for (name, answer) in Entries::<Answer>::decode(node, report)?.0 {
            let known = situations.iter().find(|(word, _)| *word == name.value);
            match (known, answer) {
                (None, _) => report.add(unknown(name.span, Situation::WHAT, &name.value, &names)),
                (Some((_, situation)), Some(answer)) => {
                    answers.insert(*situation, answer);
                }
                (Some(_), None) => {}
            }
        }
        Some(Self(answers))
    }
}

impl Plain<BTreeMap<Situation, Answer>> for Answers {
    fn plain(self) -> BTreeMap<Situation, Answer> {
        self.0
    }
}

impl Decode for HeaderList {
    const WHAT: &'static str = "a map";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        let entries = Entries::<AnyText>::decode(node, report)?.0.into_iter();
        let pairs = entries.filter_map(|(name, value)| Some((name.value, value?.0)));
        Some(Self(pairs.collect()))
    }
}

impl Plain<Self> for HeaderList {
    fn plain(self) -> Self {
        self
    }
}

impl Decode for Style {
    const WHAT: &'static str = "a map";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        let fields = Fields::of(node, "`style`", &["order", "crlf"], report)?;
        let order = fields.optional::<At<List<One<Field>>>>("order", report);
        let crlf = fields.optional::<Flag>("crlf", report);
        let mut style = Self::default();
        if let Some(order) = order
            && order.value.whole
        {
            let all: Vec<Field> = order.value.plain();
            match <[Field; 4]>::try_from(all) {
                Ok(all) => style.order = all,
                Err(some) => report.add(
                    Finding::new(
                        order.span,
                        format!("an event has four fields, here are {}", some.len()),
                        "each of them stands here once",
                    )
                    .help("write e.g. `order: [event, data, id, retry]`"),
                ),
            }
        }
        style.crlf = crlf.is_some_and(|flag| flag.0);
        Some(style)
    }
}

impl Plain<Self> for Style {
    fn plain(self) -> Self {
        self
    }
}

impl Decode for Cancelled {
    const WHAT: &'static str = "`silence`, `end` or a map with an `error`";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        match &node.kind {
            Kind::Map(_) => {
                let fields = Fields::of(node, "`cancelled-call`", &["error"], report)?;
                fields
                    .required::<RpcFault>("error", report)
                    .map(Self::Error)
            }
            Kind::Text(word) if word == "silence" => Some(Self::Silence),
            Kind::Text(word) if word == "end" => Some(Self::End),
            _ => {
                report.add(mismatch(node, Self::WHAT));
                None
            }
        }
    }
}

impl Plain<Self> for Cancelled {
    fn plain(self) -> Self {
        self
    }
}
