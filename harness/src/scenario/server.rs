//! Servers: what one is, its shape in a file, whether that can be, and how it is written.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::kind::{ServerKind, keeps, kind_of};
use super::names::{Names, fit};
use super::secret::{Secret, session_ids, shortened};
use super::tools::{tools, written as written_tools};
use super::vocabulary::{Vocabulary, unknown_program};
use crate::dialect::DialectForm;
use crate::server::{Dialect, Durable, Tool, Tools};
use crate::yaml::collection::{Entries, List};
use crate::yaml::decode::At;
use crate::yaml::duration::{Duration, TimeoutForm, written};
use crate::yaml::forms::record;
use crate::yaml::report::{Mistake, Report};
use crate::yaml::scalar::{Text, Whole};
use crate::yaml::source::Span;
use crate::yaml::word::One;
use crate::yaml::words::{list, quote};
use crate::yaml::write::{self, Yaml};

/// The most processes that one server can consist of.
pub const MOST_REPLICAS: u64 = 8;
/// The port of the first server, where the file names none.
const FIRST_PORT: u64 = 3000;
/// The time from a crash to the supervisor's restart, where the file names none, in milliseconds.
pub const SUPERVISOR_MS: u64 = 5_000;

/// One MCP server. `Debug` shows the first eight characters of a session id only (SES-04).
#[derive(Clone, PartialEq)]
pub struct Server {
    /// Its name, and its connector's.
    pub name: String,
    /// How it answers.
    pub kind: ServerKind,
    /// How many processes it consists of, 1 to [`MOST_REPLICAS`]. They share the data, and no session.
    pub replicas: usize,
    /// The port that it listens on.
    pub port: u16,
    /// The ids of its first sessions, in order of opening; further ones are drawn from the seed.
    pub session_ids: Vec<String>,
    /// Milliseconds from a crash to the supervisor's restart.
    pub supervisor_ms: u64,
    /// The idle timeout of its sessions in milliseconds, where it differs from the dialect's; `Some(None)` is "never".
    pub session_timeout_ms: Option<Option<u64>>,
    /// What outlives its process besides the graph.
    pub durable: Durable,
    /// The names of the hops on the way to it, outermost first; `None` is all of the scenario's path.
    pub path: Option<Vec<String>>,
    /// The tools that it has. A real server has all of them.
    pub tools: Tools,
}

impl Server {
    /// A model server of one process with that dialect; nothing else is said of it.
    #[must_use]
    pub fn model(name: &str, dialect: Arc<Dialect>, port: u16) -> Self {
        Self {
            name: name.to_owned(),
            kind: ServerKind::Dialect(dialect),
            replicas: 1,
            port,
            session_ids: Vec::new(),
            supervisor_ms: SUPERVISOR_MS,
            session_timeout_ms: None,
            durable: Durable::default(),
            path: None,
            tools: Tools::ALL,
        }
    }

    /// Its processes: of its own name if it is one, else `memory-1`, `memory-2` and so on.
    #[must_use]
    pub fn processes(&self) -> Vec<String> {
        processes(&self.name, self.replicas)
    }
}

/// The processes of a server of that name.
pub(super) fn processes(name: &str, replicas: usize) -> Vec<String> {
    match replicas {
        0 | 1 => vec![name.to_owned()],
        several => (1..=several).map(|n| format!("{name}-{n}")).collect(),
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<String> = self.session_ids.iter().map(|id| shortened(id)).collect();
        f.debug_struct("Server")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("replicas", &self.replicas)
            .field("port", &self.port)
            .field("session_ids", &ids)
            .field("supervisor_ms", &self.supervisor_ms)
            .field("session_timeout_ms", &self.session_timeout_ms)
            .field("durable", &self.durable)
            .field("path", &self.path)
            .field("tools", &self.tools)
            .finish()
    }
}

record! {
    /// One MCP server: exactly one of `dialect` and `real`.
    ServerForm, "a server";
    required {}
    optional {
        /// The model server with that dialect, e.g. `supergateway-3.4.3`; or `{like: …}` with any key of a dialect file that
        /// differs.
        "dialect" dialect: At<DialectForm>,
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
        /// What outlives its process: `nothing`, the `table` of its sessions alone, its `sessions`, or its `streams` with
        /// them; `nothing` if it is missing.
        "durable" durable: At<One<Durable>>,
        /// The hops on the way to it, by name, outermost first: some of the scenario's `path`, which it goes all the way if
        /// this is missing.
        "path" path: At<List<At<Text>>>,
        /// The tools that it has, `create_entities` and `search_nodes` among them; all if this is missing.
        "tools" tools: At<List<At<One<Tool>>>>,
    }
}

/// The servers; those that could not be read are left out, their names are not.
pub(super) fn servers(
    form: Option<&At<Entries<ServerForm>>>,
    vocabulary: &Vocabulary,
    names: &mut Names,
    report: &mut Report<'_>,
) -> Vec<Server> {
    let Some(form) = form else { return Vec::new() };
    if form.value.0.is_empty() {
        report.add(
            Mistake::new(form.span, "a scenario needs servers", "`servers` is empty")
                .help("name at least one, e.g. `memory: {dialect: …}`"),
        );
    }
    let mut list: Vec<Server> = Vec::new();
    let mut ports: BTreeMap<u64, Span> = BTreeMap::new();
    let mut ids = BTreeMap::new();
    let mut next_port = FIRST_PORT;
    for (name, server) in &form.value.0 {
        fit(name, "a server", report);
        names.servers.push(name.value.clone());
        let Some(server) = server else { continue };
        let (port, place) = match &server.port {
            Some(port) => (port.value.0, port.span),
            None => (next_port, name.span),
        };
        next_port = port + 1;
        if let Some(first) = ports.get(&port) {
            report.add(
                Mistake::new(
                    place,
                    format!("two servers have the port {port}"),
                    "again here",
                )
                .also(*first, "first here")
                .help("give each server a `port` of its own"),
            );
        }
        ports.insert(port, place);
        let fits = u16::try_from(port);
        if fits.is_err() {
            report.add(
                Mistake::new(
                    place,
                    "there is no port left for this server",
                    "one more than the server before is 65536",
                )
                .help("give it a `port`"),
            );
        }
        let kind = kind(name, server, vocabulary, report);
        if let (Some(dialect), Some(kept)) =
            (kind.as_ref().and_then(ServerKind::dialect), &server.durable)
        {
            keeps(dialect, kept, report);
        }
        let session_ids = session_ids(server.sessions.as_ref(), &mut ids, report);
        if matches!(kind, Some(ServerKind::Real(_))) {
            names.real.push(name.value.clone());
        }
        let durable = server.durable.as_ref().map(|kept| kept.value.0);
        let durable = durable.unwrap_or_default();
        if let Some(dialect) = kind.as_ref().and_then(ServerKind::dialect) {
            let model = (Arc::clone(dialect), durable);
            names.models.insert(name.value.clone(), model);
        }
        let offered = server.tools.as_ref();
        let offered = offered.map(|form| tools(form, report));
        let replicas = server.replicas.as_ref();
        let replicas = replicas.map_or(1, |n| usize::try_from(n.value.0).unwrap_or(1));
        if let (Some(kind), Ok(port)) = (kind, fits) {
            list.push(Server {
                name: name.value.clone(),
                kind,
                replicas,
                port,
                session_ids,
                supervisor_ms: server.supervisor.map_or(SUPERVISOR_MS, |d| d.0),
                session_timeout_ms: server.session_timeout.as_ref().map(TimeoutForm::ms),
                durable,
                path: None,
                tools: offered.unwrap_or(Tools::ALL),
            });
        }
        if let Some(form) = &server.replicas
            && replicas > 1
        {
            let processes = processes(&name.value, replicas);
            names
                .replicas
                .insert(name.value.clone(), (processes, form.span));
        }
    }
    for (name, _) in form
        .value
        .0
        .iter()
        .filter(|(n, _)| names.is_replica(&n.value))
    {
        let title = format!("{} is a replica's name already", quote(&name.value));
        report.add(
            Mistake::new(name.span, title, "two processes would have this name")
                .help("choose a name that no replica has"),
        );
    }
    list
}

/// What the form says that it is; `None` after an error.
fn kind(
    name: &At<Text>,
    server: &ServerForm,
    vocabulary: &Vocabulary,
    report: &mut Report<'_>,
) -> Option<ServerKind> {
    match (&server.dialect, &server.real) {
        (Some(dialect), None) => {
            let known = &vocabulary.dialects;
            Some(kind_of(dialect.value.meant(dialect.span, known, report)?))
        }
        (None, Some(real)) => {
            if !vocabulary.real_servers.contains(&real.value) {
                report.add(unknown_program(
                    real.span,
                    "real servers",
                    &real.value,
                    &vocabulary.real_servers,
                ));
            }
            if let Some(ids) = &server.sessions {
                report.add(
                    Mistake::new(
                        ids.span,
                        "the session ids of a real server cannot be chosen",
                        "it makes its own",
                    )
                    .help("remove `sessions`, or use a `dialect` instead of `real`"),
                );
            }
            if let Some(tools) = &server.tools {
                report.add(
                    Mistake::new(
                        tools.span,
                        "the tools of a real server cannot be chosen",
                        "it has all of them",
                    )
                    .help("remove `tools`, or use a `dialect` instead of `real`"),
                );
            }
            if let Some(kept) = &server.durable {
                report.add(
                    Mistake::new(
                        kept.span,
                        "what a real server keeps cannot be chosen",
                        "it keeps what it keeps",
                    )
                    .help("remove `durable`, or use a `dialect` instead of `real`"),
                );
            }
            Some(ServerKind::Real(real.value.clone()))
        }
        (Some(dialect), Some(real)) => {
            let title = format!(
                "the server {} is both a model and a real one",
                quote(&name.value)
            );
            report.add(
                Mistake::new(real.span.max(dialect.span), title, "and this")
                    .also(real.span.min(dialect.span), "this")
                    .help("keep `dialect` or `real`, not both"),
            );
            None
        }
        (None, None) => {
            // A `dialect` that could not be read is not missing, and was reported already.
            if !server.faulty {
                let title = format!("nothing says what the server {} is", quote(&name.value));
                report.add(
                    Mistake::new(name.span, title, "`dialect` or `real` is missing").help(format!(
                        "add `dialect:` with one of {}",
                        list(&vocabulary.listed_dialects())
                    )),
                );
            }
            None
        }
    }
}

impl Server {
    /// As the file has it, its name aside.
    pub(super) fn written(&self) -> Yaml {
        let (key, kind) = self.kind.written();
        let replicas = (self.replicas != 1).then_some(Yaml::Number(self.replicas as u64));
        let sessions = (!self.session_ids.is_empty()).then(|| Yaml::texts(&self.session_ids));
        let supervisor = self.supervisor_ms != SUPERVISOR_MS;
        let timeout = self.session_timeout_ms.map(|timeout| match timeout {
            None => Yaml::text("never"),
            Some(ms) => Yaml::text(written(ms)),
        });
        let durable = (self.durable != Durable::default()).then(|| self.durable.as_str());
        write::Entries::default()
            .with(key, kind)
            .with("port", Yaml::Number(self.port.into()))
            .with_some("replicas", replicas)
            .with_some("sessions", sessions)
            .with_some(
                "supervisor",
                supervisor.then(|| Yaml::text(written(self.supervisor_ms))),
            )
            .with_some("session-timeout", timeout)
            .with_some("path", self.path.as_ref().map(|way| Yaml::texts(way)))
            .with_some("durable", durable.map(Yaml::text))
            .with_some(
                "tools",
                (self.tools != Tools::ALL).then(|| written_tools(self.tools)),
            )
            .map()
    }
}
