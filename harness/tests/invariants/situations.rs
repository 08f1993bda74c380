//! The situations of the table: what is wrong stands in the scenario, or is the doing of the client that runs it.

/// What happens with one server behind nginx. With two names first: the same with a right server, and with one that is wrong
/// in it.
macro_rules! with_server {
    ($right:ident, $wrong:ident $dialect:literal: $summary:literal, $steps:literal) => {
        pub(crate) const $right: &str = with_server!("spec", $summary, $steps);
        pub(crate) const $wrong: &str = with_server!($dialect, $summary, $steps);
    };
    ($dialect:literal, $summary:literal, $steps:literal) => {
        concat!(
            "summary: ",
            $summary,
            "\nservers:\n  memory: {dialect: ",
            $dialect,
            ", port: 3001}\npath: [nginx]\nclients: [CLIENT]\nsteps:",
            $steps,
        )
    };
}

mod field;

pub(crate) use field::*;

pub(crate) const HIDES_THE_ID: &str = "\
summary: A proxy drops the session id of every answer.
servers: {memory: {dialect: spec}}
path: [nginx: {hide-headers: [mcp-session-id]}]
clients: [CLIENT]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities}
expect: {CLIENT: {progress: none}}
";

pub(crate) const RESTART: &str = with_server!(
    "supergateway-4.0.0",
    "The server loses its sessions, and says 404.",
    "
  - add: memory
  - call: {on: memory, tool: create_entities, expect: ok}
  - restart: memory
  - wait: 5s
  - call: {on: memory, tool: search_nodes}
"
);

pub(crate) const READ_AFTER_RESTART: &str = with_server!(
    "supergateway-4.0.0",
    "The server loses its sessions, and a resource is read before a tool is called.",
    "
  - add: memory
  - read: {on: memory, resource: memory://graph, expect: ok}
  - restart: memory
  - read: {on: memory, resource: memory://graph}
  - call: {on: memory, tool: search_nodes}
"
);

pub(crate) const PINGS: &str = with_server!(
    "supergateway-4.0.0",
    "The server pings its client.",
    "
  - add: memory
  - wait: 5s
  - ping: memory
  - wait: 1m
"
);

/// The server loses its sessions, and says 400; `$violates` lists it or not.
macro_rules! answers_400 {
    ($violates:literal) => {
        concat!(
            with_server!(
                "supergateway-3.4.3",
                "The server loses its sessions, and says 400.",
                "
  - add: memory
  - restart: memory
  - call: {on: memory, tool: search_nodes}
"
            ),
            $violates
        )
    };
}

pub(crate) const UNLISTED_400: &str = answers_400!("");
pub(crate) const ANSWERS_400: &str =
    answers_400!("violates: {memory: {srv-dead-session-is-404: answers 400}}\n");

pub(crate) const SILENCE: &str = "\
summary: The answer to a call never comes.
servers:
  memory: {dialect: supergateway-4.0.0, port: 3001}
clients: [CLIENT]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities}
inject:
  - when: {event: sse-sent, at: memory, rpc: tools/call}
    then: {park: now}
";

pub(crate) const LOST_ANSWER: &str = with_server!(
    "supergateway-4.0.0",
    "The connection breaks after the effect and before the answer.",
    "
  - add: memory
  - call: {on: memory, tool: create_entities}
inject:
  - when: {event: sse-sent, at: memory, rpc: tools/call}
    then: {cut: 0}
"
);

pub(crate) const DISCONNECT: &str = with_server!(
    "supergateway-4.0.0",
    "The user disconnects and connects again.",
    "
  - add: memory
  - call: {on: memory, tool: create_entities, expect: ok}
  - disconnect: memory
  - reload: settings
  - connect: memory
  - call: {on: memory, tool: search_nodes, expect: ok}
"
);

pub(crate) const DELETE: &str = with_server!(
    "supergateway-4.0.0",
    "The user deletes the connector and adds it again.",
    "
  - add: memory
  - call: {on: memory, tool: create_entities, expect: ok}
  - delete: memory
  - add: memory
  - call: {on: memory, tool: search_nodes, expect: ok}
"
);

pub(crate) const DOWN: &str = with_server!(
    "supergateway-4.0.0",
    "The user looks at the settings page while every call fails.",
    "
  - add: memory
  - call: {on: memory, tool: create_entities, expect: ok}
  - down: memory
  - call: {on: memory, tool: search_nodes, expect: error}
  - wait: 1s
  - reload: settings
"
);

pub(crate) const PRIVATE_WINDOW: &str = "\
summary: The session is lost, and the user opens a private window.
servers:
  memory: {dialect: supergateway-3.4.3, port: 3001}
path: [cloudflare, nginx]
clients: [CLIENT]
steps:
  - add: memory
  - restart: memory
  - call: {on: memory, tool: search_nodes}
  - incognito: open
  - call: {on: memory, tool: search_nodes}
violates:
  memory: {srv-dead-session-is-404: answers 400}
";

pub(crate) const TWO_CONNECTORS: &str = "\
summary: One account has two connectors.
servers:
  memory: {dialect: supergateway-4.0.0, port: 3001}
  bluesky: {dialect: supergateway-4.0.0, port: 3000}
path: [nginx]
clients: [CLIENT]
steps:
  - add: memory
  - add: bluesky
  - call: {on: memory, tool: create_entities}
  - call: {on: bluesky, tool: create_entities}
";

pub(crate) const PARALLEL: &str = with_server!(
    "supergateway-4.0.0",
    "Eight calls at once find that the session is lost.",
    "
  - add: memory
  - restart: memory
  - call: {on: memory, tool: search_nodes, parallel: 8}
"
);

pub(crate) const GONE_AGAIN: &str = "\
summary: The server dies of the initialize that follows a loss, and is away for 30 s.
servers:
  memory: {dialect: supergateway-4.0.0, port: 3001, supervisor: 30s}
path: [nginx]
clients: [CLIENT]
steps:
  - add: memory
  - wait: 20s
  - restart: memory
  - call: {on: memory, tool: search_nodes}
inject:
  - when: {event: request-received, at: memory, rpc: initialize, nth: 2}
    then: {halt: memory}
";

with_server!(STREAM_BREAKS, REPLAYS_OTHERS "broken/server-replays-other-streams":
    "The GET stream breaks after an event; a call was answered on a stream of its own.", "
  - add: memory
  - wait: 5s
  - notify: memory
  - call: {on: memory, tool: create_entities, expect: ok}
  - cut: nginx
  - wait: 10s
  - notify: memory
  - wait: 5s
");

with_server!(EXPIRES, RESURRECTS "broken/server-resurrects":
    "The session expires, and the client calls with its id.", "
  - add: memory
  - call: {on: memory, tool: create_entities, expect: ok}
  - expire: memory
  - call: {on: memory, tool: search_nodes, expect: ok}
");

with_server!(TWO_STREAMS, BROADCASTS "broken/server-broadcasts":
    "A notification goes out while the GET stream and the stream of a call are open.", "
  - add: memory
  - wait: 5s
  - call: {on: memory, tool: slow, takes: 20s, background: slow}
  - wait: 5s
  - notify: memory
  - await: slow
");

pub(crate) const NEVER_AGAIN: &str = with_server!(
    "typescript-sdk",
    "The only transport of a server has lost its session, and was initialized before.",
    "
  - add: memory
  - call: {on: memory, tool: create_entities, expect: ok}
  - expire: memory
expect: {CLIENT: {progress: none}}
"
);

/// Two replicas behind a balancer with that policy, and what is promised.
macro_rules! replicas {
    ($policy:literal, $promise:literal) => {
        concat!(
            "summary: Two replicas know nothing of each other's sessions.
servers:
  memory: {dialect: supergateway-4.0.0, replicas: 2}
path: [nginx, balancer: {policy: ",
            $policy,
            "}]
clients: [CLIENT]
steps:
  - add: memory
  - call: {on: memory, tool: search_nodes}
",
            $promise
        )
    };
}

pub(crate) const STICKY: &str = replicas!("sticky", "");
pub(crate) const TURN_ABOUT: &str =
    replicas!("round-robin", "expect: {CLIENT: {progress: none}}\n");

pub(crate) const TWO_SESSIONS: &str = with_server!(
    "spec",
    "Two windows have a session each, and a stream of one of them is resumed.",
    "
  - add: memory
  - wait: 5s
  - notify: memory
  - call: {on: memory, tool: create_entities, expect: ok}
  - incognito: open
  - call: {on: memory, tool: create_entities, expect: ok}
  - cut: nginx
  - wait: 10s
"
);
