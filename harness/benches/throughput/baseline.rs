//! What there is to compare with: the same network simulator and HTTP library with nothing of Stalemate. A client posts
//! JSON-RPC calls to a server through a proxy, one after the other, and both ends parse what they get. The same over pipes
//! in memory, without latency, hosts or ticks, shows how much of it is the network simulator's.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, duplex};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{LocalSet, spawn_local};
use turmoil::net::{TcpListener, TcpStream};

use crate::measure::Done;

/// What they are, for the output.
pub const WHAT: &str = "turmoil with hyper";
pub const WHAT_IN_MEMORY: &str = "pipes with hyper";

const PORT: u16 = 3000;

type Failure = Box<dyn Error + Send + Sync>;

/// What the proxy does with its connection to the server after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// Keeps it for the next request.
    Kept,
    /// Lets it go, as a plain nginx does: each request has one of its own.
    Fresh,
}

/// Makes `calls` calls.
pub fn run(calls: usize, upstream: Upstream) -> Done {
    let latency = Duration::from_millis(1);
    let mut sim = turmoil::Builder::new()
        .rng_seed(1)
        .simulation_duration(Duration::from_secs(3600))
        .tick_duration(Duration::from_millis(1))
        .min_message_latency(latency)
        .max_message_latency(latency)
        .tcp_capacity(1024)
        .build();
    sim.host("server", server);
    sim.host("proxy", move || proxy(upstream));
    let answered = Rc::new(Cell::new(0));
    let calling = Rc::clone(&answered);
    sim.client("client", async move {
        let calling = client(calls, calling, &Host("proxy"));
        calling.await.map_err(|failure| failure as Box<dyn Error>)
    });
    sim.run().expect("nothing disturbs it");
    assert_eq!(answered.get(), calls);
    Done {
        exchanges: calls,
        virtual_ms: u64::try_from(sim.elapsed().as_millis()).expect("it is short"),
    }
}

/// Makes `calls` calls over pipes in memory.
pub fn run_in_memory(calls: usize, upstream: Upstream) -> Done {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let answered = Rc::new(Cell::new(0));
    let calling = Rc::clone(&answered);
    LocalSet::new().block_on(&runtime, async move {
        let (to_server, at_server) = unbounded_channel();
        let (to_proxy, at_proxy) = unbounded_channel();
        spawn_local(serve(Pipes(at_server), service_fn(answer)));
        spawn_local(serve(
            Pipes(at_proxy),
            forwarding(upstream, Piped(to_server)),
        ));
        client(calls, calling, &Piped(to_proxy))
            .await
            .expect("nothing disturbs it");
    });
    assert_eq!(answered.get(), calls);
    Done {
        exchanges: calls,
        virtual_ms: 0,
    }
}

/// Where connections come from.
trait Accept {
    type Io: AsyncRead + AsyncWrite + Unpin + 'static;
    async fn accept(&mut self) -> Option<Self::Io>;
}

impl Accept for TcpListener {
    type Io = TcpStream;
    async fn accept(&mut self) -> Option<TcpStream> {
        let accepted = TcpListener::accept(self).await;
        accepted.ok().map(|(stream, _)| stream)
    }
}

struct Pipes(UnboundedReceiver<DuplexStream>);

impl Accept for Pipes {
    type Io = DuplexStream;
    async fn accept(&mut self) -> Option<DuplexStream> {
        self.0.recv().await
    }
}

/// The way to somebody who listens.
trait Dial: Clone + 'static {
    type Io: AsyncRead + AsyncWrite + Unpin + 'static;
    async fn dial(&self) -> Result<Self::Io, Failure>;
}

/// To a host of the simulator.
#[derive(Clone, Copy)]
struct Host(&'static str);

impl Dial for Host {
    type Io = TcpStream;
    async fn dial(&self) -> Result<TcpStream, Failure> {
        Ok(TcpStream::connect((self.0, PORT)).await?)
    }
}

#[derive(Clone)]
struct Piped(UnboundedSender<DuplexStream>);

impl Dial for Piped {
    type Io = DuplexStream;
    async fn dial(&self) -> Result<DuplexStream, Failure> {
        let (here, there) = duplex(64 * 1024);
        self.0.send(there)?;
        Ok(here)
    }
}

async fn server() -> turmoil::Result {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?;
    serve(listener, service_fn(answer)).await;
    Ok(())
}

async fn serve<S, B>(mut listener: impl Accept, service: S)
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Failure> + Clone + 'static,
    B: Body<Data = Bytes, Error: Into<Failure>> + 'static,
{
    while let Some(stream) = listener.accept().await {
        let service = service.clone();
        spawn_local(async move {
            let serving = http1::Builder::new()
                .auto_date_header(false)
                .serve_connection(TokioIo::new(stream), service);
            drop(serving.await);
        });
    }
}

/// Parses a call and answers it about as a memory server does.
async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Failure> {
    let body = request.into_body().collect().await?.to_bytes();
    let call: Value = serde_json::from_slice(&body)?;
    let arguments = &call["params"]["arguments"];
    let answer = json!({
        "jsonrpc": "2.0",
        "id": call["id"],
        "result": {
            "content": [{"type": "text", "text": arguments.to_string()}],
            "structuredContent": arguments,
        },
    });
    let response = Response::builder()
        .header("content-type", "application/json")
        .body(Full::from(serde_json::to_vec(&answer)?))?;
    Ok(response)
}

/// The kept connection to the server, while no request is on it.
type Idle = Rc<RefCell<Option<SendRequest<Incoming>>>>;

async fn proxy(upstream: Upstream) -> turmoil::Result {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?;
    serve(listener, forwarding(upstream, Host("server"))).await;
    Ok(())
}

/// The proxy's service. It is shared by its connections, and so is the kept one.
fn forwarding(
    upstream: Upstream,
    server: impl Dial,
) -> impl Service<Request<Incoming>, Response = Response<Incoming>, Error = Failure> + Clone {
    let idle = Idle::default();
    service_fn(move |request| forward(request, Rc::clone(&idle), upstream, server.clone()))
}

async fn forward(
    request: Request<Incoming>,
    idle: Idle,
    upstream: Upstream,
    server: impl Dial,
) -> Result<Response<Incoming>, Failure> {
    let kept = idle.borrow_mut().take();
    let mut sender = match kept {
        Some(sender) => sender,
        None => connect(&server).await?,
    };
    sender.ready().await?;
    let response = sender.send_request(request).await?;
    if upstream == Upstream::Kept {
        *idle.borrow_mut() = Some(sender);
    }
    Ok(response)
}

async fn connect<B>(to: &impl Dial) -> Result<SendRequest<B>, Failure>
where
    B: Body<Data = Bytes, Error: Into<Failure>> + 'static,
{
    let (sender, driving) = handshake(TokioIo::new(to.dial().await?)).await?;
    spawn_local(async move { drop(driving.await) });
    Ok(sender)
}

async fn client(calls: usize, answered: Rc<Cell<usize>>, proxy: &impl Dial) -> Result<(), Failure> {
    let mut sender = connect(proxy).await?;
    for id in 0..calls {
        let request = Request::post("/mcp")
            .header("host", "proxy")
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-session-id", "00000000-0000-4000-8000-000000000000")
            .body(Full::<Bytes>::from(call(id)?))?;
        sender.ready().await?;
        let response = sender.send_request(request).await?;
        let body = response.into_body().collect().await?.to_bytes();
        let answer: Value = serde_json::from_slice(&body)?;
        if answer["id"] == json!(id) && answer["result"].is_object() {
            answered.set(answered.get() + 1);
        }
    }
    Ok(())
}

/// A write and a read in turn, as in the scenarios.
fn call(id: usize) -> Result<Vec<u8>, serde_json::Error> {
    let note = format!("note-{id:06}");
    let (name, arguments) = if id.is_multiple_of(2) {
        let entity = json!({"entityType": "note", "name": note, "observations": []});
        ("create_entities", json!({"entities": [entity]}))
    } else {
        ("search_nodes", json!({"query": note}))
    };
    serde_json::to_vec(&json!({
        "jsonrpc": "2.0",
        "id": id,
        "method": "tools/call",
        "params": {"name": name, "arguments": arguments},
    }))
}
