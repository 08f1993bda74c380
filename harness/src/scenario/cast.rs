//! Who is there: servers, hops, machines, and the names that the rest of a file can use. What they do is in `actions`.

use std::collections::BTreeMap;

use stalemate_wire::SessionId;

use super::check::first_of;
use super::decode::{At, Entries, List, unknown};
use super::diagnose::{Finding, Report, Span};
use super::file::{ServerForm, TimeoutForm};
use super::load::Vocabulary;
use super::model::{Server, ServerKind, processes, shortened};
use super::scalar::Text;
use super::words::{list, quote};
use crate::proxy::HopKind;

/// Names that no server and no machine can have.
const TAKEN: [&str; 5] = ["client", "probe", "cloudflare", "nginx", "balancer"];
/// The port of the first server, where the file names none.
const FIRST_PORT: u64 = 3000;
/// The time from a crash to the supervisor's restart, where the file names none, in milliseconds.
const SUPERVISOR_MS: u64 = 5_000;
/// The longest name of a server or machine, in characters.
const LONGEST_NAME: usize = 32;

/// The names of one scenario.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The servers, in the order of the file.
    pub(super) servers: Vec<String>,
    /// Those of them that are real.
    pub(super) real: Vec<String>,
    /// The hops, outermost first.
    pub(super) hops: Vec<String>,
    /// The machines and their processes.
    pub(super) machines: BTreeMap<String, Vec<String>>,
    /// The processes of each server that consists of several, with the place of `replicas`.
    pub(super) replicas: BTreeMap<String, (Vec<String>, Span)>,
    /// Whether that is all; if a part could not be read, names are not looked up, lest one error becomes many.
    pub(super) complete: bool,
}

impl Names {
    /// Servers and hops.
    pub(super) fn parties(&self) -> Vec<&str> {
        let all = self.servers.iter().chain(&self.hops);
        all.map(String::as_str).collect()
    }

    /// Servers, hops, and the processes of servers that consist of several.
    pub(super) fn processes(&self) -> Vec<&str> {
        let mut all = self.parties();
        let replicas = self.replicas.values().flat_map(|(processes, _)| processes);
        all.extend(replicas.map(String::as_str));
        all
    }

    /// Whether it is one of the processes of a server that consists of several.
    pub(super) fn is_replica(&self, name: &str) -> bool {
        let mut replicas = self.replicas.values().flat_map(|(processes, _)| processes);
        replicas.any(|process| process == name)
    }

    /// The processes that a server, hop or machine stands for.
    pub(super) fn members(&self, name: &str) -> Vec<String> {
        if let Some((processes, _)) = self.replicas.get(name) {
            return processes.clone();
        }
        match self.machines.get(name) {
            Some(processes) => processes.clone(),
            None => vec![name.to_owned()],
        }
    }

    /// Servers alone.
    pub(super) fn servers(&self) -> Vec<&str> {
        self.servers.iter().map(String::as_str).collect()
    }

    /// Whether the name is among `known`; if not, that is reported. `what` names them in the plural.
    pub(super) fn find(
        &self,
        name: &At<Text>,
        known: &[&str],
        what: &str,
        report: &mut Report<'_>,
    ) -> bool {
        let word = &name.value;
        if known.contains(&word.as_str()) {
            return true;
        }
        if !self.complete {
            return false;
        }
        if HopKind::ALL.iter().any(|hop| hop.as_str() == word) && !self.hops.contains(word) {
            report.add(
                Finding::new(
                    name.span,
                    format!("{} is not on the path", quote(word)),
                    "this hop does not take part",
                )
                .help(format!("add `{word}` to `path`, or name another")),
            );
        } else {
            report.add(unknown(name.span, what, word, known));
        }
        false
    }
}

/// Whether a server or machine can have that name.
fn fit(name: &At<Text>, what: &str, report: &mut Report<'_>) {
    let word = name.value.as_str();
    if TAKEN.contains(&word) {
        let title = format!("{what} cannot be called {}", quote(word));
        report.add(
            Finding::new(name.span, title, "this name is taken")
                .help(format!("choose a name other than {}", list(&TAKEN))),
        );
        return;
    }
    let plain = word
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && word.starts_with(|c: char| c.is_ascii_lowercase());
    if !plain || word.len() > LONGEST_NAME {
        let title = format!("{} cannot be the name of {what}", quote(word));
        report.add(Finding::new(name.span, title, "not a plain name").help(format!(
            "a name is a lower-case letter, then lower-case letters, digits and `-`, {LONGEST_NAME} characters at the most"
        )));
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
            Finding::new(form.span, "a scenario needs servers", "`servers` is empty")
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
                Finding::new(
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
                Finding::new(
                    place,
                    "there is no port left for this server",
                    "one more than the server before is 65536",
                )
                .help("give it a `port`"),
            );
        }
        let kind = kind(name, server, vocabulary, report);
        let session_ids = session_ids(server, &mut ids, report);
        if matches!(kind, Some(ServerKind::Real(_))) {
            names.real.push(name.value.clone());
        }
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
                session_timeout_ms: server
                    .session_timeout
                    .as_ref()
                    .map(|timeout| match timeout {
                        TimeoutForm::Never(_) => None,
                        TimeoutForm::After(duration) => Some(duration.0),
                    }),
                durable: server
                    .durable
                    .as_ref()
                    .map(|kept| kept.value.0)
                    .unwrap_or_default(),
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
            Finding::new(name.span, title, "two processes would have this name")
                .help("choose a name that no replica has"),
        );
    }
    list
}

fn kind(
    name: &At<Text>,
    server: &ServerForm,
    vocabulary: &Vocabulary,
    report: &mut Report<'_>,
) -> Option<ServerKind> {
    match (&server.dialect, &server.real) {
        (Some(dialect), None) => {
            let unlisted = vocabulary.unlisted_dialects.contains(&dialect.value);
            if !unlisted && !vocabulary.dialects.contains(&dialect.value) {
                report.add(unknown(
                    dialect.span,
                    "dialects",
                    &dialect.value,
                    &vocabulary.dialects,
                ));
            }
            Some(ServerKind::Dialect(dialect.value.clone()))
        }
        (None, Some(real)) => {
            if !vocabulary.real_servers.contains(&real.value) {
                report.add(unknown(
                    real.span,
                    "real servers",
                    &real.value,
                    &vocabulary.real_servers,
                ));
            }
            if let Some(ids) = &server.sessions {
                report.add(
                    Finding::new(
                        ids.span,
                        "the session ids of a real server cannot be chosen",
                        "it makes its own",
                    )
                    .help("remove `sessions`, or use a `dialect` instead of `real`"),
                );
            }
            if let Some(kept) = &server.durable {
                report.add(
                    Finding::new(
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
                Finding::new(real.span.max(dialect.span), title, "and this")
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
                    Finding::new(name.span, title, "`dialect` or `real` is missing").help(format!(
                        "add `dialect:` with one of {}",
                        list(&vocabulary.dialects)
                    )),
                );
            }
            None
        }
    }
}

/// The ids of a server: each fit for a header (SES-03), and none given to two sessions (SES-02).
fn session_ids<'f>(
    server: &'f ServerForm,
    seen: &mut BTreeMap<&'f str, Span>,
    report: &mut Report<'_>,
) -> Vec<String> {
    let items = server
        .sessions
        .as_ref()
        .map_or(&[][..], |list| &list.value.items);
    for item in items {
        let id = item.value.0.as_str();
        let shown = shortened(id);
        if let Err(error) = SessionId::new(id) {
            let title = format!("{} is no session id", quote(&shown));
            report.add(
                Finding::new(item.span, title, "a character that an id cannot have")
                    .help(error.to_string()),
            );
        }
        first_of(seen, id, item.span, &shown, report);
    }
    items.iter().map(|item| item.value.0.clone()).collect()
}

/// The machines, into the names.
pub(super) fn machines(
    entries: Option<&Entries<At<List<At<Text>>>>>,
    names: &mut Names,
    report: &mut Report<'_>,
) {
    let mut placed: BTreeMap<String, Span> = BTreeMap::new();
    for (name, members) in entries.map_or(&[][..], |entries| &entries.0) {
        fit(name, "a machine", report);
        if names.servers.contains(&name.value) || names.is_replica(&name.value) {
            report.add(
                Finding::new(
                    name.span,
                    format!("{} is a server already", quote(&name.value)),
                    "a machine needs another name",
                )
                .help("choose a name that no server has"),
            );
            continue;
        }
        let mut processes = Vec::new();
        if let Some(members) = members {
            if members.value.whole && members.value.items.is_empty() {
                let title = format!("nothing runs on the machine {}", quote(&name.value));
                report.add(
                    Finding::new(name.span, title, "the list is empty")
                        .help("name a server or a hop"),
                );
            }
            for member in &members.value.items {
                if !names.find(member, &names.processes(), "servers and hops", report) {
                    continue;
                }
                for process in names.members(&member.value) {
                    if let Some(first) = placed.insert(process.clone(), member.span) {
                        let title = format!("{} is placed twice", quote(&process));
                        report.add(
                            Finding::new(member.span, title, "again here")
                                .also(first, "first here")
                                .help("a process runs on one machine: remove one of the two"),
                        );
                        break;
                    }
                    processes.push(process);
                }
            }
        }
        names.machines.insert(name.value.clone(), processes);
    }
}
