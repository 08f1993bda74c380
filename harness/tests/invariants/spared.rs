//! What looks like a violation and is none, in worlds that random search does not draw: redirects, tokens, gateways, calls that
//! are given up, replicas with durable sessions. What in the same place is a violation stands in `hand_made`.

use stalemate::runner::Outcome;

use crate::support::{cell, violated};

/// What is run, and who violates what there, nobody if it is empty.
struct Case {
    what: &'static str,
    text: &'static str,
    client: &'static str,
    violates: &'static [&'static str],
}

const RIGHT: &str = "connector/recovering";

const CASES: &[Case] = &[
    Case {
        what: "the page after a call that its user gave up",
        text: "summary: One.
servers: {memory: {dialect: spec}}
path: [cloudflare]
clients: [CLIENT]
steps:
  - add: memory
  - call: {on: memory, tool: slow, takes: 20s, patience: 5s}
  - wait: 1s
  - reload: settings
",
        client: RIGHT,
        violates: &[],
    },
    Case {
        what: "the page after a framework's page for the GET",
        text: "summary: One.
servers: {memory: {dialect: {like: supergateway-4.0.0, sse: {get-streams: none}, answers: {get-unserved: {status: 404, body: Cannot GET /mcp}}}}}
path: [nginx]
clients: [CLIENT]
steps: [{add: memory}, {wait: 1s}, {reload: settings}]
",
        client: RIGHT,
        violates: &["srv-get-is-stream-or-405"],
    },
    Case {
        what: "a call that left as another was told 404, behind a redirect",
        text: "summary: One.
servers: {memory: {dialect: spec}}
path: [nginx: {redirect: {status: 307, to: slash}}]
clients: [CLIENT]
steps:
  - add: memory
  - expire: memory
  - call: {on: memory, tool: create_entities, background: a}
  - wait: 6ms
  - call: {on: memory, tool: create_entities, background: b}
  - await: a
  - await: b
",
        client: RIGHT,
        violates: &[],
    },
    Case {
        what: "a call that was refused and is sent again, behind a redirect",
        text: "summary: One.
servers: {memory: {dialect: spec}}
path: [nginx: {redirect: {status: 307, to: slash}}]
clients: [CLIENT]
steps: [{add: memory}, {call: {on: memory, tool: create_entities}}]
inject:
  - when: {event: response-received, at: nginx, rpc: tools/call}
    then: {replace: {status: 404}}
",
        client: RIGHT,
        violates: &[],
    },
    Case {
        what: "a polling stream whose call was given up in the time that the server named",
        text: "summary: One.
servers: {memory: {dialect: spec-polling}}
clients: [CLIENT]
steps:
  - add: memory
  - call: {on: memory, tool: slow, takes: 20s, patience: 1s}
  - wait: 2m
  - call: {on: memory, tool: create_entities}
",
        client: "test/polling",
        violates: &[],
    },
    Case {
        what: "a handshake of which the head came and the result did not",
        text: "summary: One.
servers: {memory: {dialect: spec}}
path: [nginx]
clients: [CLIENT]
steps: [{add: memory}, {wait: 1m}, {disconnect: memory}, {wait: 1m}, {connect: memory}]
inject:
  - when: {event: sse-received, at: client, rpc: initialize}
    then: {drop: now}
",
        client: RIGHT,
        violates: &[],
    },
    Case {
        what: "a handshake that came to no end, and whose user disconnects at once",
        text: "summary: One.
servers: {memory: {dialect: spec}}
path: [nginx]
clients: [CLIENT]
steps: [{add: memory}, {disconnect: memory}, {wait: 1m}, {connect: memory}]
inject:
  - when: {event: response-received, at: client, rpc: notifications/initialized}
    then: {drop: now}
",
        client: RIGHT,
        violates: &[],
    },
    Case {
        what: "a lifetime that ends while a call runs",
        text: "summary: One.
servers: {memory: {dialect: {like: spec, sessions: {lifetime: 30s}}}}
path: [nginx]
clients: [CLIENT]
steps: [{add: memory}, {wait: 20s}, {call: {on: memory, tool: slow, takes: 20s}}]
",
        client: RIGHT,
        violates: &[],
    },
    Case {
        what: "a session that is found to have ended by a request with a renewed token",
        text: "summary: One.
servers:
  memory:
    durable: sessions
    dialect:
      like: spec
      tokens: {lifetime: 1m}
      sessions: {lifetime: 2m}
      sse: {get-streams: none, resume: none}
      answers: {get-unserved: {status: 405}, unauthorized: {status: 401, headers: {www-authenticate: 'Bearer error=\"invalid_token\"'}}}
clients: [CLIENT]
steps: [{add: memory}, {restart: memory}, {wait: 3m}, {call: {on: memory, tool: create_entities}}]
",
        client: RIGHT,
        violates: &[],
    },
    Case {
        what: "what the plan keeps back on its way out of a hop",
        text: "summary: One.
servers: {memory: {dialect: spec-polling}}
path: [nginx]
clients: [CLIENT]
steps: [{add: memory}, {call: {on: memory, tool: create_entities}}]
inject: [{when: {event: sse-sent, at: nginx, rpc: tools/call}, then: {park: now}}]
",
        client: "test/polling",
        violates: &[],
    },
    Case {
        what: "a gateway that was refused an inner session",
        text: "summary: One.
servers: {memory: {dialect: spec}}
path: [gateway: {lost-session: reinitialize}]
clients: [CLIENT]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities}
  - expire: memory
  - call: {on: memory, tool: create_entities}
inject:
  - when: {event: response-sent, at: memory, rpc: initialize, nth: 2}
    then: {replace: {status: 429}}
",
        client: RIGHT,
        violates: &[],
    },
    Case {
        what: "a gateway whose server dies while it opens an inner session again",
        text: "summary: One.
servers: {memory: {dialect: spec}}
path: [gateway: {lost-session: reinitialize}]
clients: [CLIENT]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities}
  - expire: memory
  - call: {on: memory, tool: create_entities, background: a}
  - wait: 3ms
  - crash: memory
  - await: a
",
        client: RIGHT,
        violates: &[],
    },
    Case {
        what: "a gateway that opens an inner session again after the token was renewed",
        text: "summary: One.
servers:
  memory: {dialect: {like: spec, tokens: {lifetime: 5m}, answers: {unauthorized: {status: 401, headers: {www-authenticate: 'Bearer error=\"invalid_token\"'}}}}}
path: [gateway: {lost-session: reinitialize}]
clients: [CLIENT]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities}
  - wait: 6m
  - call: {on: memory, tool: create_entities, expect: ok}
  - expire: memory
  - call: {on: memory, tool: create_entities}
",
        client: RIGHT,
        violates: &[],
    },
    Case {
        what: "a balancer that forgets where an old session is, and keeps each new one together",
        text: "summary: One.
servers: {memory: {dialect: spec, replicas: 2}}
path: [{balancer: {policy: sticky}}]
clients: [CLIENT]
steps: [{add: memory}, {call: {on: memory, tool: create_entities}}, {restart: balancer}]
",
        client: RIGHT,
        violates: &["hop-session-affinity"],
    },
    Case {
        what: "replicas that keep their sessions over a restart",
        text: "summary: One.
servers: {memory: {dialect: spec, durable: sessions, replicas: 2}}
path: [{balancer: {policy: sticky}}]
clients: [CLIENT]
steps: [{add: memory}, {call: {on: memory, tool: create_entities}}, {restart: memory}, {call: {on: memory, tool: create_entities}}]
",
        client: RIGHT,
        violates: &[],
    },
    Case {
        what: "a cursor from a stream on which writes at once told of their changes",
        text: "summary: One.
servers: {memory: {dialect: spec}}
clients: [CLIENT]
steps:
  - add: memory
  - subscribe: {on: memory, resource: 'memory://knowledge-graph'}
  - call: {on: memory, tool: create_entities, parallel: 3}
  - cut: memory
  - wait: 10s
",
        client: RIGHT,
        violates: &[],
    },
    Case {
        what: "a ping that is held up, and answered in the millisecond in which it comes",
        text: "summary: One.
servers: {memory: {dialect: supergateway-4.0.0}}
path: [nginx]
clients: [CLIENT]
steps: [{add: memory}, {wait: 5s}, {ping: memory}, {wait: 1m}]
inject: [{when: {event: sse-received, at: client, nth: 3}, then: {delay: 3s}}]
",
        client: RIGHT,
        violates: &[],
    },
    Case {
        what: "a redirect that is held up until after another request was told 404",
        text: "summary: One.
servers: {memory: {dialect: supergateway-4.0.0}}
path: [nginx: {redirect: {status: 307, to: slash}}]
clients: [CLIENT]
steps: [{add: memory}, {call: {on: memory, tool: create_entities}}, {restart: memory}, {call: {on: memory, tool: create_entities}}, {wait: 1m}]
inject: [{when: {event: response-received, at: client, nth: 12}, then: {delay: 3s}}]
",
        client: RIGHT,
        violates: &[],
    },
    Case {
        what: "a 404 that is held back on a connection which the client closes before",
        text: "summary: One.
servers: {memory: {dialect: supergateway-4.0.0}}
clients: [CLIENT]
steps: [{add: memory}, {wait: 5s}, {restart: memory}, {wait: 3s}, {call: {on: memory, tool: create_entities}}, {wait: 1m}, {incognito: open}]
inject: [{when: {event: response-received, method: GET, nth: 2}, then: {delay: 5s}}]
",
        client: RIGHT,
        violates: &[],
    },
    Case {
        what: "a subscription that is granted when its session is lost",
        text: "summary: One.
servers: {memory: {dialect: spec}}
clients: [CLIENT]
steps: [{add: memory}, {subscribe: {on: memory, resource: 'memory://graph'}}, {restart: memory}]
inject: [{when: {event: sse-received, rpc: resources/subscribe}, then: {delay: 1m}}]
",
        client: RIGHT,
        violates: &[],
    },
    Case {
        what: "a handshake whose result is lost, with a subscription to restore",
        text: "summary: One.
servers: {memory: {dialect: spec}}
path: [nginx]
clients: [CLIENT]
steps: [{add: memory}, {subscribe: {on: memory, resource: 'memory://graph'}}, {restart: memory}, {wait: 3s}, {call: {on: memory, tool: search_nodes}}, {wait: 2m}]
inject: [{when: {event: sse-received, at: client, rpc: initialize, nth: 2}, then: {drop: now}}]
",
        client: RIGHT,
        violates: &[],
    },
    Case {
        what: "a session that is refused at once, with a subscription to restore",
        text: "summary: One.
servers: {memory: {dialect: spec}}
clients: [CLIENT]
steps: [{add: memory}, {subscribe: {on: memory, resource: 'memory://graph'}}, {restart: memory}, {wait: 5s}]
inject: [{when: {event: response-sent, rpc: notifications/initialized, nth: 2}, then: {replace: {status: 400}}}]
",
        client: RIGHT,
        violates: &[],
    },
    Case {
        what: "a server that dies as its answer to a handshake arrives",
        text: "summary: One.
servers: {memory: {dialect: spec}}
path: [nginx]
clients: [CLIENT]
steps: [{add: memory}, {restart: memory}, {call: {on: memory, tool: create_entities}}]
inject: [{when: {event: response-received, at: client, rpc: initialize, nth: 2}, then: {halt: memory}}]
",
        client: RIGHT,
        violates: &[],
    },
    Case {
        what: "a session whose loss is told by an answer that breaks off in its body",
        text: "summary: One.
servers: {memory: {dialect: spec}}
path: [nginx, gateway]
clients: [CLIENT]
steps: [{add: memory}, {call: {on: memory, tool: create_entities}}, {restart: gateway}, {call: {on: memory, tool: create_entities}}]
inject: [{when: {event: response-sent, at: nginx, rpc: tools/call, nth: 2}, then: {cut: body}}]
",
        client: RIGHT,
        violates: &[],
    },
    Case {
        what: "a handshake whose whole answer is held up",
        text: "summary: One.
servers: {memory: {dialect: {like: spec, json-answers: {to: all}}}}
path: [nginx]
clients: [CLIENT]
steps: [{add: memory}, {call: {on: memory, tool: create_entities, expect: ok}}, {wait: 1m}]
inject: [{when: {event: response-received, at: client, rpc: initialize}, then: {delay: 5s}}]
",
        client: RIGHT,
        violates: &[],
    },
];

#[test]
fn what_only_looks_like_a_violation_is_none() {
    for case in CASES {
        let (result, _) = cell(case.text, case.client);
        let of_case = format!("{}: {:?}", case.what, result.problems);
        assert_eq!(violated(&result), case.violates, "{of_case}");
        // A right client works again in each of these worlds.
        assert!(result.rung.is_some(), "{of_case}");
        let kept = result.outcome == Outcome::Kept;
        assert_eq!(kept, case.violates.is_empty(), "{of_case}");
    }
}
