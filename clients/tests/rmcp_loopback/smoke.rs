//! The client of the harness on loopback: against rmcp's real server, and against answers that show its verdicts.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use serde_json::{Value, json};
use stalemate::process::{RmcpServer, RmcpServerOptions, ToolBackend};
use stalemate_clients::rmcp::RmcpClientFactory;
use stalemate_clients::{BoxIo, Client, ClientFactory, Dial, Dialler, Health};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::answer::Answer;
use crate::answers;
use crate::dialler;
use crate::server::{Seen, Server};

const LIMIT: Duration = Duration::from_secs(5);
const HANGS: Duration = Duration::from_millis(500);

type Notified = Arc<Mutex<Vec<String>>>;

fn client(dialler: Dialler) -> (Arc<dyn Client>, Notified) {
    let notified = Notified::default();
    let sink = notified.clone();
    let client = RmcpClientFactory.create(
        dialler,
        None,
        Arc::new(move |method| sink.lock().expect("no panic").push(method.to_owned())),
    );
    (client, notified)
}

async fn read(client: &Arc<dyn Client>) -> Result<String, String> {
    let call = client.call_tool("read_graph".to_owned(), json!({}));
    let result = timeout(LIMIT, call).await.expect("an answer in time");
    result.map_err(|error| error.message)
}

/// A tool backend that tells what it was asked. Slow calls return only once there are two of them.
struct Backend(Arc<Barrier>);

impl ToolBackend for Backend {
    fn call(
        &self,
        tool: &str,
        arguments: Value,
    ) -> Pin<Box<dyn Future<Output = Result<String, String>> + Send>> {
        let tool = tool.to_owned();
        let both = self.0.clone();
        Box::pin(async move {
            match tool.as_str() {
                "search_nodes" => Err("nothing found".to_owned()),
                "slow" => {
                    both.wait().await;
                    Ok("late".to_owned())
                }
                _ => Ok(format!("{tool} {arguments}")),
            }
        })
    }
}

/// A process that serves, and can be restarted on the same port.
struct Process {
    listener: Arc<TcpListener>,
    connections: JoinSet<()>,
}

impl Process {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let mut process = Self {
            listener: Arc::new(listener),
            connections: JoinSet::new(),
        };
        process.restart().await;
        process
    }

    async fn restart(&mut self) {
        self.connections.shutdown().await;
        let backend = Backend(Arc::new(Barrier::new(2)));
        let server = RmcpServer::new(Arc::new(backend), &RmcpServerOptions::default());
        let listener = self.listener.clone();
        self.connections.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let connection = server.serve_connection(Box::new(stream));
                connections.spawn(async move {
                    // A client that goes away while it is answered is no matter.
                    let _ = connection.await;
                });
            }
        });
    }

    fn dialler(&self, sent: &Arc<Mutex<Vec<u8>>>) -> Dialler {
        let address = self.listener.local_addr().expect("bound").to_string();
        let dial = TappedDial {
            address: address.clone(),
            sent: sent.clone(),
        };
        Dialler::new(address, "/mcp", Arc::new(dial))
    }
}

/// Dials loopback and keeps what is written.
struct TappedDial {
    address: String,
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Dial for TappedDial {
    fn dial(&self) -> Pin<Box<dyn Future<Output = io::Result<BoxIo>> + Send>> {
        let (address, sent) = (self.address.clone(), self.sent.clone());
        Box::pin(async move {
            let stream = TcpStream::connect(address).await?;
            Ok(Box::new(Tapped { stream, sent }) as BoxIo)
        })
    }
}

struct Tapped {
    stream: TcpStream,
    sent: Arc<Mutex<Vec<u8>>>,
}

impl AsyncRead for Tapped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Tapped {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        if let Poll::Ready(Ok(count)) = written {
            self.sent.lock().expect("no panic").extend(&buf[..count]);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// How often the text occurs in what was sent.
fn occurrences(sent: &Mutex<Vec<u8>>, text: &str) -> usize {
    let sent = sent.lock().expect("no panic");
    String::from_utf8_lossy(&sent).matches(text).count()
}

#[tokio::test]
async fn the_real_client_works_with_the_real_server() {
    let process = Process::start().await;
    let sent = Arc::default();
    let (client, _) = client(process.dialler(&sent));
    assert_eq!(read(&client).await, Err("not connected".to_owned()));
    client.disconnect().await.expect("nothing to do");

    for round in 1..=2 {
        client.connect().await.expect("a connection");
        assert_eq!(client.health(), Health::Unknown);
        assert_eq!(
            client.list_tools().await.expect("a list"),
            ["create_entities", "search_nodes", "read_graph", "slow"]
        );
        let written = client.call_tool("create_entities".to_owned(), json!({"entities": [1]}));
        assert_eq!(
            written.await.expect("a result"),
            r#"create_entities {"entities":[1]}"#
        );
        let found = client.call_tool("search_nodes".to_owned(), json!({"query": "x"}));
        assert_eq!(
            found.await.expect_err("a tool error").message,
            "nothing found"
        );
        let unknown = client.call_tool("none".to_owned(), Value::Null).await;
        assert_eq!(
            unknown.expect_err("no such tool").message,
            "Mcp error: -32602: tool not found"
        );
        let slow = || client.call_tool("slow".to_owned(), Value::Null);
        let both = timeout(LIMIT, async { tokio::join!(slow(), slow()) }).await;
        let (first, second) = both.expect("they run in parallel");
        assert_eq!((first, second), (Ok("late".into()), Ok("late".into())));

        client.disconnect().await.expect("closed");
        assert_eq!(occurrences(&sent, "DELETE /mcp HTTP/1.1"), round);
        assert_eq!(occurrences(&sent, r#""method":"initialize""#), round);
        assert_eq!(read(&client).await, Err("not connected".to_owned()));
    }
}

#[tokio::test]
async fn a_restart_of_the_real_server_is_survived() {
    let mut process = Process::start().await;
    let sent = Arc::default();
    let (client, _) = client(process.dialler(&sent));
    client.connect().await.expect("a connection");
    assert_eq!(read(&client).await, Ok("read_graph {}".to_owned()));
    process.restart().await;
    assert_eq!(read(&client).await, Ok("read_graph {}".to_owned()));
    assert_eq!(occurrences(&sent, r#""method":"initialize""#), 2);
    client.disconnect().await.expect("closed");
}

/// A server that answers one kind of request strangely.
async fn strange(kind: &'static str, only_first: bool, answer: Answer) -> Server {
    Server::start(Arc::new(move |request: &Seen, before: &[Seen]| {
        let again = before.iter().any(|seen| seen.kind() == kind);
        match request.kind().as_str() {
            asked if asked == kind && !(only_first && again) => answer.clone(),
            "initialize" | "tools/call" => answers::result_as_stream(),
            "GET" => answers::open_stream(),
            _ => answers::accepted(),
        }
    }))
    .await
}

fn count(server: &Server, kind: &str) -> usize {
    let seen = server.seen();
    seen.iter().filter(|seen| seen.kind() == kind).count()
}

#[tokio::test]
async fn a_400_with_json_rpc_and_no_id_is_never_answered() {
    let answer = answers::named("supergateway 3.4.3 400/105");
    let server = strange("tools/call", false, answer).await;
    let (client, _) = client(dialler(&server.address));
    client.connect().await.expect("a connection");
    let call = client.call_tool("read_graph".to_owned(), json!({}));
    assert!(timeout(HANGS, call).await.is_err());
    server
        .wait(LIMIT, |seen| {
            seen.iter()
                .any(|seen| seen.kind() == "notifications/cancelled")
        })
        .await;
    assert_eq!(count(&server, "notifications/cancelled"), 1);
    assert_eq!(count(&server, "initialize"), 1);
}

#[tokio::test]
async fn a_404_is_recovered_from_once_a_call() {
    for (only_first, expected) in [
        (true, Ok("done".to_owned())),
        (
            false,
            Err("Transport send error: Session expired (HTTP 404)".to_owned()),
        ),
    ] {
        let answer = answers::named("supergateway 4.0.0 404/17");
        let server = strange("tools/call", only_first, answer).await;
        let (client, _) = client(dialler(&server.address));
        client.connect().await.expect("a connection");
        assert_eq!(read(&client).await, expected);
        assert_eq!(count(&server, "initialize"), 2);
        assert_eq!(count(&server, "tools/call"), 2);
    }
}

#[tokio::test]
async fn a_refused_stream_goes_unnoticed() {
    let answer = answers::named("supergateway 3.4.3 400/29");
    let server = strange("GET", false, answer).await;
    let (client, _) = client(dialler(&server.address));
    client.connect().await.expect("a connection");
    server
        .wait(LIMIT, |seen| seen.iter().any(|seen| seen.method == "GET"))
        .await;
    assert_eq!(read(&client).await, Ok("done".to_owned()));
    assert_eq!(count(&server, "GET"), 1);
    assert_eq!(client.health(), Health::Unknown);
}

#[tokio::test]
async fn errors_show_the_beginning_of_a_session_id_only() {
    let server = strange("tools/call", false, answers::named("400 with the id")).await;
    let (client, _) = client(dialler(&server.address));
    client.connect().await.expect("a connection");
    assert_eq!(
        read(&client).await,
        Err("Mcp error: -32000: session session-… is no more".to_owned())
    );
}

#[tokio::test]
async fn notifications_reach_the_sink() {
    let answer = answers::named("SSE with more than the response");
    let server = strange("tools/call", false, answer).await;
    let (client, notified) = client(dialler(&server.address));
    client.connect().await.expect("a connection");
    assert_eq!(read(&client).await, Ok("done".to_owned()));
    client.disconnect().await.expect("closed");
    assert_eq!(
        *notified.lock().expect("no panic"),
        ["notifications/message"]
    );
}

#[tokio::test]
async fn a_dropped_connect_leaves_the_client_usable() {
    let server = strange("initialize", true, answers::silence()).await;
    let (client, _) = client(dialler(&server.address));
    assert!(timeout(HANGS, client.connect()).await.is_err());
    assert_eq!(read(&client).await, Err("not connected".to_owned()));
    client.connect().await.expect("a connection");
    assert_eq!(read(&client).await, Ok("done".to_owned()));
}
