//! Situations of the field: what servers and hops were reported to do, and what clients leave out.

/// What a server answers to one kind of request in place of what it should.
macro_rules! answers {
    ($summary:literal, $when:literal, $answer:literal) => {
        concat!(
            "summary: ",
            $summary,
            "
servers:
  memory: {dialect: supergateway-4.0.0, port: 3001}
path: [nginx]
clients: [CLIENT]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities, expect: ok}
  - disconnect: memory
  - connect: memory
  - call: {on: memory, tool: search_nodes, expect: ok}
inject:
  - when: {event: response-sent, at: memory, ",
            $when,
            "}
    then: {replace: {",
            $answer,
            "}}
"
        )
    };
}

pub(crate) const INITIALIZED_200: &str = answers!(
    "The notification that the handshake is over is answered 200 with a body.",
    "rpc: notifications/initialized",
    "status: 200, body: '{\"jsonrpc\":\"2.0\",\"result\":{}}'"
);

pub(crate) const DELETE_404: &str = answers!(
    "A session that was served a moment before is not found by its DELETE.",
    "method: DELETE",
    "status: 404, body: Not Found"
);

/// A server whose sessions expire after 10 s, and what is asked of it.
macro_rules! expires {
    ($dialect:literal, $summary:literal, $step:literal) => {
        concat!(
            "summary: ",
            $summary,
            "
servers:
  memory: {dialect: ",
            $dialect,
            ", session-timeout: 10s}
path: [nginx]
clients: [CLIENT]
steps:
  - add: memory
  - ",
            $step,
            "
  - call: {on: memory, tool: search_nodes}
"
        )
    };
}

pub(crate) const KILLS_WORK: &str = expires!(
    "rmcp",
    "A call takes longer than an idle session lives.",
    "call: {on: memory, tool: slow, takes: 25s}"
);
pub(crate) const IDLE: &str = expires!("rmcp", "Nobody calls for a minute.", "wait: 1m");

/// A notification behind a proxy that buffers or does not.
macro_rules! notified {
    ($options:literal) => {
        concat!(
            "summary: The server notifies its client by way of a proxy.
servers:
  memory: {dialect: spec, port: 3001}
path: [nginx",
            $options,
            "]
clients: [CLIENT]
steps:
  - add: memory
  - wait: 5s
  - notify: memory
  - wait: 30s
"
        )
    };
}

pub(crate) const BUFFERED: &str = notified!(": {http: '1.0', buffering: on}");
pub(crate) const UNBUFFERED: &str = notified!("");

/// A client that leaves something out, and what it violates by that.
macro_rules! leaves_out {
    ($violates:literal) => {
        concat!(
            with_server!(
                "spec",
                "A client leaves out what it must send.",
                "
  - add: memory
  - call: {on: memory, tool: create_entities, expect: ok}
  - wait: 10s
expect: {CLIENT: {violates: ["
            ),
            $violates,
            "]}}
"
        )
    };
}

pub(crate) const NO_VERSION: &str = leaves_out!("cli-id-on-everything");
pub(crate) const NO_ID: &str = leaves_out!("cli-id-on-everything, cli-ends-what-it-gives-up");

pub(crate) const STREAM_REFUSED: &str = with_server!(
    "supergateway-4.0.0",
    "A server that was held up takes a stream for open that its proxy cut, and refuses the next one; calls go on.",
    "
  - add: memory
  - call: {on: memory, tool: create_entities, expect: ok}
  - stall: {target: memory, for: 2m}
  - wait: 3m
  - call: {on: memory, tool: search_nodes, expect: ok}
"
);

/// A user who gives a call up before it is answered.
macro_rules! hangs_up {
    ($dialect:literal, $violates:literal) => {
        concat!(
            with_server!(
                $dialect,
                "The user gives a call up, and its answer finds nobody.",
                "
  - add: memory
  - call: {on: memory, tool: slow, takes: 20s, patience: 5s}
  - wait: 30s
  - call: {on: memory, tool: search_nodes}
"
            ),
            $violates
        )
    };
}

pub(crate) const HANGS_UP: &str = hangs_up!(
    "supergateway-3.4.3",
    "violates: {memory: {srv-dead-session-is-404: answers 400}}\n"
);
pub(crate) const HANGS_UP_RIGHT: &str = hangs_up!("supergateway-4.0.0", "");

pub(crate) const SUBSCRIBED: &str = with_server!(
    "supergateway-4.0.0",
    "The user has subscribed to a resource when a restart ends the session.",
    "
  - add: memory
  - subscribe: {on: memory, resource: memory://graph, expect: ok}
  - restart: memory
  - wait: 10s
  - call: {on: memory, tool: create_entities}
  - wait: 1m
"
);

pub(crate) const OTHER_TOOLS: &str = with_server!(
    "spec",
    "The server gets another tool, and says so.",
    "
  - add: memory
  - call: {on: memory, tool: create_entities, expect: ok}
  - notify: {from: memory, tools: [create_entities, search_nodes, slow]}
  - wait: 1m
"
);

/// A token that expires in the midst of a session, whose owner that says.
macro_rules! renewed {
    ($owner:literal) => {
        concat!(
            "summary: A token expires and is renewed.
servers:
  memory: {port: 3001, dialect: {like: broken/server-session-of-token, ",
            $owner,
            "}}
path: [nginx]
clients: [CLIENT]
steps:
  - add: memory
  - call: {on: memory, tool: create_entities, expect: ok}
  - wait: 6m
  - call: {on: memory, tool: search_nodes}
"
        )
    };
}

pub(crate) const SESSION_OF_TOKEN: &str = renewed!("tokens: {session-of: token}");
pub(crate) const SESSION_OF_USER: &str =
    renewed!("tokens: {session-of: user}, answers: {foreign-session: none}");
pub(crate) const CONVERSATIONS: &str = with_server!(
    "spec",
    "The user begins another conversation.",
    "
  - add: memory
  - call: {on: memory, tool: create_entities, expect: ok}
  - new-conversation: now
  - call: {on: memory, tool: create_entities, expect: ok}
  - wait: 1m
"
);
