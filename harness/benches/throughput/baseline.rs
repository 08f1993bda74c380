//! What there is to compare with: the same network simulator and HTTP library with nothing of Stalemate. A client posts
//! JSON-RPC calls to a server through a proxy, one after the other, and both ends parse what they get.

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
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::task::spawn_local;
use turmoil::net::{TcpListener, TcpStream};

use crate::measure::Done;

/// What it is, for the output.
pub const WHAT: &str = "turmoil with hyper";

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
    let calling = client(calls, Rc::clone(&answered));
    sim.client("client", async {
        calling.await.map_err(|failure| failure as Box<dyn Error>)
    });
    sim.run().expect("nothing disturbs it");
    assert_eq!(answered.get(), calls);
    Done {
        exchanges: calls,
        virtual_ms: u64::try_from(sim.elapsed().as_millis()).expect("it is short"),
    }
}

async fn server() -> turmoil::Result {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        spawn_local(async move {
            let serving = http1::Builder::new()
                .auto_date_header(false)
                .serve_connection(TokioIo::new(stream), service_fn(answer));
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
    let idle = Idle::default();
    loop {
        let (stream, _) = listener.accept().await?;
        let idle = Rc::clone(&idle);
        let service = service_fn(move |request| forward(request, Rc::clone(&idle), upstream));
        spawn_local(async move {
            let serving = http1::Builder::new()
                .auto_date_header(false)
                .serve_connection(TokioIo::new(stream), service);
            drop(serving.await);
        });
    }
}

async fn forward(
    request: Request<Incoming>,
    idle: Idle,
    upstream: Upstream,
) -> Result<Response<Incoming>, Failure> {
    let kept = idle.borrow_mut().take();
    let mut sender = match kept {
        Some(sender) => sender,
        None => dial("server").await?,
    };
    sender.ready().await?;
    let response = sender.send_request(request).await?;
    if upstream == Upstream::Kept {
        *idle.borrow_mut() = Some(sender);
    }
    Ok(response)
}

async fn dial<B>(host: &str) -> Result<SendRequest<B>, Failure>
where
    B: Body<Data = Bytes, Error: Into<Failure>> + 'static,
{
    let stream = TcpStream::connect((host, PORT)).await?;
    let (sender, driving) = handshake(TokioIo::new(stream)).await?;
    spawn_local(async move { drop(driving.await) });
    Ok(sender)
}

async fn client(calls: usize, answered: Rc<Cell<usize>>) -> Result<(), Failure> {
    let mut sender = dial("proxy").await?;
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
