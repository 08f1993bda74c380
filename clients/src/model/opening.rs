//! Opening a session, and ending one. A session whose `initialize` is under way when the user disconnects is ended as soon as
//! its id is known: nobody else will ever know it (SES-09, F17).

use std::rc::Rc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::Incoming;
use serde_json::Value;
use stalemate_wire::marks::took;
use stalemate_wire::{Revision, SessionId, notification};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use super::exchange::Answer;
use super::failure::Failure;
use super::http::{Conn, Head};
use super::knobs::VersionHeader;
use super::reinit::OF;
use super::session::{Core, Session};

/// How long the DELETEs of a disconnect may take. Shorter than the 10 s after which a user closes the window.
const DELETE_LIMIT: Duration = Duration::from_secs(5);

/// How long an answer to `initialize` is waited for after the user disconnected. It may be longer than the disconnect.
const LATE: Duration = Duration::from_secs(30);

/// An `initialize` that somebody waits for. Who gives it up closes its connection, but not who disconnects.
struct Opening {
    core: Rc<Core>,
    epoch: u64,
    task: AbortHandle,
}

impl Drop for Opening {
    fn drop(&mut self) {
        if self.core.state.borrow().epoch == self.epoch {
            self.task.abort();
        }
    }
}

/// A session that was opened and is not in use yet. Who gives it up ends it.
struct Opened {
    core: Rc<Core>,
    session: Session,
}

impl Opened {
    /// The session, if the user did not disconnect meanwhile; then it is ended already.
    fn take(self) -> Option<Session> {
        let session = self.session.clone();
        self.core.take_opened(&session).then_some(session)
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if self.core.take_opened(&self.session) {
            self.core.end_aside(self.session.clone());
        }
    }
}

impl Core {
    /// `initialize` and `notifications/initialized`. The session is not in use yet.
    pub(super) async fn handshake(
        self: &Rc<Self>,
        carried: Option<SessionId>,
        initialized: bool,
    ) -> Result<Session, Failure> {
        let session = self.open(carried).await?;
        let mut opened = Opened {
            core: Rc::clone(self),
            session,
        };
        if initialized {
            let head = self.head(&opened.session);
            match self.notify(&head, "notifications/initialized").await {
                Ok(status) => {
                    opened.session.streams = status == 202 || !self.policy.stream_after_202;
                }
                Err(_) if self.policy.ignore_refused_initialized => {
                    took(OF, "a refused initialized changes nothing");
                }
                Err(failure) => {
                    took(OF, "a refused initialized ends the handshake");
                    // What is lost needs no end. Anything else is ended before the failure is told, so that a user who
                    // disconnects then leaves nothing behind.
                    if !failure.is_of_lost() {
                        let ending = self.end(&opened.session, None);
                        let _ = tokio::time::timeout(DELETE_LIMIT, ending).await;
                    }
                    self.take_opened(&opened.session);
                    return Err(failure);
                }
            }
        }
        opened.take().ok_or(Failure::NotConnected)
    }

    /// `initialize`, in a task of its own.
    async fn open(self: &Rc<Self>, carried: Option<SessionId>) -> Result<Session, Failure> {
        let epoch = self.state.borrow().epoch;
        let (sender, receiver) = oneshot::channel();
        let core = Rc::clone(self);
        let task = tokio::task::spawn_local(async move {
            let opening = core.initialize(carried);
            tokio::pin!(opening);
            let result = tokio::select! {
                biased;
                result = &mut opening => result,
                () = core.closed_after(epoch) => match tokio::time::timeout(LATE, opening).await {
                    Ok(result) => result,
                    Err(_) => return,
                },
            };
            if core.state.borrow().epoch != epoch {
                if let Ok(session) = result {
                    took(OF, "a session that opens after a disconnect is ended");
                    core.end(&session, None).await;
                }
                return;
            }
            if let Ok(session) = &result {
                core.state.borrow_mut().opened.push(session.clone());
            }
            let _ = sender.send(result);
        });
        let _opening = Opening {
            core: Rc::clone(self),
            epoch,
            task: task.abort_handle(),
        };
        {
            let openings = &mut self.state.borrow_mut().openings;
            openings.retain(|o| !o.is_finished());
            openings.push(task);
        }
        receiver.await.unwrap_or(Err(Failure::NotConnected))
    }

    async fn initialize(self: &Rc<Self>, carried: Option<SessionId>) -> Result<Session, Failure> {
        let head = Head {
            token: None,
            id: carried,
            version: match &self.policy.version_header {
                VersionHeader::Always(version) => Some(version.clone()),
                VersionHeader::Negotiated | VersionHeader::Missing => None,
            },
        };
        let answer = self.post(&head, |id| {
            format!(
                r#"{{"jsonrpc":"2.0","id":{id},"method":"initialize","params":{{"protocolVersion":"{}","capabilities":{{}},"clientInfo":{{"name":"stalemate","version":"1.0"}}}}}}"#,
                self.policy.revision
            )
            .into_bytes()
        });
        let answer = answer.await?;
        let revision = answer.result.get("protocolVersion").and_then(Value::as_str);
        let session = Session {
            id: match answer.session_id.map(SessionId::new) {
                Some(Ok(id)) => Some(id),
                Some(Err(_)) => return Err(Failure::Protocol("invalid session id")),
                None => None,
            },
            // LIFE-08.
            revision: revision
                .and_then(Revision::parse)
                .ok_or(Failure::Protocol("unsupported protocol version"))?,
            generation: 0,
            streams: true,
            stored: false,
        };
        if let Some(id) = &session.id {
            self.state.borrow_mut().remember(id);
        }
        Ok(session)
    }

    /// Sends a request of the handshake.
    async fn post(
        self: &Rc<Self>,
        head: &Head,
        body: impl Fn(u64) -> Vec<u8>,
    ) -> Result<Answer, Failure> {
        let mut unused_id = None;
        loop {
            let conn = self.connection().await?;
            let reused = conn.is_reused();
            let id = *unused_id.get_or_insert_with(|| self.next_id());
            match self.exchange(conn, head, body(id), Some(id)).await {
                Err(Failure::Unsent(_)) if reused => {}
                other => return other,
            }
        }
    }

    /// Sends a notification of the handshake. Returns the status of the answer.
    async fn notify(self: &Rc<Self>, head: &Head, method: &str) -> Result<u16, Failure> {
        loop {
            let conn = self.connection().await?;
            let reused = conn.is_reused();
            match self.exchange(conn, head, notification(method), None).await {
                Err(Failure::Unsent(_)) if reused => {}
                other => return other.map(|answer| answer.status),
            }
        }
    }

    /// Takes a session out of those that were opened and are not in use. False if somebody did before.
    fn take_opened(&self, session: &Session) -> bool {
        let opened = &mut self.state.borrow_mut().opened;
        let at = opened.iter().position(|s| s.id == session.id);
        at.map(|at| opened.remove(at)).is_some()
    }

    /// Ends the connection here at once, and every session on the server, whatever it says to that: 404 and 405 are as good as
    /// success (SES-10), and a server that cannot be reached must not keep a user connected.
    pub(super) async fn disconnect(self: &Rc<Self>) {
        let idle = self.http.take_idle();
        let (opened, openings, endings) = {
            let mut state = self.state.borrow_mut();
            state.subscriptions.clear();
            (
                std::mem::take(&mut state.opened),
                std::mem::take(&mut state.openings),
                std::mem::take(&mut state.endings),
            )
        };
        let in_use = self.close();
        if !self.policy.delete_on_disconnect {
            openings.iter().for_each(|opening| opening.abort());
            return;
        }
        let ending = async {
            let mut idle = idle;
            for session in in_use.iter().chain(&opened) {
                self.end(session, idle.take()).await;
            }
            for other in openings.into_iter().chain(endings) {
                let _ = other.await;
            }
        };
        let _ = tokio::time::timeout(DELETE_LIMIT, ending).await;
    }

    /// Ends a session that nobody uses any more, if the policy ends any. A disconnect waits for it.
    pub(super) fn end_aside(self: &Rc<Self>, session: Session) {
        if !self.policy.delete_on_disconnect {
            return;
        }
        let core = Rc::clone(self);
        let ending = tokio::task::spawn_local(async move {
            let ending = core.end(&session, None);
            let _ = tokio::time::timeout(DELETE_LIMIT, ending).await;
        });
        let endings = &mut self.state.borrow_mut().endings;
        endings.retain(|e| !e.is_finished());
        endings.push(ending);
    }

    /// Waits for the end of what [`end_aside`](Self::end_aside) began.
    pub(super) async fn end_all(&self) {
        let endings = std::mem::take(&mut self.state.borrow_mut().endings);
        for ending in endings {
            let _ = ending.await;
        }
    }

    /// DELETE, on a connection of its own or on that one.
    async fn end(&self, session: &Session, idle: Option<Conn>) {
        if !self.policy.delete_on_disconnect || session.id.is_none() {
            return;
        }
        let token = || self.http.token(self.policy.token_renewal);
        let head = Head {
            token: token(),
            ..self.head(session)
        };
        let request = || self.http.request("DELETE", &[], &head, Vec::new());
        let delete = async {
            if let Some(mut conn) = idle {
                match conn.send(request()?).await {
                    Err(Failure::Unsent(_)) => {}
                    Ok(response) => return Ok(ended(response).await),
                    Err(failure) => return Err(failure),
                }
            }
            let mut conn = self.http.dial().await?;
            Ok::<_, Failure>(ended(conn.send(request()?).await?).await)
        };
        if delete.await.is_ok_and(|status| status == 401) && self.renews(head.token.as_deref()) {
            let head = Head {
                token: token(),
                ..head
            };
            let again = async {
                let mut conn = self.http.dial().await?;
                let request = self.http.request("DELETE", &[], &head, Vec::new());
                Ok::<_, Failure>(ended(conn.send(request?).await?).await)
            };
            let _ = again.await;
        }
    }
}

/// The status of the answer to a DELETE, once all of it has come.
async fn ended(response: Response<Incoming>) -> u16 {
    let status = response.status().as_u16();
    let _ = response.into_body().collect().await;
    status
}
