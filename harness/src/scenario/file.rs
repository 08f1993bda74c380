//! The shape of a scenario file, with every place kept. The descriptions go into the JSON Schema. That names exist and
//! that steps can be reached is not checked here.

use schemars::JsonSchema;

use super::decode::{At, Decode, Entries, List, mismatch};
use super::diagnose::{Finding, Report};
use super::forms::{choice, record, words};
use super::hops::HopForm;
use super::model::{CallExpect, MOST_REPLICAS};
use super::scalar::{AnyText, Duration, One, Secret, Text, Whole};
use super::tree::{Kind, Node};
use super::words::{nearest, quote};
use crate::fault::TriggerEvent;
use crate::journal::Rung;
use crate::server::Durable;
use crate::server::Tool;

record! {
    /// One scenario: who is there, what happens, what is promised.
    ScenarioForm, "a scenario";
    required {
        /// What happens and what it shows, in one sentence.
        "summary" summary: At<Text>,
        /// The MCP servers, by name. Each has a connector of the same name.
        "servers" servers: At<Entries<ServerForm>>,
        /// The clients that take part, e.g. `connector/stale-cache` or `rmcp`.
        "clients" clients: At<List<At<Text>>>,
        /// What happens, in order. Each step is a map with one verb.
        "steps" steps: At<List<At<StepForm>>>,
    }
    optional {
        /// The public report that the scenario reproduces, as a URL.
        "report" report: At<Text>,
        /// The clauses of the specification that it is about, e.g. `SES-08`.
        "spec" spec: At<List<At<Text>>>,
        /// Machines: names for groups of servers and hops that go down together.
        "machines" machines: Entries<At<List<At<Text>>>>,
        /// The hops between client and servers, outermost first. Without it clients reach the servers directly.
        "path" path: At<List<HopForm>>,
        /// The seeds to run with; `[1]` if it is missing.
        "seeds" seeds: At<List<At<Seed>>>,
        /// Faults that fire when something is seen.
        "inject" inject: List<At<InjectionForm>>,
        /// What is promised of each client.
        "expect" expect: Entries<ExpectationForm>,
        /// The violations of servers and hops: party, then invariant, then the reason.
        "violates" violates: Entries<Entries<At<Text>>>,
    }
}

/// A seed.
pub(super) type Seed = Whole<0, { u64::MAX }>;

record! {
    /// One MCP server: exactly one of `dialect` and `real`.
    ServerForm, "a server";
    required {}
    optional {
        /// The model server with that dialect, e.g. `supergateway-3.4.3`.
        "dialect" dialect: At<Text>,
        /// A real server, e.g. `rmcp`.
        "real" real: At<Text>,
        /// How many processes it consists of; 1 if it is missing. More need a `balancer` as the innermost hop.
        "replicas" replicas: At<Whole<1, MOST_REPLICAS>>,
        /// The port; 3000 for the first server, else one more than the server before.
        "port" port: At<Whole<1, 65_535>>,
        /// The ids of its first sessions, in order of opening; further ones are drawn from the seed.
        "sessions" sessions: At<List<At<Secret>>>,
        /// The time from a crash to the supervisor's restart; 5s if it is missing.
        "supervisor" supervisor: Duration,
        /// The idle timeout of its sessions, or `never`, where it differs from the dialect's.
        "session-timeout" session_timeout: TimeoutForm,
        /// What outlives its process: `nothing`, its `sessions`, or its `streams` with them; `nothing` if it is missing.
        "durable" durable: At<One<Durable>>,
    }
}

words! {
    /// The word for a timeout that there is not.
    Never, "words for a timeout"; Never = "never",
}

/// An idle timeout.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub(super) enum TimeoutForm {
    /// There is none.
    Never(One<Never>),
    /// After that time.
    After(Duration),
}

impl Decode for TimeoutForm {
    const WHAT: &'static str = "a duration or `never`";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        match &node.kind {
            Kind::Text(text) if text == "never" => Some(Self::Never(One(Never::Never))),
            Kind::Text(text) if !text.starts_with(|c: char| c.is_ascii_digit()) => {
                let title = format!("{} is neither a duration nor `never`", quote(text));
                let label = match nearest(text, &["never"]) {
                    Some(_) => "did you mean `never`?",
                    None => "this must be a duration or `never`",
                };
                report.add(
                    Finding::new(node.span, title, label).help("write e.g. `30m`, or `never`"),
                );
                None
            }
            _ => Duration::decode(node, report).map(Self::After),
        }
    }
}

words! {
    /// What is reloaded.
    Settings, "pages"; Settings = "settings",
}
words! {
    /// The argument of what happens at once.
    Now, "times"; Now = "now",
}
words! {
    /// The argument of what opens a window.
    Open, "words here"; Open = "open",
}
words! {
    /// Which partitions are healed.
    All, "words here"; All = "all",
}

choice! {
    /// One step.
    StepForm, "a step", "verb";
    /// The user adds the connector of that server; adding connects.
    "add" Add(At<Text>) = "add: memory",
    /// The user connects it.
    "connect" Connect(At<Text>) = "connect: memory",
    /// The user disconnects it.
    "disconnect" Disconnect(At<Text>) = "disconnect: memory",
    /// The user deletes it.
    "delete" Delete(At<Text>) = "delete: memory",
    /// The user reloads the settings page.
    "reload" Reload(One<Settings>) = "reload: settings",
    /// The user opens a new conversation.
    "new-conversation" NewConversation(One<Now>) = "new-conversation: now",
    /// The user opens a private window and a conversation in it; later actions happen there.
    "incognito" Incognito(One<Open>) = "incognito: open",
    /// The user returns to the normal window.
    "normal" Normal(One<Open>) = "normal: open",
    /// A tool is called.
    "call" Call(CallForm) = "call: {on: memory, tool: create_entities, expect: ok}",
    /// Waits for the background calls of that name.
    "await" Await(At<Text>) = "await: first",
    /// Lets virtual time pass.
    "wait" Wait(Duration) = "wait: 30s",
    /// The processes are told to stop (SIGTERM), end, and are started again.
    "restart" Restart(TargetOr<RestartForm>) = "restart: {target: memory, down: 2s}",
    /// As a restart, but each process first finishes what is in flight.
    "drain" Drain(TargetOr<DrainForm>) = "drain: {target: memory, limit: 30s, down: 1s}",
    /// The processes die at once (SIGKILL); a supervisor starts each again.
    "crash" Crash(Targets) = "crash: memory",
    /// The processes are stopped and their ports refuse connections, for a time or until `up`.
    "down" Down(TargetOr<DownForm>) = "down: {target: memory, for: 10m}",
    /// The processes that are down are started.
    "up" Up(Targets) = "up: memory",
    /// The machines lose power: peers are left half-open.
    "power-loss" PowerLoss(TargetOr<RestartForm>) = "power-loss: {target: lightsail, down: 20s}",
    /// Nothing passes between two neighbours on the path, for a time or until `heal`.
    "partition" Partition(PartitionForm) = "partition: {between: [client, cloudflare], for: 40s}",
    /// Every partition is healed.
    "heal" Heal(One<All>) = "heal: all",
    /// The process neither reads nor writes, as if stopped by SIGSTOP.
    "stall" Stall(StallForm) = "stall: {target: memory, for: 10s}",
    /// Every connection of the process is cut.
    "cut" Cut(Targets) = "cut: nginx",
    /// Every session of the server expires.
    "expire" Expire(At<Text>) = "expire: memory",
    /// The server tells every session's client that its list of tools changed.
    "notify" Notify(At<Text>) = "notify: memory",
    /// The recovery ladder is climbed for that server; everything is healed and up from then on.
    "climb" Climb(At<Text>) = "climb: memory",
}

words! {
    /// How a call must end.
    Ending, "outcomes of a call"; Ok = "ok", Error = "error",
}

impl From<Ending> for CallExpect {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Ok => Self::Ok,
            Ending::Error => Self::Error,
        }
    }
}

record! {
    /// A call of a tool.
    CallForm, "`call`";
    required {
        /// The server.
        "on" on: At<Text>,
        /// The tool.
        "tool" tool: One<Tool>,
    }
    optional {
        /// How the call must end, whoever the client is.
        "expect" expect: One<Ending>,
        /// How many of it run at once; 1 if it is missing.
        "parallel" parallel: Whole<1, 64>,
        /// A name to `await` it by; without one the step ends when the call does.
        "background" background: At<Text>,
        /// How long the tool `slow` takes; 10s if it is missing.
        "takes" takes: At<Duration>,
        /// The tool `slow` is asked to tell every second how far it is; clients that name no progress token hear nothing.
        "progress" progress: At<One<Wanted>>,
    }
}

words! {
    /// That something is asked for.
    Wanted, "words here"; Wanted = "wanted",
}

/// One or several servers, hops or machines.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub(super) enum Targets {
    /// One.
    One(At<Text>),
    /// Several.
    Several(At<List<At<Text>>>),
}

impl Decode for Targets {
    const WHAT: &'static str = "a server, a hop, a machine or a list of them";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        match &node.kind {
            Kind::Text(_) => At::decode(node, report).map(Self::One),
            Kind::List(_) => At::decode(node, report).map(Self::Several),
            _ => {
                report.add(mismatch(node, Self::WHAT));
                None
            }
        }
    }
}

impl Targets {
    /// The names, in order.
    pub(super) fn names(&self) -> &[At<Text>] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => &names.value.items,
        }
    }
}

/// Targets alone, or a form with them in it.
#[derive(Debug, JsonSchema)]
#[schemars(untagged, rename = "TargetOr{F}")]
pub(super) enum TargetOr<F> {
    /// Targets alone.
    Bare(Targets),
    /// The form.
    Full(F),
}

impl<F: Decode> Decode for TargetOr<F> {
    const WHAT: &'static str = "a target or a map";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        match node.kind {
            Kind::Map(_) => F::decode(node, report).map(Self::Full),
            _ => Targets::decode(node, report).map(Self::Bare),
        }
    }
}

record! {
    /// What is taken down, and for how long.
    RestartForm, "this fault";
    required {
        /// The servers, hops or machines.
        "target" target: Targets,
    }
    optional {
        /// The time until it is started again; 1s if it is missing.
        "down" down: Duration,
    }
}

record! {
    /// What is drained.
    DrainForm, "`drain`";
    required {
        /// The servers, hops or machines.
        "target" target: Targets,
    }
    optional {
        /// The time that work in flight is given; 30s if it is missing.
        "limit" limit: Duration,
        /// The time until it is started again; 1s if it is missing.
        "down" down: Duration,
    }
}

record! {
    /// What is down, and for how long.
    DownForm, "`down`";
    required {
        /// The servers, hops or machines.
        "target" target: Targets,
    }
    optional {
        /// How long; without it until `up`.
        "for" span_of_time: Duration,
    }
}

record! {
    /// Between whom nothing passes.
    PartitionForm, "`partition`";
    required {
        /// Two neighbours on the way from `client` through the path to a server.
        "between" between: At<List<At<Text>>>,
    }
    optional {
        /// How long; without it until `heal`.
        "for" span_of_time: Duration,
    }
}

record! {
    /// Who neither reads nor writes.
    StallForm, "`stall`";
    required {
        /// The servers, hops or machines, or `client`.
        "target" target: Targets,
        /// How long.
        "for" span_of_time: Duration,
    }
    optional {}
}

record! {
    /// A fault that fires when something is seen.
    InjectionForm, "an injection";
    required {
        /// What must be seen.
        "when" when: TriggerForm,
        /// What happens then.
        "then" then: At<FateForm>,
    }
    optional {}
}

words! {
    /// The methods of the transport.
    HttpMethod, "methods"; Post = "POST", Get = "GET", Delete = "DELETE",
}

record! {
    /// What must be seen. Every part that is given must match.
    TriggerForm, "`when`";
    required {
        /// The kind of event.
        "event" event: At<One<TriggerEvent>>,
    }
    optional {
        /// Where: `client`, a hop or a server.
        "at" at: At<Text>,
        /// The HTTP method of the exchange's request.
        "method" method: One<HttpMethod>,
        /// The JSON-RPC method, e.g. `tools/call`.
        "rpc" rpc: Text,
        /// The tool.
        "tool" tool: One<Tool>,
        /// The status of a response.
        "status" status: At<Whole<100, 599>>,
        /// Which of the sightings fires it, from 1; 1 if it is missing.
        "nth" nth: Whole<1, 10_000>,
    }
}

choice! {
    /// What happens when the trigger fires.
    FateForm, "`then`", "fate";
    /// It happens this much later.
    "delay" Delay(Duration) = "delay: 5s",
    /// It and everything behind it on its connection stays away.
    "park" Park(One<Now>) = "park: now",
    /// The connection is cut after that many bytes of the message.
    "cut" Cut(Whole<0, 1_048_576>) = "cut: 20",
    /// The message is lost.
    "drop" Drop(One<Now>) = "drop: now",
    /// The message comes twice.
    "duplicate" Duplicate(One<Now>) = "duplicate: now",
    /// The response is replaced.
    "replace" Replace(ReplaceForm) = "replace: {status: 503, body: text}",
    /// The process dies on the spot; a supervisor starts it again.
    "halt" Halt(At<Text>) = "halt: memory",
}

record! {
    /// Another response.
    ReplaceForm, "`replace`";
    required {
        /// The status.
        "status" status: Whole<200, 599>,
    }
    optional {
        /// The body; empty if it is missing.
        "body" body: AnyText,
    }
}

words! {
    /// How far the server side comes.
    Progress, "words here"; Nothing = "none",
}

record! {
    /// What is promised of one client.
    ExpectationForm, "an expectation";
    required {}
    optional {
        /// The worst rung of the recovery ladder over all servers.
        "rung" rung: One<Rung>,
        /// `none` if the server side itself cannot work: a fresh client could not either, and there is no rung.
        "progress" progress: At<One<Progress>>,
        /// The invariants that the client or its application violates.
        "violates" violates: List<At<Text>>,
        /// Why, for the reader.
        "why" why: Text,
    }
}
