//! The client object and its factory: what the user asks for, and what the policy makes of a refused call. Bytes are
//! sent elsewhere.

use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use serde_json::Value;

use super::failure::Failure;
use super::http::Http;
use super::policy::{Policy, Reinit};
use super::session::{Core, Session};
use crate::{
    CallResult, Client, ClientError, ClientFactory, Dialler, Health, LocalBoxFuture,
    NotificationSink, StoredSession,
};

/// How long the DELETE of a disconnect may take. Shorter than the 10 s after which a user closes the window.
const DELETE_LIMIT: Duration = Duration::from_secs(5);

/// Makes model clients of one policy. They need a `LocalSet` around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFactory {
    /// The policy of every client.
    pub policy: Policy,
}

impl ClientFactory for ModelFactory {
    // The trait asks for `Arc`; a model never leaves its thread, and neither does its `Arc`.
    #[allow(clippy::arc_with_non_send_sync)]
    fn create(
        &self,
        dialler: Dialler,
        resume: Option<StoredSession>,
        sink: NotificationSink,
    ) -> Arc<dyn Client> {
        Arc::new(ModelClient::new(self.policy.clone(), dialler, resume, sink))
    }

    fn is_real(&self) -> bool {
        false
    }
}

/// A model client. Its background tasks end with it.
pub struct ModelClient {
    core: Rc<Core>,
}

impl Drop for ModelClient {
    fn drop(&mut self) {
        self.core.close();
    }
}

impl ModelClient {
    /// A client that has not connected yet. `resume` is used by policies that resume, and only by the first `connect`.
    #[must_use]
    pub fn new(
        policy: Policy,
        dialler: Dialler,
        resume: Option<StoredSession>,
        sink: NotificationSink,
    ) -> Self {
        let http = Http::new(dialler, policy.connect_timeout);
        Self {
            core: Core::new(policy, http, resume, sink),
        }
    }

    /// What the user is told of a failure.
    fn shown(&self, failure: &Failure) -> ClientError {
        failure.shown(&self.core.state.borrow().ids)
    }

    /// Runs what the user asked for until it is done, its limit is over, or the user disconnects.
    async fn asked<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, ClientError> {
        let epoch = self.core.state.borrow().epoch;
        let result = tokio::select! {
            biased;
            result = self.core.limited(work) => result,
            () = self.core.closed_after(epoch) => Err(Failure::NotConnected),
        };
        result.map_err(|failure| self.shown(&failure))
    }

    async fn connect(&self) -> Result<(), Failure> {
        let core = &self.core;
        if core.state.borrow().connected {
            return Ok(());
        }
        let stored = core.state.borrow_mut().resume.take();
        if let Some(stored) = stored.filter(|_| core.policy.resume_skips_initialize) {
            core.resume(stored);
            // The stream's connection is opened before anything is asked, as by a transport that is handed a session.
            if core.policy.open_stream {
                core.stream_dialled.notified().await;
            }
            return Ok(());
        }
        core.count_attempt();
        let session = core.handshake(None, true).await?;
        // Unless another `connect` was faster.
        if !core.state.borrow().connected {
            core.install(session, true);
        }
        Ok(())
    }

    /// Ends the connection here at once, whatever the server says to the DELETE: 404 and 405 are as good as success
    /// (SES-10), and a server that cannot be reached must not keep a user connected.
    async fn disconnect(&self) {
        let core = &self.core;
        let idle = core.http.take_idle();
        let Some(session) = core.close() else {
            return;
        };
        let head = core.head(&session);
        if !core.policy.delete_on_disconnect || head.id.is_none() {
            return;
        }
        let delete = async {
            let request = || core.http.request("DELETE", &[], &head, Vec::new());
            if let Some(mut conn) = idle {
                match conn.send(request()?).await {
                    Err(Failure::Unsent(_)) => {}
                    Ok(response) => return Ok(response.into_body().collect().await.is_ok()),
                    Err(failure) => return Err(failure),
                }
            }
            let mut conn = core.http.dial().await?;
            let response = conn.send(request()?).await?;
            Ok(response.into_body().collect().await.is_ok())
        };
        let _ = tokio::time::timeout(DELETE_LIMIT, delete).await;
    }

    /// Sends a request until it is answered or the policy gives it up.
    async fn request(&self, body: impl Fn(u64) -> Vec<u8>) -> Result<Value, Failure> {
        let core = &self.core;
        let policy = &core.policy;
        let mut unsent_wait = policy.retry_unsent.map(|b| b.first);
        let mut resends = 0;
        let mut resent_unknown = false;
        // An id that was never sent is not used up.
        let mut unused_id = None;
        loop {
            core.session().await?;
            let (sent, reused) = match core.connection().await {
                Err(failure) => (Err(failure), None),
                Ok(conn) => {
                    let reused = conn.is_reused();
                    // Dialling took time: the session must be the one of now, or a request would begin with a lost id.
                    let Some(session) = core.current() else {
                        core.http.release(conn);
                        continue;
                    };
                    let id = unused_id.take().unwrap_or_else(|| core.next_id());
                    let head = core.head(&session);
                    let sent = core.exchange(conn, &head, body(id), Some(id)).await;
                    if matches!(sent, Err(Failure::Unsent(_))) {
                        unused_id = Some(id);
                    }
                    (sent.map(|answer| answer.result), Some((reused, session)))
                }
            };
            let failure = match sent {
                Ok(result) => return Ok(result),
                Err(failure) => failure,
            };
            match (&failure, reused) {
                // The pool's own affair: that connection was closed while it was idle.
                (Failure::Unsent(_), Some((true, _))) => {}
                (Failure::Unsent(_), _) => match (unsent_wait, policy.retry_unsent) {
                    (Some(wait), Some(backoff)) => {
                        tokio::time::sleep(wait).await;
                        unsent_wait = Some(backoff.after(wait));
                    }
                    _ => return Err(failure),
                },
                (Failure::Unknown(_), _) if policy.resend_unknown && !resent_unknown => {
                    resent_unknown = true;
                }
                (Failure::Refused { .. }, Some((_, session)))
                    if session.id.is_some() && core.means_lost(&failure) =>
                {
                    self.refused(session, failure, resends).await?;
                    resends += 1;
                }
                _ => return Err(failure),
            }
        }
    }

    /// A call was refused because its session is lost. `Ok` if it is to be sent again, which is `resends` times so far.
    async fn refused(
        &self,
        session: Session,
        failure: Failure,
        resends: u32,
    ) -> Result<(), Failure> {
        let core = &self.core;
        let policy = &core.policy;
        let bounds = policy.reinit_bounds;
        match policy.reinit {
            Reinit::Never => Err(failure),
            Reinit::ThenFail => {
                if core.lose(session.generation) {
                    core.start_reinit();
                }
                Err(failure)
            }
            Reinit::ThenResend if bounds.max_resends.is_some_and(|max| resends >= max) => {
                // A 400 to a fresh session was not about the session. A 404 or 410 is the end of any id (SES-08); the
                // next request initializes.
                if !matches!(failure, Failure::Refused { status: 400, .. }) {
                    core.lose(session.generation);
                }
                Err(failure)
            }
            Reinit::ThenResend => {
                if resends > 0 {
                    tokio::time::sleep(bounds.backoff.first).await;
                }
                let lost = core.lose(session.generation);
                if !policy.single_flight {
                    return core.reinit_alone().await;
                }
                // Somebody else may have noticed first: then the session that follows is there or on its way.
                if lost {
                    core.start_reinit();
                }
                Ok(())
            }
        }
    }
}

/// The texts of a tool's result; a result that is an error is what the user is told.
fn texts(result: &Value) -> Result<String, Failure> {
    let content = result.get("content").and_then(Value::as_array);
    let texts: Vec<&str> = content
        .into_iter()
        .flatten()
        .filter_map(|item| item.get("text").and_then(Value::as_str))
        .collect();
    let text = texts.join("\n");
    match result.get("isError").and_then(Value::as_bool) {
        Some(true) => Err(Failure::Answered(text)),
        _ => Ok(text),
    }
}

/// The names in the first page of a tool list; further pages are not asked for.
fn names(result: &Value) -> Vec<String> {
    let tools = result.get("tools").and_then(Value::as_array);
    tools
        .into_iter()
        .flatten()
        .filter_map(|tool| tool.get("name").and_then(Value::as_str))
        .map(str::to_owned)
        .collect()
}

impl Client for ModelClient {
    fn connect(&self) -> LocalBoxFuture<'_, Result<(), ClientError>> {
        Box::pin(self.asked(self.connect()))
    }

    fn list_tools(&self) -> LocalBoxFuture<'_, Result<Vec<String>, ClientError>> {
        Box::pin(self.asked(async {
            let list = |id| stalemate_wire::request(id, "tools/list", None);
            Ok(names(&self.request(list).await?))
        }))
    }

    fn call_tool(&self, name: String, arguments: Value) -> LocalBoxFuture<'_, CallResult> {
        Box::pin(self.asked(async move {
            let name = Value::String(name);
            // Written out, because a JSON map would put the arguments before the name.
            let call = |id| {
                format!(
                    r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":{name},"arguments":{arguments}}}}}"#
                )
                .into_bytes()
            };
            texts(&self.request(call).await?)
        }))
    }

    fn disconnect(&self) -> LocalBoxFuture<'_, Result<(), ClientError>> {
        Box::pin(async {
            self.disconnect().await;
            Ok(())
        })
    }

    fn stored_session(&self) -> Option<StoredSession> {
        let session = self.core.current()?;
        Some(StoredSession {
            id: session.id?,
            revision: session.revision,
        })
    }

    fn health(&self) -> Health {
        self.core.state.borrow().health
    }
}
