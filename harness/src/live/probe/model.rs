//! A model that is asked: the server's core with a clock of its own, and nothing else. It answers at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use stalemate_wire::{Headers, Request};

use super::said::{Answer, End, Said};
use super::target::{Held, Restarted, Target};
use crate::server::{
    Dialect, Durable, IdShape, Input, Key, Options, Output, ServerCore, Store, TimerId, Tools,
};

/// How long a stream is listened to after its last word, in milliseconds.
const LINGER_MS: u64 = 300;
/// How long an answer is waited for, in milliseconds.
const PATIENCE_MS: u64 = 5_000;

/// What one exchange got so far.
#[derive(Default)]
struct Got {
    status: u16,
    headers: Headers,
    body: Vec<u8>,
    end: Option<End>,
}

/// The model of a dialect.
pub(super) struct DialectModel {
    dialect: Arc<Dialect>,
    path: String,
    core: Option<ServerCore>,
    store: Store,
    now_ms: u64,
    timers: BTreeSet<(u64, TimerId)>,
    got: BTreeMap<Key, Got>,
    next: u64,
    lives: u64,
    can_restart: bool,
}

impl DialectModel {
    /// A server that has just started, with its endpoint at that path.
    pub(super) fn new(dialect: Arc<Dialect>, path: &str, can_restart: bool) -> Self {
        let mut model = Self {
            dialect,
            path: path.split('?').next().unwrap_or_default().to_owned(),
            core: None,
            store: Store::new(),
            now_ms: 0,
            timers: BTreeSet::new(),
            got: BTreeMap::new(),
            next: 0,
            lives: 0,
            can_restart,
        };
        model.start();
        model
    }

    fn start(&mut self) {
        self.lives += 1;
        let (life, shape) = (self.lives, self.dialect.sessions.id);
        let mut session = 0_u64;
        let options = Options {
            path: self.path.clone(),
            ids: Box::new(move || {
                session += 1;
                match shape {
                    IdShape::Hex32 => format!("{life:016x}{session:016x}"),
                    _ => format!("{life:08x}-0000-4000-8000-{session:012x}"),
                }
            }),
            session_timeout_ms: None,
            durable: Durable::Nothing,
            tools: Tools::ALL,
        };
        let core = ServerCore::new(Arc::clone(&self.dialect), options, self.store.clone());
        self.core = Some(core);
        self.timers.clear();
    }

    fn input(&mut self, input: Input) {
        let Some(core) = &mut self.core else { return };
        for output in core.handle(self.now_ms, input) {
            match output {
                Output::Respond { key, response, .. } => {
                    let got = Got {
                        status: response.status,
                        headers: response.headers,
                        body: response.body,
                        end: Some(End::Whole),
                    };
                    self.got.insert(key, got);
                }
                Output::Head {
                    key,
                    status,
                    headers,
                } => {
                    let got = Got {
                        status,
                        headers,
                        ..Got::default()
                    };
                    self.got.insert(key, got);
                }
                Output::Event { key, event, style } => {
                    if let Some(got) = self.got.get_mut(&key) {
                        got.body.extend(event.encode_as(&style));
                    }
                }
                Output::Close { key, clean } => {
                    let got = self.got.entry(key).or_default();
                    got.end = Some(if clean { End::Whole } else { End::Cut });
                }
                Output::Timer { id, at_ms } => {
                    self.timers.insert((at_ms, id));
                }
                Output::Exit { .. } => return self.die(),
                _ => {}
            }
        }
    }

    /// Nobody listens any more, and what is open breaks.
    fn die(&mut self) {
        self.core = None;
        for got in self.got.values_mut() {
            got.end.get_or_insert(End::Cut);
        }
    }

    fn wait(&mut self, ms: u64) {
        let until = self.now_ms + ms;
        while let Some((at_ms, id)) = self.timers.first().copied().filter(|(at, _)| *at <= until) {
            self.timers.remove(&(at_ms, id));
            self.now_ms = self.now_ms.max(at_ms);
            self.input(Input::Timer(id));
        }
        self.now_ms = until;
    }

    fn send(&mut self, request: Request) -> Option<Key> {
        self.core.as_ref()?;
        let key = Key(self.next);
        self.next += 1;
        self.input(Input::Request { key, request });
        Some(key)
    }

    fn said(&self, key: Key) -> Said {
        match self.got.get(&key) {
            // A connection that ends without a head.
            Some(got) if got.status == 0 => Said::HungUp,
            Some(got) => Said::Answer(Answer {
                status: got.status,
                headers: got.headers.clone(),
                body: got.body.clone(),
                end: got.end.unwrap_or(End::Open),
            }),
            None if self.core.is_none() => Said::HungUp,
            None => Said::Silence,
        }
    }

    fn hang_up(&mut self, key: Key) {
        if self.got.get(&key).is_none_or(|got| got.end.is_none()) {
            self.input(Input::Aborted { key });
        }
    }
}

impl Target for DialectModel {
    async fn ask(&mut self, request: Request) -> Said {
        let Some(key) = self.send(request) else {
            return Said::Refused;
        };
        let open = |got: &Got| got.end.is_none();
        if self.got.get(&key).is_none_or(open) {
            let wait = if self.got.contains_key(&key) {
                LINGER_MS
            } else {
                PATIENCE_MS
            };
            self.wait(wait);
        }
        let said = self.said(key);
        self.hang_up(key);
        said
    }

    async fn hold(&mut self, request: Request) -> (Said, Option<Held>) {
        let Some(key) = self.send(request) else {
            return (Said::Refused, None);
        };
        let said = self.said(key);
        let is_open = said.answer().is_some_and(|a| a.end == End::Open);
        let held = is_open.then(|| Held(usize::try_from(key.0).unwrap_or(usize::MAX)));
        (said, held)
    }

    async fn look(&mut self, held: Held) -> Said {
        self.said(Key(held.0 as u64))
    }

    async fn release(&mut self, held: Held) {
        self.hang_up(Key(held.0 as u64));
    }

    async fn abandon(&mut self, request: Request, after_ms: u64) {
        if let Some(key) = self.send(request) {
            self.wait(after_ms);
            self.hang_up(key);
        }
    }

    async fn rest(&mut self, ms: u64) {
        self.wait(ms);
    }

    fn now_ms(&self) -> u64 {
        self.now_ms
    }

    async fn restart(&mut self) -> Restarted {
        if !self.can_restart {
            return Restarted::NoWay;
        }
        self.input(Input::Terminate);
        self.die();
        self.start();
        Restarted::Up
    }
}
