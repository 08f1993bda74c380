//! Servers and hops that are wrong, and some that only look so, as journals made by hand.

use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use stalemate::invariant::Verdict;

use crate::tape::{Tape, call, changed, result};

/// Invariant, what happens, whether it is a violation, and how it is told.
type Case = (&'static str, &'static str, bool, fn(&mut Tape));

const CASES: &[Case] = &[
    ("srv-no-resurrection", "accepted after a 404", true, |t| {
        let refused = t.post("S", &call(1), None);
        t.answer(refused, 404, &Value::Null, None);
        let accepted = t.post("S", &call(2), None);
        t.answer(accepted, 200, &result(2), None);
    }),
    ("srv-no-resurrection", "accepted after its end", true, |t| {
        t.session_ended("S");
        t.get("S", None);
    }),
    ("srv-no-resurrection", "begun before its end", false, |t| {
        let before = t.post("S", &call(1), None);
        t.session_ended("S");
        t.answer(before, 200, &result(1), None);
        let after = t.post("S", &call(2), None);
        t.answer(after, 404, &Value::Null, None);
    }),
    (
        "srv-session-isolation",
        "an answer that another session asked for",
        true,
        |t| {
            let (one, two) = (t.post("S", &call(1), None), t.post("T", &call(2), None));
            t.answer(one, 200, &result(2), None);
            t.answer(two, 200, &result(1), None);
        },
    ),
    (
        "srv-session-isolation",
        "the result of another session's call of that id",
        true,
        |t| {
            let (one, two) = (
                t.post("S", &call(1), Some(1)),
                t.post("T", &call(1), Some(2)),
            );
            t.answer(one, 200, &result(1), Some(2));
            t.answer(two, 200, &result(1), Some(1));
        },
    ),
    (
        "srv-session-isolation",
        "an answer on the stream of another session",
        true,
        |t| {
            let listening = t.get("T", None);
            let one = t.post("S", &call(1), None);
            t.event(listening, "1", &result(1));
            t.answer(one, 200, &result(1), None);
        },
    ),
    ("srv-session-isolation", "each its own", false, |t| {
        let (one, two) = (
            t.post("S", &call(1), Some(1)),
            t.post("T", &call(1), Some(2)),
        );
        t.answer(two, 200, &result(1), Some(2));
        t.answer(one, 200, &result(1), Some(1));
    }),
    (
        "srv-one-stream-per-message",
        "a notification on both streams",
        true,
        |t| {
            let listening = t.get("S", None);
            let one = t.post("S", &call(1), None);
            t.head(one);
            t.event(one, "1", &changed());
            t.event(listening, "2", &changed());
        },
    ),
    (
        "srv-one-stream-per-message",
        "a response on both streams",
        true,
        |t| {
            let listening = t.get("S", None);
            let one = t.post("S", &call(1), None);
            t.answer(one, 200, &result(1), None);
            t.event(listening, "2", &result(1));
        },
    ),
    (
        "srv-one-stream-per-message",
        "two notifications that are equal",
        false,
        |t| {
            let listening = t.get("S", None);
            let one = t.post("S", &call(1), None);
            t.head(one);
            t.event(one, "1", &changed());
            t.wait(5_000);
            t.event(listening, "2", &changed());
        },
    ),
    (
        "srv-one-stream-per-message",
        "each session its own copy",
        false,
        |t| {
            let (one, two) = (t.get("S", None), t.get("T", None));
            let asked = t.post("S", &call(1), None);
            t.head(asked);
            t.event(one, "1", &changed());
            t.event(two, "1", &changed());
            t.event(asked, "2", &result(1));
        },
    ),
    (
        "srv-replay-same-stream",
        "an event of another stream",
        true,
        |t| {
            let (one, two) = (t.post("S", &call(1), None), t.post("S", &call(2), None));
            for (stream, id) in [(one, "a0"), (two, "b0")] {
                t.head(stream);
                t.event(stream, id, &changed());
            }
            t.event(two, "b1", &result(2));
            let resumed = t.get("S", Some("a0"));
            t.event(resumed, "b1", &result(2));
        },
    ),
    (
        "srv-replay-same-stream",
        "an answer that another stream owes",
        true,
        |t| {
            let (one, two) = (t.post("S", &call(1), None), t.post("S", &call(2), None));
            for (stream, id) in [(one, "a0"), (two, "b0")] {
                t.head(stream);
                t.event(stream, id, &changed());
                t.end(stream);
            }
            let resumed = t.get("S", Some("a0"));
            t.event(resumed, "b1", &result(2));
        },
    ),
    (
        "srv-replay-same-stream",
        "what the client has already",
        true,
        |t| {
            let listening = t.get("S", None);
            t.event(listening, "1", &changed());
            t.event(listening, "2", &changed());
            t.end(listening);
            let resumed = t.get("S", Some("2"));
            t.event(resumed, "1", &changed());
        },
    ),
    (
        "srv-replay-same-stream",
        "what followed, twice resumed",
        false,
        |t| {
            let one = t.post("S", &call(1), None);
            t.head(one);
            t.event(one, "a0", &changed());
            t.event(one, "a1", &changed());
            let resumed = t.get("S", Some("a0"));
            t.event(resumed, "a1", &changed());
            t.end(resumed);
            let again = t.get("S", Some("a1"));
            t.event(again, "a2", &result(1));
        },
    ),
    ("hop-status-transparent", "404 becomes 500", true, |t| {
        t.relay(
            (404, "Session not found", None),
            (500, "Internal Server Error", None),
        );
    }),
    ("hop-status-transparent", "another body", true, |t| {
        t.relay(
            (404, "Session not found", None),
            (404, "<html>404 Not Found</html>", None),
        );
    }),
    ("hop-status-transparent", "the id is lost", true, |t| {
        t.relay((400, "no", Some("S")), (400, "no", None));
    }),
    (
        "hop-status-transparent",
        "as it came; 502 as the edge's own page",
        false,
        |t| {
            t.relay(
                (404, "Session not found", Some("S")),
                (404, "Session not found", Some("S")),
            );
            t.relay(
                (502, "Bad Gateway", None),
                (502, "<html>Cloudflare</html>", None),
            );
        },
    ),
];

/// A test for each case.
pub fn trials() -> Vec<Trial> {
    let trial = |&(invariant, what, violated, tell): &Case| {
        let verdict = if violated { "violated" } else { "held" };
        Trial::test(format!("{invariant} {verdict}: {what}"), move || {
            let mut tape = Tape::default();
            tell(&mut tape);
            match (tape.judge(invariant), violated) {
                (Verdict::Violated { .. }, true) | (Verdict::Held, false) => Ok(()),
                (other, _) => Err(Failed::from(format!("{other:?}"))),
            }
        })
    };
    CASES.iter().map(trial).collect()
}
