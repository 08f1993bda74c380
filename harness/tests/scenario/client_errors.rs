//! Clients that a file describes: what is wrong with one is said at its place, with what to do. One snapshot has them all.

use crate::support::{changed, right, snapshot};

const CLIENTS: &str = "[connector/stale-cache, rmcp]";

/// The base with a client of those keys.
fn own(keys: &str) -> String {
    changed(CLIENTS, &format!("[rmcp, {{{keys}}}]"))
}

/// The base with a client like the right one, and those keys.
fn like(keys: &str) -> String {
    own(&format!(
        "like: connector/recovering, name: my/client, {keys}"
    ))
}

#[test]
#[rustfmt::skip]
fn clients() {
    snapshot("clients", &[
        ("no model", own("name: my/client")),
        ("no name", own("like: connector/recovering")),
        ("an unknown model", own("like: connector/recoverin, name: my/client")),
        ("a client that is no model", own("like: rmcp, name: my/client")),
        ("a client that stands after it", changed(CLIENTS, "[{like: my/b, name: my/a}, {like: connector/recovering, name: my/b}]")),
        ("a taken name", own("like: connector/recovering, name: connector/spec-404")),
        ("a name twice", changed(CLIENTS, "[{like: connector/recovering, name: my/a}, {like: connector/spec-404, name: my/a}]")),
        ("a name with blanks", own("like: connector/recovering, name: My Client")),
        ("an unknown knob", like("lost-sesion: [404]")),
        ("a knob twice", like("reinit: never, reinit: then-fail")),
        ("a knob without a value", like("reinit: ")),
        ("an unknown word", like("reinit: resend")),
        ("a word for a flag", like("open-stream: maybe")),
        ("a time without a unit", like("request-timeout: 30")),
        ("a status that is none", like("lost-session: [4004]")),
        ("a success that means a loss", like("lost-session: [200]")),
        ("an answer without a status", like("lost-session: [{says: session}]")),
        ("one status without a list", like("lost-session: 404")),
        ("an unknown failure", like("killed-by: [refuse]")),
        ("a bound that is none", like("resends: never")),
        ("a longest wait that is shorter", like("reinit-waits: {first: 2s, longest: 1s}")),
        ("waits that shrink", like("retry-unsent: {first: 2s, growth: 50}")),
        ("a stream that is reopened somehow", like("reopen-stream: always")),
        ("an unknown end of a row", like("reopen-stream: {first: 1s, anew: open}")),
        ("a version header that is none", like("version-header: negotiate")),
        ("a number as a version header", like("version-header: 2025")),
        ("a stream knob without a stream", like("open-stream: false, await-stream: true")),
        ("a recovery knob without recovery", like("reinit: never, resends: 2")),
        ("an end that nothing brings", like("killed-until: another-object")),
        ("an unknown application", like("application: some")),
        ("an unknown key of an application", like("application: {lists-kept: true}")),
        ("conversations without sessions of their own", like("application: {key: connector, ends-conversations: true}")),
        ("a list that is kept and never made", like("application: {lists: never, list-kept: true}")),
    ]);
}

#[test]
fn a_client_is_like_a_model_but_for_what_it_says() {
    let scenario = right(&changed(
        CLIENTS,
        "[{like: connector/recovering, name: my/a, resends: unlimited}, {like: my/a, name: my/b, application: none}, {like: sdk/python-1, name: my/c, application: {lists: never}}]",
    ));
    assert_eq!(scenario.clients, ["my/a", "my/b", "my/c"]);
    let of = |name: &str| &scenario.own_clients[name];
    let (a, b, c) = (of("my/a"), of("my/b"), of("my/c"));
    assert_eq!(a.model.client.reinit_bounds.max_resends, None);
    assert_eq!(a.model.application, a.base.application);
    assert_eq!(b.like, "my/a");
    assert_eq!(b.model.client, a.model.client);
    assert_eq!(b.model.application, None);
    assert_eq!(c.model.client, c.base.client);
    assert!(c.base.application.is_none() && c.model.application.is_some());
}
