//! Why no invariant rests on a clause: each clause of the session era that is demanded and that nothing judges, with the
//! reason.

/// The form of messages: what is wrong with it shows in the first exchange of any conformance test, whether sessions die or
/// not.
const FORM: &str = "the form of messages, which conformance tests check; nothing of it changes when a session dies";
/// What a party thinks or keeps.
const INSIDE: &str = "what a party keeps to itself; the wire does not show it";
/// How a server would have to be led.
const UNASKED: &str = "no scenario brings a party where it matters yet";
/// Freedom of choice.
const CHOICE: &str = "a demand with an excuse that the wire does not show";

/// The clauses with their reasons, in the order of the specification. A permission ([`Level::May`](super::Level::May)) is not
/// among them: nothing can violate it.
pub static GAPS: &[(&str, &str)] = &[
    ("SES-02", "how an id is drawn is not seen in it"),
    ("SES-03", FORM),
    ("SES-11", INSIDE),
    ("SES-13", INSIDE),
    ("SES-14", "the tools of the servers here fit on one page"),
    ("POST-01", FORM),
    ("POST-02", FORM),
    ("POST-03", FORM),
    ("POST-05", FORM),
    ("POST-06", FORM),
    (
        "POST-07",
        "a client that does not understand one of them recovers nowhere, which `cli-recovers` says",
    ),
    (
        "POST-08",
        "whether a call gets its answer is judged at the client: `cli-every-call-resolves`",
    ),
    ("POST-09", INSIDE),
    ("POST-10", CHOICE),
    ("POST-11", CHOICE),
    ("POST-12", INSIDE),
    ("POST-13", CHOICE),
    ("POLL-01", CHOICE),
    (
        "POLL-03",
        "whether the rest of a stream is fetched is judged by what it loses: `cli-every-call-resolves`",
    ),
    ("POLL-04", CHOICE),
    ("POLL-06", CHOICE),
    (
        "POLL-07",
        "a client that takes it otherwise resumes from the wrong place, which `cli-resume-cursor` says",
    ),
    ("GET-02", FORM),
    ("RES-02", UNASKED),
    ("RES-03", INSIDE),
    ("VER-04", FORM),
    ("ORG-01", "no scenario has a page of somebody else's in it"),
    ("ORG-02", "no scenario has a page of somebody else's in it"),
    ("ORG-03", "in a simulated network there is no local address"),
    ("LIFE-03", FORM),
    ("LIFE-05", UNASKED),
    ("LIFE-06", UNASKED),
    ("LIFE-07", FORM),
    ("LIFE-08", UNASKED),
    (
        "LIFE-09",
        "the header of the revision is judged: `cli-version-is-negotiated`; capabilities are not",
    ),
    ("LIFE-10", "there is no message to look for"),
    ("LIFE-11", UNASKED),
    ("TIME-02", INSIDE),
    ("TIME-03", INSIDE),
    ("PING-03", CHOICE),
    ("CAN-01", UNASKED),
    ("CAN-02", CHOICE),
    ("CAN-03", INSIDE),
    ("CAN-04", INSIDE),
    ("CAN-05", INSIDE),
    ("ID-01", FORM),
    ("ID-02", FORM),
    ("PROG-01", FORM),
    ("PROG-02", FORM),
    ("AUTH-02", UNASKED),
    ("AUTH-03", UNASKED),
    ("AUTH-04", UNASKED),
    ("AUTH-05", UNASKED),
];

/// Why no invariant rests on a clause, if that is so and it is no permission.
#[must_use]
pub fn gap(id: &str) -> Option<&'static str> {
    let found = GAPS.iter().find(|(clause, _)| *clause == id);
    found.map(|(_, why)| *why)
}
