//! The re-initialization that parallel calls share, and the bounds that keep recovery from becoming a storm.

use std::future::Future;
use std::rc::Rc;

use tokio::time::Instant;

use super::failure::Failure;
use super::knobs::FailedReinit;
use super::session::{Core, Session};
use crate::RequestMethod;
use stalemate_wire::marks::took;

/// Whose decisions are marked here.
pub(super) const OF: &str = "client";

impl Core {
    /// Begins the common re-initialization unless it runs. It is a task of its own: a user who gives up the call that
    /// found the loss must not cancel an `initialize` that others wait for (LIFE-11).
    pub(super) fn start_reinit(self: &Rc<Self>) {
        {
            let mut state = self.state.borrow_mut();
            if state.reinit_runs || !state.connected {
                return;
            }
            state.reinit_runs = true;
            state.reinit_round += 1;
        }
        let core = Rc::clone(self);
        self.spawn(async move {
            let result = core.reinitialize().await;
            core.state.borrow_mut().reinit_runs = false;
            match result {
                Ok(session) => {
                    core.install(session, false);
                    core.restore().await;
                }
                Err(_) if core.policy.failed_reinit == FailedReinit::GoesOnWithoutId => {
                    core.install(core.nameless(), false);
                }
                Err(failure) => {
                    let mut state = core.state.borrow_mut();
                    state.reinit_failed = Some((state.reinit_round, failure));
                    drop(state);
                    core.changed.notify_waiters();
                }
            }
        });
    }

    /// A session: the one in use, or the one that a re-initialization brings. One that failed is shown once and tried
    /// again by the next request, so that nothing stays half cleared (F14).
    pub(super) async fn session(self: &Rc<Self>) -> Result<Session, Failure> {
        let mut awaited = None;
        loop {
            let changed = self.changed.notified();
            let (is_held, runs) = {
                let state = self.state.borrow();
                if !state.connected {
                    return Err(state.closed());
                }
                // Nothing is asked of it before its stream is answered, if that is the policy.
                let is_held = self.policy.await_stream && state.stream.is_pending;
                if let Some(session) = state.session.as_ref().filter(|_| !is_held) {
                    return Ok(session.clone());
                }
                let is_held = is_held && state.session.is_some();
                match (&state.reinit_failed, awaited) {
                    (Some((round, failure)), Some(mine)) if *round >= mine => {
                        took(OF, "who waits for a re-initialization fails with it");
                        return Err(failure.clone());
                    }
                    _ => (is_held, state.reinit_runs || is_held),
                }
            };
            if !self.policy.single_flight && !is_held {
                self.reinit_alone().await?;
                continue;
            }
            if !runs {
                took(OF, "a re-initialization begins");
                self.start_reinit();
            }
            awaited.get_or_insert(self.state.borrow().reinit_round);
            changed.await;
        }
    }

    /// The bug that `single_flight` avoids: a re-initialization for this caller alone.
    pub(super) async fn reinit_alone(self: &Rc<Self>) -> Result<(), Failure> {
        took(OF, "each call re-initializes for itself");
        let session = self.reinitialize().await?;
        self.install(session, false);
        let core = Rc::clone(self);
        self.spawn(async move { core.restore().await });
        Ok(())
    }

    /// Subscribes again to what the user had subscribed to in the session that was lost. What is refused now is not asked for
    /// again: the session works, and who lost this one too begins anew.
    async fn restore(self: &Rc<Self>) {
        if self.policy.forgets_subscriptions {
            return;
        }
        let subscriptions = self.state.borrow().subscriptions.clone();
        for params in subscriptions {
            let method = RequestMethod::Subscribe.as_str();
            let body = |id| stalemate_wire::request(id, method, Some(params.clone()));
            // A user who disconnects meanwhile has ended this task.
            took(OF, "a subscription is restored");
            let _ = self.request_that(body, true).await;
        }
    }

    /// Sends `initialize` until it works or the bounds are reached.
    async fn reinitialize(self: &Rc<Self>) -> Result<Session, Failure> {
        let bounds = self.policy.reinit_bounds;
        let lost_id = self.state.borrow().lost_id.clone();
        let mut wait = bounds.backoff.first;
        let mut attempts = 0;
        loop {
            self.admit().await;
            attempts += 1;
            let carried = self.state.borrow().lost_id.clone();
            let carried = carried.filter(|_| self.policy.reinit_carries_id);
            let handshake = self.handshake(carried, !self.policy.skip_initialized);
            match self.limited(handshake).await {
                Ok(session) if self.policy.drop_id_on_loss => return Ok(session),
                Ok(session) => {
                    return Ok(Session {
                        id: lost_id,
                        ..session
                    });
                }
                Err(failure)
                    if failure.is_passing()
                        && bounds.max_attempts.is_none_or(|max| attempts < max) =>
                {
                    took(OF, "a re-initialization that failed is tried again");
                    tokio::time::sleep(wait).await;
                    wait = bounds.backoff.after(wait);
                }
                Err(failure) => {
                    took(OF, "a re-initialization is given up");
                    return Err(failure);
                }
            }
        }
    }

    /// Waits until the policy's bound allows another attempt, and counts it.
    pub(super) async fn admit(&self) {
        loop {
            let asked = self.state.borrow_mut().attempts.admit(Instant::now());
            match asked {
                Ok(()) => return,
                Err(until) => {
                    took(OF, "attempts are held back");
                    tokio::time::sleep_until(until).await;
                }
            }
        }
    }

    /// Counts an attempt that the user asked for.
    pub(super) fn count_attempt(&self) {
        self.state.borrow_mut().attempts.count(Instant::now());
    }

    /// The policy's limit on `work`. Silence speaks against the idle connections too.
    pub(super) async fn limited<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let Some(limit) = self.policy.request_timeout else {
            return work.await;
        };
        match tokio::time::timeout(limit, work).await {
            Ok(result) => result,
            Err(_) => {
                took(OF, "a request is given up for its time");
                self.disturbed();
                self.http.drop_idle();
                Err(Failure::TimedOut)
            }
        }
    }
}
