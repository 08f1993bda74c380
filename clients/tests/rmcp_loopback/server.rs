//! A scripted HTTP/1.1 server on loopback. It writes the bytes that it is told to write, wrong ones too, and keeps what
//! it was asked. It knows no MCP beyond the method and the id of a message.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::answer::{Answer, Then};

/// One request as the server got it, with the server's own address replaced by `host`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Sorted, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// Which request of its connection it was, from 1.
    pub(crate) ordinal: usize,
}

impl Seen {
    /// The JSON-RPC method, or else the HTTP method.
    pub(crate) fn kind(&self) -> String {
        self.message()["method"]
            .as_str()
            .map_or_else(|| self.method.clone(), str::to_owned)
    }

    /// The JSON-RPC message, or null.
    pub(crate) fn message(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// One request a line, as it stands in a comparison.
pub(crate) fn listed(seen: &[Seen]) -> String {
    let line = |seen: &Seen| {
        format!(
            "request {} {} {:?} {} (number {} of its connection)",
            seen.method, seen.path, seen.headers, seen.body, seen.ordinal
        )
    };
    seen.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What to answer to a request, given all that came before it.
pub(crate) type Script = Arc<dyn Fn(&Seen, &[Seen]) -> Answer + Send + Sync>;

pub(crate) struct Server {
    pub(crate) address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    count: watch::Receiver<usize>,
    _tasks: JoinSet<()>,
}

impl Server {
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound").to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (counted, count) = watch::channel(0);
        let connection = Connection {
            address: address.clone(),
            script,
            seen: seen.clone(),
            counted: Arc::new(counted),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let connection = connection.clone();
                connections.spawn(async move { connection.serve(stream).await });
            }
        });
        Self {
            address,
            seen,
            count,
            _tasks: tasks,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// All requests so far, in the order of arrival.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no panic").clone()
    }

    /// Waits until the requests are as wished, but no longer than `limit`.
    pub(crate) async fn wait(&self, limit: Duration, wished: impl Fn(&[Seen]) -> bool) {
        let mut count = self.count.clone();
        // A request that never comes shows in the comparison of what came.
        let _ = tokio::time::timeout(
            limit,
            count.wait_for(|_| wished(&self.seen.lock().expect("no panic"))),
        )
        .await;
    }
}

#[derive(Clone)]
struct Connection {
    address: String,
    script: Script,
    seen: Arc<Mutex<Vec<Seen>>>,
    counted: Arc<watch::Sender<usize>>,
}

impl Connection {
    /// A peer that goes away ends it, at whatever point.
    async fn serve(&self, mut stream: TcpStream) {
        let (reader, mut writer) = stream.split();
        let mut reader = BufReader::new(reader);
        for ordinal in 1.. {
            let Some(request) = self.read(&mut reader, ordinal).await else {
                return;
            };
            let answer = {
                let mut seen = self.seen.lock().expect("no panic");
                let answer = (self.script)(&request, &seen);
                seen.push(request.clone());
                answer
            };
            self.counted.send_modify(|count| *count += 1);
            if writer.write_all(&answer.render(&request)).await.is_err() {
                return;
            }
            match answer.then {
                Then::KeepAlive => {}
                Then::Close => {
                    let _ = writer.shutdown().await;
                    return;
                }
                Then::Hold => {
                    // Until the client closes.
                    let _ = reader.read_u8().await;
                    return;
                }
            }
        }
    }

    async fn read(
        &self,
        reader: &mut BufReader<tokio::net::tcp::ReadHalf<'_>>,
        ordinal: usize,
    ) -> Option<Seen> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let line = line.trim_end().replace(&self.address, "host");
            if line.is_empty() {
                break;
            }
            lines.push(line);
        }
        let mut start = lines.first()?.split(' ');
        let mut headers: Vec<(String, String)> = lines[1..]
            .iter()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        headers.sort();
        let mut seen = Seen {
            method: start.next()?.to_owned(),
            path: start.next()?.to_owned(),
            headers,
            body: String::new(),
            ordinal,
        };
        let length = seen.header("content-length").map_or("0", |value| value);
        let mut body = vec![0; length.parse().ok()?];
        reader.read_exact(&mut body).await.ok()?;
        seen.body = String::from_utf8(body).ok()?;
        Some(seen)
    }
}
