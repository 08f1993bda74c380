//! A real server that is asked, over sockets of this machine: each request on a connection of its own, each wait with a
//! limit.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use stalemate_wire::{Method, Request};
use tokio::io::AsyncWriteExt;
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::said::{Answer, End, Said};
use super::target::{Held, Restarted, Target};
use crate::live::address::Endpoint;
use crate::live::loopback::connect;
use crate::process::convert;

/// How long a stream is listened to after its last word, in milliseconds.
const LINGER_MS: u64 = 300;
/// How long a connection may take to be made, in milliseconds.
const CONNECT_MS: u64 = 2_000;
/// How long a command to restart may take before the server is looked for all the same, in milliseconds.
const COMMAND_MS: u64 = 20_000;
/// How long a server may take to come back, in milliseconds.
const RETURN_MS: u64 = 60_000;
/// The longest body that is read, in bytes.
const LONGEST: usize = 4 * 1024 * 1024;

/// A real server.
pub(super) struct Real<'e> {
    endpoint: &'e Endpoint,
    /// How long an answer is waited for.
    patience: Duration,
    /// The command that restarts it.
    restart: Option<&'e str>,
    /// The command that runs still.
    commands: Vec<Child>,
    held: Vec<Option<Stream>>,
    began: Instant,
}

/// An answer whose body may still come, and the connection that it comes on.
struct Stream {
    answer: Answer,
    body: Option<Incoming>,
    connection: JoinHandle<()>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

impl<'e> Real<'e> {
    pub(super) fn new(endpoint: &'e Endpoint, patience_ms: u64, restart: Option<&'e str>) -> Self {
        Self {
            endpoint,
            patience: Duration::from_millis(patience_ms),
            restart,
            commands: Vec::new(),
            held: Vec::new(),
            began: Instant::now(),
        }
    }

    async fn connect(&self) -> Result<tokio::net::TcpStream, Said> {
        for address in &self.endpoint.addresses {
            let limit = Duration::from_millis(CONNECT_MS);
            match timeout(limit, connect(*address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(_)) => {}
                Err(_) => return Err(Said::Silence),
            }
        }
        Err(Said::Refused)
    }

    fn with_host(&self, mut request: Request) -> Request {
        request.headers.remove("host");
        request.headers.push("host", &self.endpoint.host);
        request
    }

    /// Asks, and returns the head with what is needed to read on.
    async fn begin(&self, request: Request) -> Result<Stream, Said> {
        let stream = self.connect().await?;
        let request = self.with_host(request);
        let body = Full::new(Bytes::from(request.body.clone()));
        let Ok(request) = convert::outgoing(&request, body) else {
            return Err(Said::HungUp);
        };
        let handshake = http1::handshake(TokioIo::new(stream));
        let Ok((mut sender, connection)) = handshake.await else {
            return Err(Said::HungUp);
        };
        let connection = spawn_local(async move {
            let _ = connection.await;
        });
        let head = timeout(self.patience, sender.send_request(request)).await;
        let response = match head {
            Ok(Ok(response)) => response,
            Ok(Err(_)) => {
                connection.abort();
                return Err(Said::HungUp);
            }
            Err(_) => {
                connection.abort();
                return Err(Said::Silence);
            }
        };
        let (parts, body) = response.into_parts();
        Ok(Stream {
            answer: Answer {
                status: parts.status.as_u16(),
                headers: convert::headers(&parts.headers),
                body: Vec::new(),
                end: End::Open,
            },
            body: Some(body),
            connection,
        })
    }

    /// Waits until the server answers anything at all.
    async fn comes_back(&mut self, until: Instant) -> bool {
        while Instant::now() < until {
            if self.connect().await.is_ok() {
                // A listener may come before what it stands for.
                let nothing = Request {
                    method: Method::Other("OPTIONS".to_owned()),
                    path: self.endpoint.path.clone(),
                    headers: stalemate_wire::Headers::new(),
                    body: Vec::new(),
                };
                if matches!(self.ask(nothing).await, Said::Answer(_)) {
                    return true;
                }
            }
            sleep(Duration::from_millis(100)).await;
        }
        false
    }
}

impl Stream {
    /// Reads on until the body ends, or `deadline`, or nothing more comes for `linger` once `is_enough`.
    async fn read(
        &mut self,
        deadline: Instant,
        linger: Duration,
        is_enough: impl Fn(&Answer) -> bool,
    ) {
        loop {
            let Some(body) = &mut self.body else { return };
            let until = if is_enough(&self.answer) {
                deadline.min(Instant::now() + linger)
            } else {
                deadline
            };
            let Ok(frame) = timeout_at(until, body.frame()).await else {
                return;
            };
            match frame {
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref() {
                        self.answer.body.extend_from_slice(data);
                    }
                    if self.answer.body.len() > LONGEST {
                        return;
                    }
                }
                Some(Err(_)) => {
                    self.answer.end = End::Cut;
                    self.body = None;
                }
                None => {
                    self.answer.end = End::Whole;
                    self.body = None;
                }
            }
        }
    }
}

/// The JSON-RPC id that a request waits for.
fn awaited(request: &Request) -> Option<u64> {
    let body: serde_json::Value = serde_json::from_slice(&request.body).ok()?;
    body.get("method")?;
    body.get("id")?.as_u64()
}

impl Target for Real<'_> {
    async fn ask(&mut self, request: Request) -> Said {
        let awaited = awaited(&request);
        let deadline = Instant::now() + self.patience;
        let mut stream = match self.begin(request).await {
            Ok(stream) => stream,
            Err(said) => return said,
        };
        let is_stream = stream.answer.is_stream();
        let is_enough = |answer: &Answer| match awaited {
            _ if !is_stream => false,
            Some(id) => answer.response_to(id).is_some(),
            None => true,
        };
        let linger = Duration::from_millis(LINGER_MS);
        stream.read(deadline, linger, is_enough).await;
        Said::Answer(stream.answer.clone())
    }

    async fn hold(&mut self, request: Request) -> (Said, Option<Held>) {
        let mut stream = match self.begin(request).await {
            Ok(stream) => stream,
            Err(said) => return (said, None),
        };
        let deadline = Instant::now() + self.patience;
        let is_stream = stream.answer.is_stream();
        let linger = Duration::from_millis(LINGER_MS);
        stream.read(deadline, linger, |_| is_stream).await;
        let said = Said::Answer(stream.answer.clone());
        if stream.answer.end != End::Open {
            return (said, None);
        }
        self.held.push(Some(stream));
        (said, Some(Held(self.held.len() - 1)))
    }

    async fn look(&mut self, held: Held) -> Said {
        let Some(stream) = self.held.get_mut(held.0).and_then(Option::as_mut) else {
            return Said::HungUp;
        };
        let soon = Duration::from_millis(LINGER_MS);
        stream.read(Instant::now() + soon, soon, |_| true).await;
        Said::Answer(stream.answer.clone())
    }

    async fn release(&mut self, held: Held) {
        if let Some(place) = self.held.get_mut(held.0) {
            *place = None;
            // The server learns of it in its own time.
            sleep(Duration::from_millis(LINGER_MS)).await;
        }
    }

    async fn abandon(&mut self, request: Request, after_ms: u64) {
        let request = self.with_host(request);
        let Ok(mut stream) = self.connect().await else {
            return;
        };
        let mut text = format!("{} {} HTTP/1.1\r\n", request.method.as_str(), request.path);
        for (name, value) in request.headers.iter() {
            text += &format!("{name}: {value}\r\n");
        }
        text += &format!("content-length: {}\r\n\r\n", request.body.len());
        let mut bytes = text.into_bytes();
        bytes.extend(&request.body);
        let _ = timeout(self.patience, stream.write_all(&bytes)).await;
        sleep(Duration::from_millis(after_ms)).await;
        drop(stream);
    }

    async fn rest(&mut self, ms: u64) {
        sleep(Duration::from_millis(ms)).await;
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    async fn restart(&mut self) -> Restarted {
        let Some(command) = self.restart else {
            return Restarted::NoWay;
        };
        let started = Command::new("sh")
            .args(["-c", command])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut child = match started {
            Ok(child) => child,
            Err(error) => return Restarted::Lost(format!("failed to start `{command}`: {error}")),
        };
        let ends = Instant::now() + Duration::from_millis(COMMAND_MS);
        // One that becomes the server never ends.
        while Instant::now() < ends {
            match child.try_wait() {
                Ok(Some(status)) if status.success() => break,
                Ok(Some(status)) => {
                    return Restarted::Lost(format!("`{command}` failed: {status}"));
                }
                Ok(None) => sleep(Duration::from_millis(20)).await,
                Err(error) => return Restarted::Lost(format!("`{command}`: {error}")),
            }
        }
        self.commands.push(child);
        let until = Instant::now() + Duration::from_millis(RETURN_MS);
        if self.comes_back(until).await {
            Restarted::Up
        } else {
            let seconds = RETURN_MS / 1_000;
            let why = format!("nobody answered within {seconds} s after `{command}`");
            Restarted::Lost(why)
        }
    }
}

/// Where a server is not reached, for whoever is told.
pub(super) fn places(addresses: &[SocketAddr]) -> String {
    let all: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    all.join(" and ")
}
