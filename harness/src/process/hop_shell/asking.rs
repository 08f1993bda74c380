//! Asking the upstream: over a kept connection or a new one, and one process after the other where there are several.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use stalemate_wire::Request;
use tokio::task::spawn_local;
use tokio::time::timeout;

use super::HopShell;
use crate::journal::{ConnId, Event, Exchange, ServerName};
use crate::process::convert;
use crate::process::network::Network;
use crate::proxy::upstreams::{Attempts, Failed, Upstreams, is_idempotent};
use crate::proxy::{Hop, UpstreamFailure};

/// A kept upstream connection.
pub(super) struct Pooled {
    sender: http1::SendRequest<Full<Bytes>>,
    conn: ConnId,
    /// The ordinal of the next request on it.
    next: u32,
    /// When it was last used.
    used_ms: u64,
}

impl<N: Network> HopShell<N> {
    /// The upstream's response head, or its failure, whoever of several gives it.
    pub(super) async fn ask_upstream(
        &self,
        server: &ServerName,
        parent: Exchange,
        onward: &Request,
        core: &Arc<dyn Hop>,
    ) -> Result<hyper::Response<Incoming>, UpstreamFailure> {
        let mut attempts = self.upstream(server, |u| u.begin(&onward.headers));
        loop {
            let Some(number) = self.next_of(server, &mut attempts) else {
                return Err(UpstreamFailure::Refused);
            };
            match self.ask(&(server, number), parent, onward, core).await {
                Ok(response) => {
                    let headers = convert::headers(response.headers());
                    self.upstream(server, |u| u.answered(number, &headers));
                    return Ok(response);
                }
                Err((how, was_kept)) => {
                    let failed = Failed {
                        how,
                        was_kept,
                        is_idempotent: is_idempotent(&onward.method),
                    };
                    let now_ms = self.net.recorder.now_ms();
                    if !self.upstream(server, |u| u.failed(&mut attempts, number, failed, now_ms)) {
                        return Err(how);
                    }
                }
            }
        }
    }

    fn next_of(&self, server: &ServerName, attempts: &mut Attempts) -> Option<usize> {
        let now_ms = self.net.recorder.now_ms();
        self.upstream(server, |u| u.next(attempts, now_ms))
    }

    fn upstream<T>(&self, server: &ServerName, ask: impl FnOnce(&mut Upstreams) -> T) -> T {
        let mut all = self.upstreams.borrow_mut();
        ask(all.get_mut(server).expect("every server has some"))
    }

    /// The response head of one target, or its failure and whether that was on a kept connection.
    async fn ask(
        &self,
        target: &(&ServerName, usize),
        parent: Exchange,
        onward: &Request,
        core: &Arc<dyn Hop>,
    ) -> Result<hyper::Response<Incoming>, (UpstreamFailure, bool)> {
        let upstream = core.upstream();
        loop {
            let connecting = self.connection_to(target, core).await;
            let (mut pooled, fresh) = connecting.map_err(|failure| (failure, false))?;
            let Ok(mut outgoing) =
                convert::outgoing(onward, Full::new(Bytes::from(onward.body.clone())))
            else {
                return Err((UpstreamFailure::ClosedBeforeHead, false));
            };
            if upstream.http10 {
                *outgoing.version_mut() = hyper::Version::HTTP_10;
            }
            let child = Exchange {
                conn: pooled.conn,
                ordinal: pooled.next,
            };
            pooled.next += 1;
            if self.host.process.is_halted() {
                return std::future::pending().await;
            }
            self.net.recorder.note(Event::Forwarded {
                at: Arc::clone(&self.host.process.name),
                parent,
                child,
            });
            let sending = pooled.sender.try_send_request(outgoing);
            let answer = timeout(Duration::from_millis(upstream.read_timeout_ms), sending).await;
            match answer {
                Err(_) => return Err((UpstreamFailure::ReadTimeout, !fresh)),
                Ok(Ok(response)) => {
                    if upstream.keep_alive {
                        pooled.used_ms = self.net.recorder.now_ms();
                        self.pool
                            .borrow_mut()
                            .entry((Arc::clone(target.0), target.1))
                            .or_default()
                            .push(pooled);
                    }
                    return Ok(response);
                }
                // A kept connection that had died meanwhile: the request never left, so it may go again.
                Ok(Err(mut error)) => {
                    if fresh || error.take_message().is_none() {
                        return Err((UpstreamFailure::ClosedBeforeHead, !fresh));
                    }
                }
            }
        }
    }

    async fn connection_to(
        &self,
        (server, number): &(&ServerName, usize),
        core: &Arc<dyn Hop>,
    ) -> Result<(Pooled, bool), UpstreamFailure> {
        let kept = {
            let mut pool = self.pool.borrow_mut();
            let kept = pool.entry((Arc::clone(server), *number)).or_default();
            let oldest_ms = self
                .net
                .recorder
                .now_ms()
                .saturating_sub(core.upstream().idle_timeout_ms);
            kept.retain(|c| !c.sender.is_closed() && c.used_ms >= oldest_ms);
            kept.iter()
                .position(|c| c.sender.is_ready())
                .map(|at| kept.remove(at))
        };
        if let Some(kept) = kept {
            return Ok((kept, false));
        }
        let dialling = Arc::clone(&self.net).dial(
            Arc::clone(&self.host.process),
            Arc::clone(server),
            (self.servers[*server].next, *number),
            None,
        );
        let limit = Duration::from_millis(core.upstream().connect_timeout_ms);
        let conn = match timeout(limit, dialling).await {
            Err(_) => return Err(UpstreamFailure::ConnectTimeout),
            Ok(Err(_)) => return Err(UpstreamFailure::Refused),
            Ok(Ok(conn)) => conn,
        };
        let id = conn
            .link_cell()
            .get()
            .expect("a dialled connection has its link")
            .conn;
        let (sender, driving) = http1::Builder::new()
            .handshake(TokioIo::new(conn))
            .await
            .map_err(|_| UpstreamFailure::ClosedBeforeHead)?;
        spawn_local(async move { drop(driving.await) });
        Ok((
            Pooled {
                sender,
                conn: id,
                next: 0,
                used_ms: 0,
            },
            true,
        ))
    }
}
