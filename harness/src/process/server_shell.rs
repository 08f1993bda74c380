//! The shell of the model server: hyper in front, the core's ordered outputs walked one by one, the recorder asked before
//! each. Every decision is the core's; every fault the plan's.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use stalemate_wire::Method;
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_local;

use crate::journal::{Event, ServerName, nonce};
use crate::process::body::{Feed, Outgoing, Piece};
use crate::process::convert;
use crate::process::net::{Conn, Net};
use crate::process::network::Network;
use crate::process::shell::{
    Host, HyperResponse, Order, accept, serve, serve_until_idle, whole_request,
};
use crate::server::{Framing, Input, Key, Output, ServerCore};

/// How long a stopping process may take to send its last bytes, in milliseconds: longer than any hyper needs.
const LAST_BYTES_MS: u64 = 5;

struct Open {
    frames: Option<Feed>,
    head: Option<oneshot::Sender<HyperResponse>>,
    method: Method,
}

/// The model server as a running process.
pub struct ServerShell<N> {
    net: Arc<Net<N>>,
    host: Rc<Host>,
    server: ServerName,
    core: Rc<RefCell<ServerCore>>,
    open: RefCell<BTreeMap<Key, Open>>,
    next_key: Cell<u64>,
    /// Whether hyper has its turn in the midst of what one input led to.
    is_writing: Cell<bool>,
    aborted: mpsc::UnboundedSender<Key>,
}

/// Runs the server until it is crashed. `core` stays readable for the driver.
pub async fn run<N: Network>(
    net: Arc<Net<N>>,
    host: Rc<Host>,
    server: ServerName,
    port: u16,
    core: Rc<RefCell<ServerCore>>,
) -> io::Result<()> {
    let mut orders = host.open_orders();
    let (aborted, mut aborts) = mpsc::unbounded_channel();
    let listener = net.listen(port).await?;
    let shell = Rc::new(ServerShell {
        net,
        host,
        server,
        core,
        open: RefCell::default(),
        next_key: Cell::new(0),
        is_writing: Cell::new(false),
        aborted,
    });
    shell.host.came_up(&shell.net.recorder);
    let mut listener = Some(listener);
    loop {
        tokio::select! {
            biased;
            order = orders.recv() => match order {
                Some(Order::Stop) => {
                    let shell = Rc::clone(&shell);
                    spawn_local(async move { shell.stop().await });
                }
                Some(Order::Drain(limit_ms)) => {
                    listener = None;
                    let shell = Rc::clone(&shell);
                    spawn_local(async move { shell.drain(limit_ms).await });
                }
                Some(Order::Input(input)) => shell.input(input).await,
                None => std::future::pending().await,
            },
            Some(key) = aborts.recv() => {
                let shell = Rc::clone(&shell);
                spawn_local(async move { shell.abort(key).await });
            }
            accepted = accept(listener.as_ref()) => {
                let (stream, peer) = accepted?;
                let (conn, _) = shell.net.accepted(stream, peer, &shell.host.process);
                spawn_local(Rc::clone(&shell).connection(conn));
            }
        }
    }
}

impl<N: Network> ServerShell<N> {
    async fn connection(self: Rc<Self>, conn: Conn<N>) {
        let idle_ms = self.core.borrow().connection_idle_ms();
        let service = service_fn(move |request| Rc::clone(&self).exchange(request));
        match idle_ms {
            None => serve(conn, service).await,
            Some(ms) => serve_until_idle(conn, service, Duration::from_millis(ms)).await,
        }
    }

    async fn exchange(
        self: Rc<Self>,
        request: hyper::Request<Incoming>,
    ) -> Result<HyperResponse, NeverAnswered> {
        let request = whole_request(request).await;
        let key = Key(self.next_key.get());
        self.next_key.set(key.0 + 1);
        let (head, answer) = oneshot::channel();
        let open = Open {
            frames: None,
            head: Some(head),
            method: request.method.clone(),
        };
        self.open.borrow_mut().insert(key, open);
        // Walking goes on when the client goes away: hyper drops this future then, not the walk.
        let mut guard = AbortGuard {
            key,
            line: self.aborted.clone(),
            armed: true,
        };
        let shell = Rc::clone(&self);
        spawn_local(async move { shell.input(Input::Request { key, request }).await });
        let response = answer.await;
        guard.armed = false;
        match response {
            Ok(response) => Ok(response),
            Err(_) if self.host.process.is_halted() => std::future::pending().await,
            // Hyper breaks the connection.
            Err(_) => Err(NeverAnswered),
        }
    }

    async fn input(self: &Rc<Self>, input: Input) {
        // Nothing overtakes what an earlier input led to: events leave in the order of their ids.
        while self.is_writing.get() {
            tokio::task::yield_now().await;
        }
        if self.host.process.is_halted() {
            return;
        }
        let outputs = self
            .core
            .borrow_mut()
            .handle(self.net.recorder.now_ms(), input);
        let mut has_sent = false;
        for output in outputs {
            match output {
                // What was sent before has left by then: hyper gets its turn to write it.
                Output::Effect { .. } | Output::OpenSession { .. } if has_sent => {
                    self.is_writing.set(true);
                    tokio::task::yield_now().await;
                    self.is_writing.set(false);
                    has_sent = false;
                }
                Output::Respond { .. } | Output::Head { .. } | Output::Event { .. } => {
                    has_sent = true;
                }
                _ => {}
            }
            self.walk(output).await;
        }
    }

    async fn abort(self: &Rc<Self>, key: Key) {
        if self.open.borrow_mut().remove(&key).is_some() {
            self.input(Input::Aborted { key }).await;
        }
    }

    async fn walk(self: &Rc<Self>, output: Output) {
        let recorder = &self.net.recorder;
        if self.host.process.is_halted() {
            return std::future::pending().await;
        }
        match output {
            Output::OpenSession { session } => {
                let fate = recorder.at(Event::SessionOpened {
                    server: Arc::clone(&self.server),
                    at: Arc::clone(&self.host.process.name),
                    session,
                    for_others: false,
                    left: false,
                });
                self.host.process.undergo(fate).await;
            }
            Output::OpenForOthers { session, held } => recorder.note(Event::SessionOpened {
                server: Arc::clone(&self.server),
                at: Arc::clone(&self.host.process.name),
                session,
                for_others: true,
                left: !held,
            }),
            Output::EndSession { session, cause } => {
                recorder.note(Event::SessionEnded {
                    server: Arc::clone(&self.server),
                    at: Arc::clone(&self.host.process.name),
                    session,
                    cause,
                });
            }
            Output::ToolsChanged(tools) => {
                recorder.note(Event::ToolsChanged {
                    server: Arc::clone(&self.server),
                    at: Arc::clone(&self.host.process.name),
                    tools: tools.names(),
                });
            }
            Output::Effect { tool, arguments } => {
                let call = nonce::call_in(&arguments);
                let server = Arc::clone(&self.server);
                let fate = recorder.at(Event::EffectCommitted {
                    server,
                    at: Arc::clone(&self.host.process.name),
                    tool,
                    call,
                });
                self.host.process.undergo(fate).await;
            }
            Output::Respond {
                key,
                response,
                framing,
            } => {
                let Some(mut open) = self.open.borrow_mut().remove(&key) else {
                    return;
                };
                let body = match framing {
                    Framing::Length => Outgoing::whole(response.body),
                    Framing::Chunked => Outgoing::one_chunk(response.body),
                };
                let response = convert::response(response.status, &response.headers, body);
                let _ = open
                    .head
                    .take()
                    .expect("an exchange is answered once")
                    .send(response);
            }
            Output::Head {
                key,
                status,
                headers,
            } => {
                let mut open = self.open.borrow_mut();
                let Some(open) = open.get_mut(&key) else {
                    return;
                };
                let (frames, body) = Outgoing::fed(None);
                open.frames = Some(frames);
                let line = self.aborted.clone();
                let body = body.if_abandoned(move || {
                    let _ = line.send(key);
                });
                let response = convert::response(status, &headers, body);
                let _ = open
                    .head
                    .take()
                    .expect("an exchange is answered once")
                    .send(response);
            }
            Output::Event { key, event, style } => {
                self.piece(key, Piece::Data(event.encode_as(&style).into()));
            }
            Output::Close { key, clean } => {
                if !clean {
                    self.piece(key, Piece::Cut);
                }
                self.open.borrow_mut().remove(&key);
            }
            Output::Timer { id, at_ms } => {
                let wait = at_ms.saturating_sub(recorder.now_ms());
                let shell = Rc::clone(self);
                spawn_local(async move {
                    tokio::time::sleep(Duration::from_millis(wait)).await;
                    shell.input(Input::Timer(id)).await;
                });
            }
            Output::Exit { code, why } => {
                self.host.died(format!("{why} (exit status {code})")).await
            }
        }
    }

    fn piece(&self, key: Key, piece: Piece) {
        if let Some(frames) = self
            .open
            .borrow()
            .get(&key)
            .and_then(|open| open.frames.as_ref())
        {
            let _ = frames.send(piece);
        }
    }

    async fn stop(self: &Rc<Self>) {
        self.input(Input::Terminate).await;
        tokio::time::sleep(Duration::from_millis(LAST_BYTES_MS)).await;
        self.host.stopped().await
    }

    async fn drain(self: &Rc<Self>, limit_ms: u64) {
        let idle = async {
            while self
                .open
                .borrow()
                .values()
                .any(|open| open.method != Method::Get)
            {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_millis(limit_ms), idle).await;
        self.stop().await;
    }
}

/// An exchange whose answer is given up before its head was sent.
#[derive(Debug)]
struct NeverAnswered;

impl fmt::Display for NeverAnswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer was given up")
    }
}

impl std::error::Error for NeverAnswered {}

/// Tells the shell that the peer went away before its answer was complete.
struct AbortGuard {
    key: Key,
    line: mpsc::UnboundedSender<Key>,
    armed: bool,
}

impl Drop for AbortGuard {
    fn drop(&mut self) {
        if self.armed {
            let _ = self.line.send(self.key);
        }
    }
}
