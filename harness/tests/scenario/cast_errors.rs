//! Names that do not exist or cannot be, and promises about them. Each table of wrong files has one snapshot.

use crate::support::{changed, errors, extended, snapshot, stepped};

#[test]
#[rustfmt::skip]
fn names() {
    let clients = "[connector/stale-cache, rmcp]";
    let servers = "  memory: {dialect: supergateway-3.4.3, port: 3001}\n  other: {real: rmcp}\n";
    let steps = "  - add: memory\n  - call: {on: memory, tool: create_entities}\n";
    let without_nginx = |path: &str| changed("[cloudflare, nginx]", path).replace("[memory, nginx]", "[memory]");
    snapshot("names", &[
        ("an unknown client", changed(clients, "[connector/stale-cache, rmpc]")),
        ("a client without its first part", changed(clients, "[stale-cache, rmcp]")),
        ("an unknown dialect", changed("supergateway-3.4.3", "supergateway-3.4.5")),
        ("an unknown real server", changed("real: rmcp", "real: rcmp")),
        ("an unknown hop", without_nginx("[cloudflare, ngnix]")),
        ("an unknown server", changed("add: memory", "add: memroy").replace("on: memory", "on: memroy")),
        ("an unknown tool", changed("create_entities", "create_entity")),
        ("an unknown clause", changed("SES-08", "SES-8")),
        ("a clause that nothing judges", changed("SES-08", "SES-03")),
        ("an unknown failure mode", extended("shows: [F99]")),
        ("a failure mode that nothing catches", extended("shows: [F14]\nexpect: {rmcp: {violates: [cli-no-stale-id]}}")),
        ("an unknown target", stepped(&["restart: [memory, lightsial]"])),
        ("a hop that is not on the path", without_nginx("[cloudflare]") + "  - cut: nginx\n"),
        ("a machine as a server", stepped(&["add: lightsail"])),
        ("an unknown process on a machine", changed("[memory, nginx]", "[memry, nginx]")),
        ("a client listed twice", changed(clients, "[rmcp, connector/stale-cache, rmcp]")),
        ("a clause listed twice", changed("[SES-08]", "[SES-08, SES-08]")),
        ("a hop twice", changed("[cloudflare, nginx]", "[nginx, nginx: {read-timeout: 5s}]")),
        ("a process on two machines", changed("[memory, nginx]}", "[memory, nginx], ec2: [other, memory]}")),
        ("a server with a taken name", changed("  other:", "  nginx:")),
        ("a machine with a taken name", changed("lightsail:", "client:")),
        ("a machine with a server's name", changed("lightsail:", "other:")),
        ("a name with blanks", changed("  other:", "  Other One:")),
        ("neither dialect nor real", changed("{real: rmcp}", "{port: 3005}")),
        ("dialect and real", changed("{real: rmcp}", "{real: rmcp, dialect: strict}")),
        ("two servers with one port", changed("{real: rmcp}", "{real: rmcp, port: 3001}")),
        ("no port left", changed("port: 3001", "port: 65535")),
        ("a report that is no URL", extended("report: issue 48557")),
        ("no server", changed(servers, "  {}\n")),
        ("no client", changed(clients, "[]")),
        ("no step", changed(steps, "  []\n")),
        ("no seed", extended("seeds: []")),
        ("an empty machine", changed("[memory, nginx]", "[]")),
        ("what a real server keeps", changed("{real: rmcp}", "{real: rmcp, durable: sessions}")),
        ("nothing that can be kept", changed("port: 3001}", "durable: session}")),
        ("a transport that cannot be put back", changed("dialect: supergateway-3.4.3", "dialect: {like: supergateway-3.4.3, sessions: {single: true}, answers: {not-initialized: {status: 400}, closed: {status: 404}}}, durable: sessions")),
    ]);
}

/// What stands under `dialect` is checked as a dialect file is.
#[test]
#[rustfmt::skip]
fn dialects() {
    let like = |rest: &str| changed("dialect: supergateway-3.4.3", &format!("dialect: {{{rest}}}"));
    snapshot("dialects", &[
        ("a list", changed("dialect: supergateway-3.4.3", "dialect: [strict]")),
        ("like none", like("answers: {accepted: {status: 200}}")),
        ("like an unknown one", like("like: stricd, revisons: []")),
        ("like two", like("like: [strict, rmcp]")),
        ("an unknown key", like("like: strict, answer: {accepted: {status: 200}}")),
        ("a key without a value", like("like: strict, answers: ")),
        ("an unknown situation", like("like: strict, answers: {acepted: {status: 200}}")),
        ("an answer without a status", like("like: strict, answers: {accepted: {body: ok}}")),
        ("no final status", like("like: strict, answers: {accepted: {status: 102}}")),
        ("a body of the wrong kind", like("like: strict, answers: {accepted: {status: 200, body: 5}}")),
        ("an unknown variable", like("like: strict, answers: {accepted: {status: 200, body: '${sesion}'}}")),
        ("an unknown framing", like("like: strict, answers: {accepted: {status: 200, framing: chunk}}")),
        ("an end that cannot be", like("like: strict, answers: {accepted: {status: 200, then: end-session}}")),
        ("answered and accepted", like("like: strict, accepts: [get-second-stream], answers: {get-second-stream: {status: 409}}")),
        ("what cannot be accepted", like("like: strict, accepts: [post-unknown-session]")),
        ("what cannot happen", like("like: strict, answers: {closed: {status: 404}}")),
        ("what must be answered now", like("like: strict, sessions: {single: true}")),
        ("an unknown check", like("like: strict, checks: [session, acept]")),
        ("no revision", like("like: strict, revisions: []")),
        ("a timeout without a unit", like("like: strict, sessions: {idle-timeout: 300}")),
        ("an unknown key further in", like("like: strict, sse: {keepalive: {evry: 15s}}")),
        ("a part that is not whole", like("like: strict, sse: {resume: {scope: session}}")),
        ("three fields", like("like: strict, sse: {style: {order: [id, event, data]}}")),
        ("an unknown flaw", like("like: strict, flaws: [resurects]")),
        ("a dialect as a key of the server", changed("dialect: supergateway-3.4.3", "dialect: strict, like: strict")),
    ]);
}

#[test]
#[rustfmt::skip]
fn topology() {
    let replicated = |path: &str| changed("port: 3001}", "port: 3001, replicas: 2}").replace("[cloudflare, nginx]", path);
    let balanced = |step: &str| replicated("[nginx, balancer]") + "  - " + step + "\n";
    let nginx = |option: &str| changed("[cloudflare, nginx]", &format!("[cloudflare, nginx: {{{option}}}]"));
    snapshot("topology", &[
        ("replicas without a balancer", replicated("[cloudflare, nginx]")),
        ("replicas without a path", replicated("[nginx]").replace("path: [nginx]\n", "").replace("[memory, nginx]", "[memory]")),
        ("replicas and a balancer before nginx", replicated("[balancer, nginx]")),
        ("no replica", changed("port: 3001}", "port: 3001, replicas: 0}")),
        ("too many replicas", changed("port: 3001}", "port: 3001, replicas: 9}")),
        ("a server with a replica's name", replicated("[nginx, balancer]").replace("  other:", "  memory-2:")),
        ("a machine with a replica's name", replicated("[nginx, balancer]").replace("lightsail:", "memory-2:")),
        ("a server and its replica on two machines", replicated("[nginx, balancer]").replace("nginx]}", "nginx], ec2: [memory-2]}")),
        ("a replica that is not there", balanced("crash: memory-3")),
        ("a call to a replica", balanced("call: {on: memory-2, tool: read_graph}")),
        ("several processes that one fate halts", replicated("[nginx, balancer]") + "inject:\n  - {when: {event: effect}, then: {halt: memory}}\n"),
        ("a replica as a party", replicated("[nginx, balancer]") + "violates:\n  memory-2: {srv-dead-session-is-404: answers 400}\n"),
        ("two hops of one name", changed("[cloudflare, nginx]", "[cloudflare, nginx, nginx: {name: nginx}]")),
        ("a hop with a server's name", changed("[cloudflare, nginx]", "[cloudflare, nginx: {name: other}]").replace("[memory, nginx]", "[memory]")),
        ("a hop with another kind's name", changed("[cloudflare, nginx]", "[cloudflare, nginx, nginx: {name: balancer}]")),
        ("a way over a hop that is not there", changed("{real: rmcp}", "{real: rmcp, path: [ngnix]}")),
        ("a hop twice on a way", changed("{real: rmcp}", "{real: rmcp, path: [nginx, nginx]}")),
        ("a hop that leads nowhere", changed("{real: rmcp}", "{real: rmcp, path: [nginx]}").replace("port: 3001}", "port: 3001, path: [nginx]}")),
        ("replicas on a way of their own without a balancer", balanced("crash: memory").replace("port: 3001", "port: 3001, path: [nginx]")),
        ("a partition between two ways", changed("{real: rmcp}", "{real: rmcp, path: [nginx]}") + "  - partition: {between: [cloudflare, other]}\n"),
        ("a machine with a hop's name", changed("[cloudflare, nginx]", "[cloudflare, nginx, nginx: {name: inner}]").replace("lightsail:", "inner:")),
        ("an unknown policy", replicated("[nginx, balancer: {policy: stickey}]")),
        ("a policy of nginx", nginx("policy: sticky")),
        ("a version of HTTP without quotes", nginx("http: 1.0")),
        ("an unknown version of HTTP", nginx("http: \"2\"")),
        ("a switch that is neither on nor off", nginx("buffering: onn")),
        ("a rung without progress", extended("expect:\n  rmcp: {rung: never, progress: none}")),
    ]);
}

/// What a hop is told to change in the messages.
#[test]
#[rustfmt::skip]
fn edits() {
    let nginx = |option: &str| changed("[cloudflare, nginx]", &format!("[cloudflare, nginx: {{{option}}}]"));
    snapshot("edits", &[
        ("a misspelt key", nginx("hide-header: [mcp-session-id]")),
        ("a header that is no list", nginx("hide-headers: mcp-session-id")),
        ("a header with a colon", nginx("hide-headers: ['mcp-session-id:']")),
        ("a header hidden and renamed", nginx("hide-headers: [mcp-session-id], rename-headers: {Mcp-Session-Id: x-id}")),
        ("a header that frames", nginx("hide-headers: [Content-Length]")),
        ("a header renamed to one that frames", nginx("rename-headers: {x-length: content-length}")),
        ("a value with a line end", nginx("add-headers: {X-Via: \"a\\nb\"}")),
        ("a header without a value", nginx("add-headers: {X-Via: }")),
        ("an unknown key in request", nginx("request: {hide-header: [accept]}")),
        ("a status that is none", nginx("statuses: {2020: 500}")),
        ("a status in quotes", nginx("statuses: {'202': 500}")),
        ("a status twice", nginx("statuses: {202: 500, 202: 502}")),
        ("a status without a body", nginx("statuses: {202: 204}")),
        ("a list of statuses", nginx("statuses: [202, 500]")),
        ("a status of no redirect", nginx("redirect: {status: 303, to: slash}")),
        ("a redirect to nowhere", nginx("redirect: {status: 307}")),
        ("an unknown answer to a lost session", changed("[cloudflare, nginx]", "[cloudflare, nginx, gateway: {lost-session: reinitialise}]")),
        ("a gateway's setting at nginx", nginx("lost-session: pass-on")),
        ("an unknown way to pass answers on", changed("[cloudflare, nginx]", "[cloudflare, nginx, gateway: {answers: buffered}]")),
        ("a body limit with a unit", nginx("client-max-body-size: 1m")),
        ("more failures than can be counted", changed("[cloudflare, nginx]", "[cloudflare, nginx, balancer: {max-fails: 1001}]")),
        ("a time without a unit", changed("[cloudflare, nginx]", "[cloudflare, nginx, balancer: {fail-timeout: 10}]")),
        ("a redirect to another host", nginx("redirect: {status: 307, to: 'https://example.org/mcp'}")),
    ]);
}

/// A session id is a credential (SES-04): neither a message nor the source line shows it whole.
#[test]
#[rustfmt::skip]
fn session_ids() {
    let id = "ead943df-8fd9-4839-ae58-611a949e59c4";
    let with = |ids: &str| changed("port: 3001}", &format!("sessions: [{ids}]}}"));
    let cases = [
        ("a blank in a session id", with("\"ead943df 8fd9-4839-ae58-611a949e59c4\"")),
        ("a session id listed twice", with(&format!("{id}, {id}"))),
        ("a number as a session id", with("1234567890123")),
        ("session ids of a real server", changed("{real: rmcp}", &format!("{{real: rmcp, sessions: [{id}]}}"))),
    ];
    for (title, text) in &cases {
        let drawn = errors(text).render(true);
        assert!(!drawn.contains("8fd9") && !drawn.contains("90123"), "{title} shows a whole id:\n{drawn}");
    }
    snapshot("session-ids", &cases);
}

#[test]
#[rustfmt::skip]
fn promises() {
    let expect = |promise: &str| extended(&format!("expect:\n  {promise}"));
    let violates = |violation: &str| extended(&format!("violates:\n  {violation}"));
    snapshot("promises", &[
        ("a client that does not take part", expect("connector/spec-404: {rung: never}")),
        ("an unknown client", expect("rmpc: {rung: never}")),
        ("an unknown rung", expect("rmcp: {rung: readd}")),
        ("an unknown invariant", expect("rmcp: {violates: [cli-recover]}")),
        ("a server's invariant at a client", expect("rmcp: {violates: [srv-dead-session-is-404]}")),
        ("an invariant twice", expect("rmcp: {violates: [cli-recovers, cli-recovers]}")),
        ("a client's invariant at a server", violates("memory: {cli-recovers: it does not}")),
        ("a hop's invariant at a server", violates("memory: {hop-keeps-status: it does not}")),
        ("an unknown invariant of a hop", violates("nginx: {hop-keep-status: it does not}")),
        ("an unknown party", violates("memry: {srv-dead-session-is-404: answers 400}")),
        ("a client as a party", violates("rmcp: {cli-recovers: it does not}")),
        ("no reason", violates("memory: {srv-dead-session-is-404: }")),
        ("a list instead of reasons", violates("memory: [srv-dead-session-is-404]")),
    ]);
}
