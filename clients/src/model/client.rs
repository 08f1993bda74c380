//! The client object and its factory: what the user asks for and is told. What is sent for it is decided elsewhere.

use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;
use tokio::time::Instant;

use super::failure::Failure;
use super::http::Http;
use super::knobs::{Answerless, Killed, LostShown, Resume};
use super::listing::{Listed, list_request};
use super::policy::Policy;
use super::session::Core;
use crate::{
    CallResult, Client, ClientError, ClientFactory, Dialler, Health, LocalBoxFuture,
    NotificationSink, RequestMethod, StoredSession,
};

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

    fn policy(&self) -> Option<&Policy> {
        Some(&self.policy)
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
        let http = Http::new(dialler, policy.connect_timeout, policy.silence);
        Self {
            core: Core::new(policy, http, resume, sink),
        }
    }

    /// What the user is told of a failure.
    fn shown(&self, failure: &Failure) -> ClientError {
        failure.shown(&self.core.state.borrow().ids)
    }

    /// What the caller of a tool gets where its session is lost.
    fn shown_as_result(&self, failure: Failure) -> Result<String, Failure> {
        let shown = self.core.policy.lost_shown;
        if shown == LostShown::Error {
            return Err(failure);
        }
        self.core.set_health(Health::Working);
        let text = self.shown(&failure).message;
        match shown {
            LostShown::Result => Ok(text),
            LostShown::Error | LostShown::ToolError => Err(Failure::of_tool(text)),
        }
    }

    /// As [`settled`](Self::settled), for a request: one that ran when a failure ended the client object comes to the end that
    /// the policy has for it.
    async fn asked<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, ClientError> {
        let core = &self.core;
        let (epoch, began) = (core.state.borrow().epoch, Instant::now());
        let result = self.settled(work).await;
        let is_killed = {
            let state = core.state.borrow();
            state.is_dead && state.epoch != epoch
        };
        match (core.policy.killed_calls, core.policy.request_timeout) {
            _ if result.is_ok() || !is_killed => result,
            (Answerless::Fails, _) => result,
            (Answerless::Waits, Some(limit)) => {
                tokio::time::sleep_until(began + limit).await;
                Err(self.shown(&Failure::TimedOut))
            }
            (Answerless::Waits | Answerless::WaitsForEver, _) => std::future::pending().await,
        }
    }

    /// Runs what the user asked for until it is done, its limit is over, or the user disconnects.
    async fn settled<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, ClientError> {
        let epoch = self.core.state.borrow().epoch;
        let result = tokio::select! {
            biased;
            result = self.core.limited(work) => result,
            () = self.core.closed_after(epoch) => Err(self.core.state.borrow().closed()),
        };
        if matches!(result, Err(Failure::Awaited)) {
            self.core.closed_after(epoch).await;
        }
        result.map_err(|failure| self.shown(&failure))
    }

    async fn connect(&self) -> Result<(), Failure> {
        let core = &self.core;
        if core.state.borrow().connected {
            return Ok(());
        }
        {
            let mut state = core.state.borrow_mut();
            if state.is_dead && core.policy.killed == Killed::ForGood {
                return Err(Failure::Dead);
            }
            state.is_dead = false;
        }
        let stored = core.state.borrow_mut().resume.take();
        if let Some(stored) = stored.filter(|_| core.policy.resume != Resume::Initializes) {
            core.resume(stored);
            // The stream's connection is opened before anything is asked, as by a transport that is handed a session.
            if core.policy.open_stream && core.policy.resume == Resume::OpensStream {
                core.stream_dialled.notified().await;
            }
            return Ok(());
        }
        core.count_attempt();
        let session = core.handshake(None, true).await?;
        if core.state.borrow().connected {
            // Another `connect` was faster.
            core.end_aside(session);
        } else {
            core.install(session, true);
        }
        if core.policy.await_stream {
            core.session().await?;
        }
        Ok(())
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
        Some(true) => Err(Failure::of_tool(text)),
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
        Box::pin(async {
            let connected = self.settled(self.connect()).await;
            if connected.is_err() {
                self.core.end_all().await;
            }
            connected
        })
    }

    fn list_tools(&self) -> LocalBoxFuture<'_, Result<Vec<String>, ClientError>> {
        Box::pin(self.asked(async {
            let _listed = Listed::begin(&self.core);
            Ok(names(&self.core.request(list_request).await?))
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
            match self.core.request(call).await {
                Err(failure) if failure.is_of_lost() => self.shown_as_result(failure),
                answered => texts(&answered?),
            }
        }))
    }

    fn request(&self, method: RequestMethod, params: Value) -> LocalBoxFuture<'_, CallResult> {
        Box::pin(self.asked(async move {
            let body = |id| stalemate_wire::request(id, method.as_str(), Some(params.clone()));
            let recovers = !self.core.policy.recovers_calls_only;
            let result = self.core.request_that(body, recovers).await?;
            if method == RequestMethod::Subscribe {
                let subscriptions = &mut self.core.state.borrow_mut().subscriptions;
                subscriptions.push(params.clone());
            }
            Ok(result.to_string())
        }))
    }

    fn disconnect(&self) -> LocalBoxFuture<'_, Result<(), ClientError>> {
        Box::pin(async {
            self.core.disconnect().await;
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
