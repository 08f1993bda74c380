//! A scripted MCP server over hyper. It logs every request as it came; a script may replace any answer.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::io;
use std::rc::Rc;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use stalemate_clients::BoxIo;
use tokio::sync::{Notify, mpsc};
use tokio::task::{AbortHandle, spawn_local};
use tokio::time::Instant;

/// A request as the server received it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) at: Instant,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n == name);
        found.map(|(_, v)| v.as_str())
    }

    pub(crate) fn session(&self) -> Option<&str> {
        self.header("mcp-session-id")
    }

    pub(crate) fn message(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The JSON-RPC method, or the HTTP method of a request without one.
    pub(crate) fn what(&self) -> String {
        match self.message().get("method").and_then(Value::as_str) {
            Some(method) => method.to_owned(),
            None => self.method.clone(),
        }
    }
}

/// What a script makes the server answer.
#[derive(Clone)]
pub(crate) enum Reply {
    /// Status, content type and body.
    Status(u16, &'static str, String),
    /// The tool runs, then the connection is closed before any byte of an answer.
    RunThenClose,
    /// The tool runs; an event stream begins and ends without the response.
    RunThenEnd,
    /// The tool runs; an event stream begins and is cut.
    RunThenCut,
    /// A body of that content type begins, and is cut a little later.
    CutLater(&'static str),
    /// No answer at all.
    Silence,
    /// An event stream of these bytes that ends.
    Events(String),
    /// The usual answer, once the notification has come.
    After(Rc<Notify>),
}

impl Reply {
    /// A JSON-RPC error with the id null.
    pub(crate) fn error(status: u16, message: &str) -> Self {
        Self::Status(status, "application/json", rpc_error(message))
    }
}

fn rpc_error(message: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","error":{{"code":-32000,"message":{}}},"id":null}}"#,
        json!(message)
    )
}

type Body = UnsyncBoxBody<Bytes, io::Error>;
type Script = Box<dyn FnMut(&Seen) -> Option<Reply>>;
type Events = mpsc::UnboundedSender<Result<Frame<Bytes>, io::Error>>;

/// The server.
#[derive(Default)]
pub(crate) struct Server {
    pub(crate) log: RefCell<Vec<Seen>>,
    pub(crate) live: RefCell<BTreeSet<String>>,
    minted: Cell<u32>,
    /// The status for a dead id.
    pub(crate) dead: Cell<u16>,
    /// Answers as event streams rather than JSON.
    pub(crate) sse: Cell<bool>,
    pub(crate) script: RefCell<Option<Script>>,
    /// The tool calls that ran.
    pub(crate) effects: RefCell<Vec<Value>>,
    /// The GET streams that are held open.
    pub(crate) streams: RefCell<Vec<Events>>,
    /// Requests whose connection was closed by the client while the server was silent.
    pub(crate) given_up: Cell<u32>,
    connections: RefCell<Vec<AbortHandle>>,
    changed: Notify,
}

struct GivenUp(Rc<Server>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.given_up.set(self.0.given_up.get() + 1);
        self.0.changed.notify_waiters();
    }
}

impl Server {
    /// The requests so far by [`Seen::what`].
    pub(crate) fn whats(&self) -> Vec<String> {
        self.log.borrow().iter().map(Seen::what).collect()
    }

    pub(crate) fn count(&self, what: &str) -> usize {
        self.whats().iter().filter(|w| *w == what).count()
    }

    pub(crate) fn all(&self, what: &str) -> Vec<Seen> {
        let log = self.log.borrow();
        log.iter().filter(|s| s.what() == what).cloned().collect()
    }

    pub(crate) fn last(&self, what: &str) -> Seen {
        self.all(what).pop().expect(what)
    }

    /// Waits until the condition holds; it is asked after each request.
    pub(crate) async fn until(&self, condition: impl Fn(&Self) -> bool) {
        loop {
            let changed = self.changed.notified();
            if condition(self) {
                return;
            }
            changed.await;
        }
    }

    /// Forgets all sessions, as a restart does.
    pub(crate) fn forget(&self) {
        self.live.borrow_mut().clear();
    }

    pub(crate) fn script(&self, script: impl FnMut(&Seen) -> Option<Reply> + 'static) {
        *self.script.borrow_mut() = Some(Box::new(script));
    }

    /// Closes every connection.
    pub(crate) fn cut_all(&self) {
        for connection in self.connections.take() {
            connection.abort();
        }
    }

    pub(crate) fn push(&self, bytes: &str) {
        let frame = Frame::data(Bytes::from(bytes.to_owned()));
        let _ = self
            .streams
            .borrow()
            .last()
            .expect("a stream")
            .send(Ok(frame));
    }

    pub(crate) fn serve(self: &Rc<Self>, io: BoxIo) {
        let server = Rc::clone(self);
        let service = service_fn(move |request| {
            let server = Rc::clone(&server);
            async move { server.take(request).await }
        });
        let task = spawn_local(async move {
            let _ = hyper::server::conn::http1::Builder::new()
                .auto_date_header(false)
                .serve_connection(TokioIo::new(io), service)
                .await;
        });
        self.connections.borrow_mut().push(task.abort_handle());
    }

    async fn take(self: Rc<Self>, request: Request<Incoming>) -> io::Result<Response<Body>> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let seen = Seen {
            method: parts.method.to_string(),
            headers: parts
                .headers
                .iter()
                .map(|(n, v)| (n.to_string(), v.to_str().unwrap().to_owned()))
                .collect(),
            body: String::from_utf8(body.to_vec()).unwrap(),
            at: Instant::now(),
        };
        self.log.borrow_mut().push(seen.clone());
        self.changed.notify_waiters();
        let mut script = self.script.take();
        let reply = script.as_mut().and_then(|s| s(&seen));
        if self.script.borrow().is_none() {
            *self.script.borrow_mut() = script;
        }
        match reply {
            None => Ok(self.usual(&seen)),
            Some(Reply::After(notify)) => {
                // What is refused is decided when the request comes, not when the answer leaves.
                let answer = self.usual(&seen);
                notify.notified().await;
                Ok(answer)
            }
            Some(Reply::Status(status, kind, body)) => Ok(whole(status, kind, body)),
            Some(Reply::Silence) => {
                let _guard = GivenUp(Rc::clone(&self));
                std::future::pending().await
            }
            Some(Reply::Events(bytes)) => Ok(stream(vec![Ok(Frame::data(bytes.into()))])),
            Some(Reply::RunThenEnd) => {
                self.run(&seen);
                Ok(stream(Vec::new()))
            }
            Some(Reply::RunThenCut) => {
                self.run(&seen);
                let half = Ok(Frame::data("event: message\ndata: {".into()));
                Ok(stream(vec![half, Err(io::ErrorKind::Other.into())]))
            }
            Some(Reply::CutLater(kind)) => {
                let frames = stream::unfold(0, |n| async move {
                    if n == 0 {
                        return Some((Ok(Frame::data("{".into())), 1));
                    }
                    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                    Some((Err(io::ErrorKind::Other.into()), n))
                });
                let body = BodyExt::boxed_unsync(StreamBody::new(frames));
                Ok(head(200, kind).body(body).unwrap())
            }
            Some(Reply::RunThenClose) => {
                self.run(&seen);
                Err(io::ErrorKind::Other.into())
            }
        }
    }

    fn run(&self, seen: &Seen) {
        let arguments = seen.message()["params"]["arguments"].clone();
        self.effects.borrow_mut().push(arguments);
    }

    /// A GET stream that the test holds.
    fn held(&self) -> Response<Body> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.streams.borrow_mut().push(sender);
        let frames = stream::unfold(receiver, |mut receiver| async move {
            Some((receiver.recv().await?, receiver))
        });
        head(200, "text/event-stream")
            .body(BodyExt::boxed_unsync(StreamBody::new(frames)))
            .unwrap()
    }

    /// What a server does that has sessions and keeps them in memory.
    fn usual(&self, seen: &Seen) -> Response<Body> {
        let message = seen.message();
        let id = &message["id"];
        let known = seen
            .session()
            .map(|session| self.live.borrow().contains(session));
        match (seen.what().as_str(), known) {
            (_, Some(false)) => {
                let text = "Bad Request: No valid session ID provided";
                whole(self.dead.get(), "application/json", rpc_error(text))
            }
            ("initialize", None) => {
                self.minted.set(self.minted.get() + 1);
                let session = format!("session-{}", self.minted.get());
                self.live.borrow_mut().insert(session.clone());
                let asked = message["params"]["protocolVersion"].as_str().unwrap();
                let result = json!({"protocolVersion": asked, "capabilities": {}});
                let mut answer = self.answer(id, &result);
                let value = session.parse().unwrap();
                answer.headers_mut().insert("mcp-session-id", value);
                answer
            }
            ("GET", Some(true)) => self.held(),
            ("DELETE", Some(true)) => {
                self.live.borrow_mut().remove(seen.session().unwrap());
                whole(200, "text/plain", String::new())
            }
            ("tools/list", Some(true)) => self.answer(id, &json!({"tools": [{"name": "write"}]})),
            ("tools/call", Some(true)) => {
                self.run(seen);
                let text = format!("did {}", message["params"]["arguments"]["nonce"]);
                let content = json!([{"type": "text", "text": text}]);
                self.answer(id, &json!({"content": content}))
            }
            (_, Some(true)) if seen.method == "POST" => whole(202, "text/plain", String::new()),
            _ => whole(400, "application/json", rpc_error("Bad Request")),
        }
    }

    fn answer(&self, id: &Value, result: &Value) -> Response<Body> {
        let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#);
        if self.sse.get() {
            let event = format!("event: message\ndata: {text}\n\n");
            return stream(vec![Ok(Frame::data(event.into()))]);
        }
        whole(200, "application/json; charset=utf-8", text)
    }
}

fn head(status: u16, kind: &str) -> hyper::http::response::Builder {
    Response::builder()
        .status(status)
        .header("content-type", kind)
}

fn whole(status: u16, kind: &str, body: String) -> Response<Body> {
    let body = Full::new(Bytes::from(body)).map_err(|e| match e {});
    head(status, kind)
        .body(BodyExt::boxed_unsync(body))
        .unwrap()
}

fn stream(frames: Vec<io::Result<Frame<Bytes>>>) -> Response<Body> {
    let body = StreamBody::new(stream::iter(frames));
    head(200, "text/event-stream")
        .body(BodyExt::boxed_unsync(body))
        .unwrap()
}
