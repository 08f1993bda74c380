//! The shell that the tests put around the model server: it names exchanges, keeps the timers, and gathers what each
//! exchange got. Nothing here judges.

pub(crate) mod streams;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde_json::{Value, json};
use stalemate::dialect;
use stalemate::journal::SessionEnd;
use stalemate::server::{
    Dialect, Durable, Framing, Input, Key, Options, Output, ServerCore, Store, TimerId, Tools,
};
use stalemate_wire::{Headers, Method, Request};

/// What one exchange got so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    /// `None` for a stream, whose framing is chunks.
    pub(crate) framing: Option<Framing>,
    pub(crate) body: Vec<u8>,
    /// Whether the stream ended, and cleanly.
    pub(crate) end: Option<bool>,
}

impl Got {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }
}

/// A server with a clock.
pub(crate) struct Server {
    dialect: Arc<Dialect>,
    timeout: Option<Option<u64>>,
    /// What the processes after the next restart leave behind.
    durable: Durable,
    pub(crate) store: Store,
    core: ServerCore,
    pub(crate) now_ms: u64,
    timers: BTreeMap<(u64, TimerId), ()>,
    pub(crate) got: BTreeMap<Key, Got>,
    next_key: u64,
    processes: u64,
    /// Every output since the process started.
    pub(crate) log: Vec<Output>,
}

/// The server's ids: the process and the session in it, in the shape of a UUID.
fn ids(process: u64) -> Box<dyn FnMut() -> String> {
    let mut session = 0;
    Box::new(move || {
        session += 1;
        format!("{process:08}-0000-4000-8000-{session:012}")
    })
}

/// The built-in dialect of that name.
pub(crate) fn builtin(name: &str) -> Arc<Dialect> {
    static ALL: LazyLock<Vec<Arc<Dialect>>> = LazyLock::new(dialect::builtin);
    let found = ALL.iter().find(|dialect| dialect.name == name);
    Arc::clone(found.unwrap_or_else(|| panic!("no dialect {name}")))
}

impl Server {
    pub(crate) fn new(dialect: &str) -> Self {
        Self::of(builtin(dialect), None)
    }

    pub(crate) fn with_timeout(dialect: &str, timeout_ms: Option<u64>) -> Self {
        Self::of(builtin(dialect), Some(timeout_ms))
    }

    pub(crate) fn of(dialect: Arc<Dialect>, timeout: Option<Option<u64>>) -> Self {
        let store = Store::new();
        let options = Options {
            path: "/mcp".into(),
            ids: ids(0),
            session_timeout_ms: timeout,
            durable: Durable::Nothing,
            tools: Tools::ALL,
        };
        Self {
            core: ServerCore::new(Arc::clone(&dialect), options, store.clone()),
            dialect,
            timeout,
            durable: Durable::Nothing,
            store,
            now_ms: 0,
            timers: BTreeMap::new(),
            got: BTreeMap::new(),
            next_key: 0,
            processes: 1,
            log: Vec::new(),
        }
    }

    /// A server whose processes leave that behind.
    pub(crate) fn durable(dialect: &str, durable: Durable) -> Self {
        let mut server = Self::new(dialect);
        server.keep(durable);
        server
    }

    /// Begins anew with processes that leave that behind.
    pub(crate) fn keep(&mut self, durable: Durable) {
        self.durable = durable;
        self.restart();
    }

    /// A new process on the same store.
    pub(crate) fn restart(&mut self) {
        let options = Options {
            path: "/mcp".into(),
            ids: ids(self.processes),
            session_timeout_ms: self.timeout,
            durable: self.durable,
            tools: Tools::ALL,
        };
        self.processes += 1;
        self.core = ServerCore::new(Arc::clone(&self.dialect), options, self.store.clone());
        self.timers.clear();
        self.log.clear();
    }

    pub(crate) fn live(&self) -> Vec<String> {
        self.core.live_sessions()
    }

    pub(crate) fn mortal(&self) -> Vec<String> {
        self.core.mortal_sessions()
    }

    /// Hands an input in and returns what came out, which is gathered too.
    pub(crate) fn input(&mut self, input: Input) -> Vec<Output> {
        let out = self.core.handle(self.now_ms, input);
        for output in &out {
            match output.clone() {
                Output::Respond {
                    key,
                    response,
                    framing,
                } => {
                    let got = Got {
                        status: response.status,
                        headers: response.headers,
                        framing: Some(framing),
                        body: response.body,
                        end: Some(true),
                    };
                    assert_eq!(self.got.insert(key, got), None, "{key:?} answered twice");
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
                    assert_eq!(self.got.insert(key, got), None, "{key:?} answered twice");
                }
                Output::Event { key, event, style } => {
                    let got = self.got.get_mut(&key).expect("an event without a head");
                    assert_eq!(got.end, None, "an event after the end");
                    got.body.extend(event.encode_as(&style));
                }
                Output::Close { key, clean } => {
                    assert!(
                        !clean || self.got.contains_key(&key),
                        "an end without a head"
                    );
                    let got = self.got.entry(key).or_default();
                    assert_eq!(got.end.replace(clean), None, "two ends");
                }
                Output::Timer { id, at_ms } => {
                    assert!(at_ms >= self.now_ms);
                    self.timers.insert((at_ms, id), ());
                }
                _ => {}
            }
        }
        self.log.extend(out.iter().cloned());
        out
    }

    /// Lets time pass, and hands in the timers that become due.
    pub(crate) fn wait(&mut self, ms: u64) {
        let until = self.now_ms + ms;
        while let Some(entry) = self.timers.first_entry() {
            let (at_ms, id) = *entry.key();
            if at_ms > until {
                break;
            }
            entry.remove();
            self.now_ms = at_ms;
            self.input(Input::Timer(id));
        }
        self.now_ms = until;
    }

    pub(crate) fn request(&mut self, request: Request) -> (Key, Vec<Output>) {
        let key = Key(self.next_key);
        self.next_key += 1;
        (key, self.input(Input::Request { key, request }))
    }

    /// A POST as a client sends it.
    pub(crate) fn post(&mut self, session: Option<&str>, body: &Value) -> Got {
        let (key, _) = self.request(post(session, body));
        self.got.get(&key).cloned().unwrap_or_default()
    }

    pub(crate) fn list(&mut self, session: &str) -> Got {
        self.post(
            Some(session),
            &json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}),
        )
    }

    /// Begins a slow call, and returns its exchange.
    pub(crate) fn slow(&mut self, session: &str, id: u64, ms: u64) -> Key {
        let (key, _) = self.request(post(Some(session), &slow_call(id, ms)));
        key
    }

    pub(crate) fn get(&mut self, session: &str) -> Key {
        let (key, _) = self.request(get(Some(session)));
        key
    }

    pub(crate) fn delete(&mut self, session: &str) -> Got {
        let (key, _) = self.request(request("DELETE", Some(session), ""));
        self.got[&key].clone()
    }

    /// A new session.
    pub(crate) fn open(&mut self) -> String {
        let got = self.post(None, &initialize("2025-06-18"));
        got.header("mcp-session-id")
            .expect("a session id")
            .to_owned()
    }

    /// How the sessions of this process ended, in order.
    pub(crate) fn ended(&self) -> Vec<(String, SessionEnd)> {
        let ended = self.log.iter().filter_map(|o| match o {
            Output::EndSession { session, cause } => Some((session.clone(), *cause)),
            _ => None,
        });
        ended.collect()
    }

    /// How the process died, if it did.
    pub(crate) fn exit(&self) -> Option<(i32, &str)> {
        self.log.iter().find_map(|o| match o {
            Output::Exit { code, why } => Some((*code, why.as_str())),
            _ => None,
        })
    }
}

pub(crate) fn initialize(revision: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": revision,
        "capabilities": {}, "clientInfo": {"name": "test", "version": "1.0"}}})
}

pub(crate) fn slow_call(id: u64, ms: u64) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call",
        "params": {"name": "slow", "arguments": {"name": format!("slow-{id}"), "ms": ms}}})
}

pub(crate) fn request(method: &str, session: Option<&str>, body: &str) -> Request {
    let mut headers = Headers::new();
    if let Some(session) = session {
        headers.push("mcp-session-id", session);
    }
    Request {
        method: Method::parse(method),
        path: "/mcp".into(),
        headers,
        body: body.as_bytes().to_vec(),
    }
}

pub(crate) fn post(session: Option<&str>, body: &Value) -> Request {
    let mut request = request("POST", session, &body.to_string());
    request
        .headers
        .push("accept", "application/json, text/event-stream");
    request.headers.push("content-type", "application/json");
    request
}

pub(crate) fn get(session: Option<&str>) -> Request {
    let mut request = request("GET", session, "");
    request.headers.push("accept", "text/event-stream");
    request
}
