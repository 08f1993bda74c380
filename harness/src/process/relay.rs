//! Passing an upstream's response on to the client, as the hop's core decides.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use stalemate_wire::Headers;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::process::body::{Feed, Outgoing, Piece};
use crate::process::convert;
use crate::process::log::Log;
use crate::process::shell::HyperResponse;
use crate::proxy::{BodyEnd, BrokenBody, Framing, HeadDecision, Hop, Release, UpstreamFailure};

/// One response on its way from upstream to client.
pub struct Relay {
    /// The hop's decisions.
    pub core: Arc<dyn Hop>,
    /// The exchange's log line.
    pub log: Log,
    /// Where the client's response goes.
    pub answer: oneshot::Sender<HyperResponse>,
}

/// How the upstream's body came to its end.
enum End {
    Good,
    Broken(BrokenBody),
    ClientLeft,
}

impl Relay {
    /// Passes the response on until it or the client ends.
    pub async fn run(self, upstream: hyper::Response<Incoming>) {
        let (parts, body) = upstream.into_parts();
        let headers = convert::headers(&parts.headers);
        let status = parts.status.as_u16();
        match self.core.on_head(status, &headers) {
            HeadDecision::Replace(response) => {
                self.log.finish(&response);
                let whole = Outgoing::whole(response.body);
                let _ =
                    self.answer
                        .send(convert::response(response.status, &response.headers, whole));
            }
            HeadDecision::Forward {
                status,
                headers: outer,
                release,
            } => {
                self.forward(
                    Framing::of(parts.status.as_u16(), &headers),
                    status,
                    &outer,
                    release,
                    body,
                )
                .await;
            }
        }
    }

    async fn forward(
        mut self,
        inner: Framing,
        status: u16,
        headers: &Headers,
        release: Release,
        mut body: Incoming,
    ) {
        let limit = Duration::from_millis(self.core.upstream().read_timeout_ms);
        let framing = Framing::of(status, headers);
        let (feed, outgoing) = Outgoing::fed(match framing {
            Framing::NoBody => Some(0),
            Framing::Length(length) => Some(length),
            Framing::Chunked | Framing::UntilClose => None,
        });
        let threshold = match release {
            Release::AtOnce => 0,
            Release::FirstByte { .. } => 1,
            Release::Buffers { bytes } => bytes,
            Release::Whole => usize::MAX,
        };
        let mut held = Held {
            response: Some(convert::response(status, headers, outgoing)),
            data: Vec::new(),
            bytes: 0,
        };
        let end = loop {
            if held.bytes >= threshold && !self.release(&mut held, status, framing, &feed) {
                break End::ClientLeft;
            }
            let frame = tokio::select! {
                biased;
                () = self.client_left(&feed, held.response.is_some()) => break End::ClientLeft,
                frame = timeout(limit, body.frame()) => frame,
            };
            match frame {
                Err(_) => break End::Broken(BrokenBody::Silent),
                Ok(None) if inner == Framing::UntilClose => break End::Broken(BrokenBody::Closed),
                Ok(None) => break End::Good,
                Ok(Some(Err(error))) => break End::Broken(why_broken(&error)),
                Ok(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        held.bytes += data.len();
                        held.data.push(data);
                    }
                }
            }
        };
        drop(body);
        match end {
            End::ClientLeft => {}
            End::Good => {
                self.release(&mut held, status, framing, &feed);
                self.log.sent.end();
            }
            End::Broken(why) => self.broken(why, inner, release, held, status, framing, &feed),
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the state of one broken relay, used here only"
    )]
    fn broken(
        mut self,
        why: BrokenBody,
        inner: Framing,
        release: Release,
        mut held: Held,
        status: u16,
        framing: Framing,
        feed: &Feed,
    ) {
        let replaceable = matches!(
            release,
            Release::Whole | Release::FirstByte { replaceable: true }
        );
        if held.response.is_some() && replaceable {
            let failure = match why {
                BrokenBody::Silent => UpstreamFailure::ReadTimeout,
                BrokenBody::Closed | BrokenBody::Reset => UpstreamFailure::ClosedBeforeHead,
            };
            let response = self.core.on_failure(failure);
            self.log.finish(&response);
            let whole = Outgoing::whole(response.body);
            let _ = self
                .answer
                .send(convert::response(response.status, &response.headers, whole));
            return;
        }
        if why == BrokenBody::Silent {
            held.data.clear();
        }
        self.release(&mut held, status, framing, feed);
        match self.core.on_broken_body(why, inner) {
            BodyEnd::Cut => drop(feed.send(Piece::Cut)),
            BodyEnd::Clean => self.log.sent.end(),
        }
    }

    /// Sends what is held; false if the client has left.
    fn release(&mut self, held: &mut Held, status: u16, framing: Framing, feed: &Feed) -> bool {
        if let Some(response) = held.response.take() {
            self.log.head(status, framing);
            let (spare, _) = oneshot::channel();
            if std::mem::replace(&mut self.answer, spare)
                .send(response)
                .is_err()
            {
                return false;
            }
        }
        held.data.drain(..).all(|data| {
            self.log.sent.frame(data.len());
            feed.send(Piece::Data(data)).is_ok()
        })
    }

    async fn client_left(&mut self, feed: &Feed, head_is_held: bool) {
        if head_is_held {
            self.answer.closed().await
        } else {
            feed.closed().await
        }
    }
}

/// What the client has not got yet.
struct Held {
    response: Option<HyperResponse>,
    data: Vec<Bytes>,
    bytes: usize,
}

fn why_broken(error: &hyper::Error) -> BrokenBody {
    let reset = std::iter::successors(std::error::Error::source(error), |e| e.source())
        .filter_map(|e| e.downcast_ref::<io::Error>())
        .any(|e| e.kind() == io::ErrorKind::ConnectionReset);
    if reset {
        BrokenBody::Reset
    } else {
        BrokenBody::Closed
    }
}
