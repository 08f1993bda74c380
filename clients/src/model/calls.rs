//! A request of the user: sent until it is answered or the policy gives it up, and what the policy makes of a refusal.

use std::rc::Rc;

use serde_json::Value;
use stalemate_wire::marks::took;

use super::failure::Failure;
use super::knobs::Reinit;
use super::reinit::OF;
use super::session::{Core, Session};

/// A request of the user that runs.
struct Running(Rc<Core>);

impl Running {
    fn of(core: &Rc<Core>) -> Self {
        core.state.borrow_mut().running += 1;
        Self(Rc::clone(core))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.state.borrow_mut().running -= 1;
    }
}

impl Core {
    /// Sends a request until it is answered or the policy gives it up.
    pub(super) async fn request(
        self: &Rc<Self>,
        body: impl Fn(u64) -> Vec<u8>,
    ) -> Result<Value, Failure> {
        self.request_that(body, true).await
    }

    /// The same; without `recovers`, a lost session is only a failure.
    pub(super) async fn request_that(
        self: &Rc<Self>,
        body: impl Fn(u64) -> Vec<u8>,
        recovers: bool,
    ) -> Result<Value, Failure> {
        let core = self;
        let policy = &core.policy;
        core.begin_batch();
        let _running = Running::of(core);
        let mut unsent_wait = policy.retry_unsent.map(|b| b.first);
        let mut resends = 0;
        let mut resent_unknown = false;
        // An id that was never sent is not used up.
        let mut unused_id = None;
        loop {
            core.session().await?;
            if policy.stream_failure_fails_calls && core.state.borrow().stream.is_down {
                return Err(Failure::Protocol("stream lost"));
            }
            let (sent, reused) = match core.connection().await {
                Err(failure) => (Err(failure), None),
                Ok(conn) => {
                    let reused = conn.is_reused();
                    // Dialling took time: the session must be the one of now, or a request would begin with a lost id.
                    let Some(session) = core.current() else {
                        core.http.release(conn);
                        continue;
                    };
                    core.state.borrow_mut().is_used = true;
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
                (Failure::Unsent(_), Some((true, _))) => {
                    took(
                        OF,
                        "a request that met a dead idle connection goes out on another",
                    );
                }
                (Failure::Unsent(_), _) => match (unsent_wait, policy.retry_unsent) {
                    (Some(wait), Some(backoff)) => {
                        took(OF, "a request that was not sent is tried again");
                        tokio::time::sleep(wait).await;
                        unsent_wait = Some(backoff.after(wait));
                    }
                    _ => {
                        took(OF, "a request that was not sent fails");
                        return Err(failure);
                    }
                },
                (Failure::Unknown(_), _) if policy.resend_unknown && !resent_unknown => {
                    took(OF, "a request that may have run is sent again");
                    resent_unknown = true;
                }
                (_, Some((_, session)))
                    if recovers && session.id.is_some() && core.means_lost(&failure) =>
                {
                    self.refused(session, failure, resends).await?;
                    resends += 1;
                }
                (Failure::Unknown(_), _) => {
                    took(OF, "a request that may have run fails");
                    return Err(failure);
                }
                _ => return Err(failure),
            }
        }
    }

    /// A call was refused because its session is lost. `Ok` if it is to be sent again, which is `resends` times so far.
    async fn refused(
        self: &Rc<Self>,
        session: Session,
        failure: Failure,
        resends: u32,
    ) -> Result<(), Failure> {
        let core = self;
        let policy = &core.policy;
        let bounds = policy.reinit_bounds;
        core.stream_was_right(session.generation);
        match policy.reinit {
            Reinit::Never => {
                took(OF, "a lost session is only a failure");
                Err(failure)
            }
            Reinit::ThenFail => {
                took(
                    OF,
                    "the request that found its session lost fails, and the next one has another",
                );
                if core.lose(session.generation) {
                    core.start_reinit();
                }
                Err(failure)
            }
            Reinit::ThenResend if bounds.max_resends.is_some_and(|max| resends >= max) => {
                took(OF, "a request is refused too often, and fails");
                // A 400 to a fresh session was not about the session. A 404 or 410 is the end of any id (SES-08); the
                // next request initializes.
                if !matches!(failure, Failure::Refused { status: 400, .. }) {
                    core.lose(session.generation);
                }
                Err(failure)
            }
            Reinit::ThenResend => {
                took(OF, "a refused request is sent again in another session");
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
