//! A gateway's sessions in its running shell: each request goes on in its inner session, which is opened again where the
//! gateway does that. What an answer means is decided in `proxy::gateway`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use stalemate_wire::{Request, Response, header};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::{HopShell, NewId};
use crate::journal::{Exchange, ServerName};
use crate::process::network::Network;
use crate::proxy::gateway::{After, LostSession, Route, Sessions, within};
use crate::proxy::{Hop, UpstreamFailure};

/// What came of asking for one request.
pub(super) enum Asked {
    /// The upstream's response.
    Came(hyper::Response<Incoming>),
    /// The hop's own.
    Own(Response),
}

/// The sessions of a gateway, by server.
pub(super) struct Gateways {
    sessions: BTreeMap<ServerName, RefCell<Sessions>>,
    /// Held while an inner session is opened again: whoever comes meanwhile uses it too.
    renewing: Mutex<()>,
    new_id: NewId,
}

impl Gateways {
    /// A gateway that has just been started.
    pub(super) fn new<'s>(
        servers: impl Iterator<Item = &'s ServerName>,
        lost: LostSession,
        new_id: NewId,
    ) -> Self {
        let sessions = servers.map(|s| (Arc::clone(s), RefCell::new(Sessions::new(lost))));
        Self {
            sessions: sessions.collect(),
            renewing: Mutex::default(),
            new_id,
        }
    }
}

/// One request on its way through a gateway.
struct Passing<'a> {
    server: &'a ServerName,
    parent: Exchange,
    core: &'a Arc<dyn Hop>,
    sessions: &'a RefCell<Sessions>,
}

impl<N: Network> HopShell<N> {
    /// What comes of asking the upstream, or of not asking it.
    pub(super) async fn asked(
        &self,
        server: &ServerName,
        parent: Exchange,
        onward: &Request,
        core: &Arc<dyn Hop>,
    ) -> Asked {
        let Some(gateways) = &self.gateways else {
            return match self.ask_upstream(server, parent, onward, core).await {
                Ok(response) => Asked::Came(response),
                Err(failure) => Asked::Own(core.on_failure(failure)),
            };
        };
        let passing = Passing {
            server,
            parent,
            core,
            sessions: &gateways.sessions[server],
        };
        let asked = self.ask_in_session(&passing, onward, gateways).await;
        asked.unwrap_or_else(|failure| Asked::Own(core.on_failure(failure)))
    }

    async fn ask_in_session(
        &self,
        passing: &Passing<'_>,
        request: &Request,
        gateways: &Gateways,
    ) -> Result<Asked, UpstreamFailure> {
        let mut again = false;
        loop {
            let route = passing.sessions.borrow_mut().route(request);
            let inner = match route {
                Route::Refused(response) => return Ok(Asked::Own(response)),
                Route::Onward(inner) => inner,
            };
            let mut response = self.pass(passing, &inner).await?;
            let given = id_of(&response);
            let status = response.status().as_u16();
            let after = passing.sessions.borrow_mut().answered(
                request,
                status,
                given.as_deref(),
                again,
                || (gateways.new_id)(),
            );
            match after {
                After::Pass(outer) => {
                    let headers = response.headers_mut();
                    let name = HeaderName::from_static(header::SESSION_ID);
                    if let Some(Ok(outer)) = outer.map(|id| HeaderValue::from_str(&id)) {
                        headers.insert(name, outer);
                    }
                    return Ok(Asked::Came(response));
                }
                After::Page(status) => return Ok(Asked::Own(passing.core.page(status))),
                After::Renew => {
                    drop(response);
                    again = true;
                    let _renewing = gateways.renewing.lock().await;
                    self.renew(passing, request, &inner).await?;
                }
            }
        }
    }

    async fn pass(
        &self,
        passing: &Passing<'_>,
        request: &Request,
    ) -> Result<hyper::Response<Incoming>, UpstreamFailure> {
        let Passing {
            server,
            parent,
            core,
            ..
        } = passing;
        self.ask_upstream(server, *parent, request, core).await
    }

    /// Opens the inner session again, unless that has happened since `used` was sent on.
    async fn renew(
        &self,
        passing: &Passing<'_>,
        request: &Request,
        used: &Request,
    ) -> Result<(), UpstreamFailure> {
        let outer = request.session_id().unwrap_or_default();
        let handshake = {
            let sessions = passing.sessions.borrow();
            if sessions.inner(outer) != used.session_id() {
                return Ok(());
            }
            sessions.handshake(request)
        };
        let Some(handshake) = handshake else {
            return Ok(());
        };
        let opened = self.pass(passing, &handshake.initialize).await?;
        let (status, inner) = (opened.status(), id_of(&opened));
        self.read_whole(passing, opened).await?;
        let Some(inner) = inner.filter(|_| status.is_success()) else {
            return Err(UpstreamFailure::ClosedBeforeHead);
        };
        passing.sessions.borrow_mut().renewed(outer, &inner);
        if let Some(initialized) = &handshake.initialized {
            let told = self.pass(passing, &within(initialized, &inner)).await?;
            self.read_whole(passing, told).await?;
        }
        Ok(())
    }

    /// Reads an answer that no client gets.
    async fn read_whole(
        &self,
        passing: &Passing<'_>,
        response: hyper::Response<Incoming>,
    ) -> Result<(), UpstreamFailure> {
        let limit = Duration::from_millis(passing.core.upstream().read_timeout_ms);
        match timeout(limit, response.into_body().collect()).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(UpstreamFailure::ClosedBeforeHead),
            Err(_) => Err(UpstreamFailure::ReadTimeout),
        }
    }
}

fn id_of(response: &hyper::Response<Incoming>) -> Option<String> {
    let id = response.headers().get(header::SESSION_ID)?;
    Some(id.to_str().ok()?.to_owned())
}
