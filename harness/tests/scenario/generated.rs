//! Right scenarios of any kind, made of numbers and texts that somebody draws.

mod client;
mod hops;
mod promises;
mod script;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use stalemate::app::CLIMBS_WITH;
use stalemate::fault::{FateKind, Injection, Trigger, TriggerEvent, Until, admitted};
use stalemate::journal::{Action, CutAt, Fate, Part, Replacement};
use stalemate::proxy::HopKind;
use stalemate::scenario::{Hop, LONGEST_MS, Scenario, Server, ServerKind, Vocabulary};
use stalemate::server::{Dialect, Durable, Keepalive, SessionOf, Situation, Tokens, Tool, Tools};

use hops::{path, way};
use script::Script;

/// What was drawn, consumed from the front; when it is used up, the least of everything comes.
pub(crate) struct Tape {
    pub(crate) numbers: std::vec::IntoIter<u32>,
    pub(crate) texts: std::vec::IntoIter<String>,
}

impl Tape {
    /// A number below `n`.
    fn below(&mut self, n: usize) -> usize {
        self.numbers.next().unwrap_or(0) as usize % n.max(1)
    }

    fn is(&mut self) -> bool {
        self.below(2) == 1
    }

    fn one<'c, T>(&mut self, choices: &'c [T]) -> &'c T {
        &choices[self.below(choices.len())]
    }

    /// Some of them, in their order.
    fn some<T: Clone>(&mut self, choices: &[T]) -> Vec<T> {
        let mut chosen = choices.to_vec();
        chosen.retain(|_| self.is());
        chosen
    }

    fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.is().then(|| value(self))
    }

    /// A duration, with short and round ones among them.
    fn ms(&mut self) -> u64 {
        let factor = *self.one(&[1, 1_000, 60_000, 3_600_000]);
        let n = 1 + self.below(10_000) as u64;
        (n * factor).min(LONGEST_MS)
    }

    /// A text that is not blank, without blanks at its ends.
    fn text(&mut self) -> String {
        let text = self.texts.next().unwrap_or_default();
        match text.trim() {
            "" => "a text".to_owned(),
            text => text.to_owned(),
        }
    }
}

fn strings<T: ToString>(items: impl IntoIterator<Item = T>) -> Vec<String> {
    items.into_iter().map(|item| item.to_string()).collect()
}

/// The scenario that is on the tape.
pub(crate) fn scenario(tape: &mut Tape, vocabulary: &Vocabulary) -> Scenario {
    let path = path(tape);
    let balanced = path.last().is_some_and(|hop| hop.kind == HopKind::Balancer);
    let count = 1 + tape.below(4);
    let names = ["a", "memory", "third-one", "d4"];
    let mut servers: Vec<Server> = (0..count)
        .map(|n| server(tape, names[n], n, balanced, vocabulary))
        .collect();
    // The first one goes all the way, lest a hop leads nowhere.
    for server in servers.iter_mut().skip(1) {
        server.path = tape.maybe(|tape| way(tape, &path, server.replicas > 1));
    }
    let mut clients = tape.some(&vocabulary.clients);
    if clients.is_empty() {
        clients.push(vocabulary.clients[0].clone());
    }
    let own_clients = client::own_clients(tape, vocabulary);
    clients.extend(own_clients.keys().cloned());
    let mut seeds = BTreeSet::from([tape.below(3) as u64]);
    if tape.is() {
        seeds.extend([u64::MAX, tape.below(1_000_000) as u64]);
    }
    let mut cast = Cast::of(&servers, &path, vocabulary);
    cast.machines = machines(tape, &cast);
    let steps = Script::new(&cast).steps(tape);
    let inject = (0..tape.below(5)).map(|_| injection(tape, &cast));
    let inject = inject.collect();
    let expect = tape.some(&clients).into_iter();
    let expect = expect.map(|client| (client, promises::promise(tape, vocabulary)));
    let expect = expect.collect();
    let violates = promises::violates(tape, &cast, vocabulary);
    let shows = promises::shows(tape, &expect, &violates, vocabulary);
    Scenario {
        name: "area/file".to_owned(),
        file: PathBuf::from("area/file.yaml"),
        summary: tape.text(),
        report: tape.maybe(|tape| format!("https://example.org/{}", tape.text())),
        spec: tape.some(&vocabulary.judged_clauses),
        shows,
        expect,
        violates,
        machines: cast.machines.clone(),
        servers,
        path,
        clients,
        own_clients,
        seeds: seeds.into_iter().collect(),
        steps,
        inject,
    }
}

fn server(
    tape: &mut Tape,
    name: &str,
    n: usize,
    balanced: bool,
    vocabulary: &Vocabulary,
) -> Server {
    let real = tape.below(4) == 0;
    let kind = if real {
        ServerKind::Real(tape.one(&vocabulary.real_servers).clone())
    } else {
        kind(tape, &vocabulary.dialects)
    };
    let ids = if real { 0 } else { tape.below(3) };
    let id = |k| {
        format!(
            "{name}-{n}{k}{}",
            ["", "~!#$%&'*", "{[\"\\|:,", "-1e5"][k + n % 2]
        )
    };
    let mut durable = *tape.one(&Durable::ALL);
    let dialect = kind.dialect();
    if dialect.is_some_and(|d| d.answer_to(Situation::NotInitialized).is_none()) {
        durable = Durable::Sessions;
    }
    Server {
        name: name.to_owned(),
        kind,
        replicas: if balanced { 1 + tape.below(3) } else { 1 },
        port: u16::try_from(n * 10_000 + 1 + tape.below(9_999)).expect("a port"),
        session_ids: (0..ids).map(id).collect(),
        supervisor_ms: tape.maybe(Tape::ms).unwrap_or(5_000),
        session_timeout_ms: tape.maybe(|tape| tape.maybe(Tape::ms)),
        durable: if real { Durable::Nothing } else { durable },
        path: None,
        tools: if real { Tools::ALL } else { tools(tape) },
    }
}

/// Some of the tools, those that a climb calls among them.
fn tools(tape: &mut Tape) -> Tools {
    let mut all = tape.some(&Tool::ALL);
    all.extend(CLIMBS_WITH);
    all.into_iter().collect()
}

/// A dialect by its name, or one that stands in the file; what that differs in is another one's.
fn kind(tape: &mut Tape, dialects: &[Arc<Dialect>]) -> ServerKind {
    let like = tape.one(dialects).clone();
    if tape.is() {
        return ServerKind::Dialect(like);
    }
    let (mut dialect, other) = (Dialect::clone(&like), tape.one(dialects));
    for (situation, answer) in &other.answers {
        if tape.is() && dialect.knows(*situation) {
            dialect.accepts.remove(situation);
            let mut answer = answer.clone();
            answer.body = tape.texts.next().unwrap_or_default().replace("${", "{");
            dialect.answers.insert(*situation, answer);
        }
    }
    dialect.sessions.idle_timeout_ms = tape.maybe(Tape::ms);
    dialect.sse.event = tape.maybe(Tape::text).filter(|text| text != "none");
    dialect.sse.keepalive = tape.maybe(|tape| Keepalive {
        every_ms: tape.ms(),
        comment: tape.texts.next().unwrap_or_default(),
    });
    tokens(tape, &mut dialect);
    let dialect = Arc::new(dialect);
    ServerKind::Like { dialect, like }
}

/// The bearer tokens that a server asks for, and what it says of those that are not good.
fn tokens(tape: &mut Tape, dialect: &mut Dialect) {
    dialect.tokens = tape.maybe(|tape| Tokens {
        lifetime_ms: tape.maybe(Tape::ms),
        session_of: *tape.one(&[SessionOf::User, SessionOf::Token]),
    });
    for situation in [Situation::Unauthorized, Situation::ForeignSession] {
        if !dialect.knows(situation) {
            dialect.answers.remove(&situation);
        } else if tape.is() || !dialect.answers.contains_key(&situation) {
            let mut refusal = dialect.answers[&Situation::OtherPath].clone();
            refusal.status = *tape.one(&[401, 403, 404]);
            dialect.answers.insert(situation, refusal);
        }
    }
}

/// Who can be named.
struct Cast {
    servers: Vec<String>,
    models: Vec<String>,
    hops: Vec<String>,
    /// The hops on the way to each server.
    ways: BTreeMap<String, Vec<String>>,
    /// The processes of each server.
    processes: BTreeMap<String, Vec<String>>,
    machines: BTreeMap<String, Vec<String>>,
    /// Those of the models that keep nothing beyond their processes, so that they can become anything.
    changeable: Vec<String>,
    /// The models that begin with sessions.
    with_sessions: Vec<String>,
    dialects: Vec<Arc<Dialect>>,
}

impl Cast {
    fn of(servers: &[Server], path: &[Hop], vocabulary: &Vocabulary) -> Self {
        let model = |s: &&Server| s.kind.dialect().is_some();
        Self {
            servers: strings(servers.iter().map(|s| &s.name)),
            models: strings(servers.iter().filter(model).map(|s| &s.name)),
            hops: strings(path.iter().map(|hop| &hop.name)),
            ways: servers
                .iter()
                .map(|s| {
                    let all = || strings(path.iter().map(|hop| &hop.name));
                    (s.name.clone(), s.path.clone().unwrap_or_else(all))
                })
                .collect(),
            processes: servers
                .iter()
                .map(|s| (s.name.clone(), s.processes()))
                .collect(),
            machines: BTreeMap::new(),
            changeable: strings(
                servers
                    .iter()
                    .filter(model)
                    .filter(|s| s.durable == Durable::Nothing)
                    .map(|s| &s.name),
            ),
            with_sessions: strings(
                servers
                    .iter()
                    .filter(|s| s.kind.dialect().is_some_and(|d| d.has_sessions()))
                    .map(|s| &s.name),
            ),
            dialects: vocabulary.dialects.clone(),
        }
    }

    /// Every process there is besides the client's.
    fn all(&self) -> Vec<String> {
        let servers = self.processes.values().flatten();
        servers.chain(&self.hops).cloned().collect()
    }

    fn members(&self, name: &str) -> Vec<String> {
        let group = self.processes.get(name).or(self.machines.get(name));
        group.cloned().unwrap_or_else(|| vec![name.to_owned()])
    }

    /// What can be struck: servers, hops, machines, and processes of servers.
    fn targets(&self) -> Vec<String> {
        let mut all: BTreeSet<String> = self.all().into_iter().collect();
        all.extend(self.servers.iter().cloned());
        all.extend(self.machines.keys().cloned());
        all.into_iter().collect()
    }
}

fn machines(tape: &mut Tape, cast: &Cast) -> BTreeMap<String, Vec<String>> {
    let mut machines: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for process in cast.all() {
        let on = *tape.one(&[None, Some("lightsail"), Some("m2")]);
        if let Some(machine) = on {
            machines
                .entry(machine.to_owned())
                .or_default()
                .push(process);
        }
    }
    machines
}

fn injection(tape: &mut Tape, cast: &Cast) -> Injection {
    let (event, _) = *tape.one(&TriggerEvent::ALL);
    let mut when = Trigger {
        event,
        ..Trigger::default()
    };
    let mut places = cast.servers.clone();
    match event {
        TriggerEvent::UserActs => {
            when.action = tape.maybe(|tape| *tape.one(&Action::ALL));
            if when.action.is_some_and(|action| !action.is_on_connector()) {
                places.clear();
            }
        }
        TriggerEvent::Effect | TriggerEvent::SessionOpened => {
            places.extend(cast.processes.values().flatten().cloned());
            when.tool = tape.maybe(|tape| *tape.one(&Tool::ALL));
        }
        _ => {
            places.extend(cast.all());
            places.push("client".to_owned());
            when.method = tape.maybe(|tape| (*tape.one(&["POST", "GET", "DELETE"])).to_owned());
            when.rpc = tape.maybe(Tape::text);
            when.tool = tape.maybe(|tape| *tape.one(&Tool::ALL));
        }
    }
    if matches!(
        event,
        TriggerEvent::ResponseSent | TriggerEvent::ResponseReceived
    ) {
        when.status = tape.maybe(|tape| u16::try_from(100 + tape.below(500)).expect("small"));
    }
    if !places.is_empty() {
        when.at = tape.maybe(|tape| tape.one(&places).clone());
    }
    let fate = match tape.one(admitted(event)) {
        FateKind::Delay => Fate::Delay(tape.ms()),
        FateKind::Park => Fate::Park,
        FateKind::Cut => Fate::Cut(match tape.below(4) {
            0 => CutAt::Part(*tape.one(&[Part::Head, Part::Body, Part::End])),
            _ => CutAt::Byte(tape.below(1_048_577) as u64),
        }),
        FateKind::Drop => Fate::Drop,
        FateKind::Duplicate => Fate::Duplicate,
        FateKind::Replace => Fate::Replace(Replacement {
            status: u16::try_from(200 + tape.below(400)).expect("small"),
            body: tape.texts.next().unwrap_or_default(),
            headers: tape
                .maybe(|tape| BTreeMap::from([("retry-after".to_owned(), tape.ms().to_string())]))
                .unwrap_or_default(),
        }),
        FateKind::Halt => Fate::Halt(tape.one(&cast.all()).as_str().into()),
    };
    Injection {
        line: 0,
        when,
        nth: 1 + u32::try_from(tape.below(10_000)).expect("small"),
        fate,
        times: tape.maybe(|tape| 1 + u32::try_from(tape.below(10_000)).expect("small")),
        until: tape.maybe(|tape| {
            let actions = Action::ALL.map(Until::Acts);
            let all: Vec<Until> = [Until::Calm, Until::End]
                .into_iter()
                .chain(actions)
                .collect();
            *tape.one(&all)
        }),
    }
}
