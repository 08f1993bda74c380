//! The state of one client object: its session, the re-initialization that parallel calls share, and the count of
//! attempts that keeps recovery from becoming a storm. Sending is done elsewhere.
//!
//! Each session has a *generation*. A refusal is laid at the door of the generation that the request was sent with, so
//! that a late one cannot tear down the session that came after it (F13).

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;

use stalemate_wire::{Revision, SessionId};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::attempts::Attempts;
use super::failure::Failure;
use super::http::{Head, Http};
use super::policy::{Policy, Reopen};
use crate::{Health, NotificationSink, StoredSession};

/// What the client object, its calls and its background tasks share.
pub(super) struct Core {
    pub(super) policy: Policy,
    pub(super) http: Http,
    pub(super) sink: NotificationSink,
    pub(super) state: RefCell<State>,
    /// Told of every change that somebody may wait for. It wakes in the order of waiting.
    changed: Notify,
    /// Told when the stream's connection was dialled, well or not.
    pub(super) stream_dialled: Notify,
}

/// The changing part.
pub(super) struct State {
    /// Whether the user wants a connection: from a successful `connect` to `disconnect`.
    pub(super) connected: bool,
    /// Grows with each `disconnect`.
    pub(super) epoch: u64,
    /// The session in use; `None` while there is none or it is lost.
    session: Option<Session>,
    /// Of the newest session.
    generation: u64,
    /// The id that was lost last. Only the bugs that go on using it read it.
    lost_id: Option<SessionId>,
    /// Whether the common re-initialization runs.
    reinit_runs: bool,
    /// How many common re-initializations have begun.
    reinit_round: u64,
    /// How the last one that failed did, with its round.
    reinit_failed: Option<(u64, Failure)>,
    next_id: u64,
    attempts: Attempts,
    pub(super) health: Health,
    pub(super) resume: Option<StoredSession>,
    /// All ids this object has met, to keep them out of what the user is shown.
    pub(super) ids: Vec<SessionId>,
    pub(super) stream: StreamState,
    tasks: Vec<AbortHandle>,
}

/// What is known of the GET stream across its openings.
#[derive(Default)]
pub(super) struct StreamState {
    /// The task that keeps it open.
    task: Option<AbortHandle>,
    /// Whether this server has ever accepted a GET.
    pub(super) accepted: bool,
    /// How many GETs in a row were refused as if their session were lost.
    pub(super) refusals: u32,
    /// Whether the server turned out to have no streams.
    pub(super) unsupported: bool,
}

/// A session in use. Without an id the server keeps none.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) id: Option<SessionId>,
    pub(super) revision: Revision,
    pub(super) generation: u64,
}

impl Core {
    pub(super) fn new(
        policy: Policy,
        http: Http,
        resume: Option<StoredSession>,
        sink: NotificationSink,
    ) -> Rc<Self> {
        let per_10s = policy.reinit_bounds.per_10s;
        Rc::new(Self {
            policy,
            http,
            sink,
            changed: Notify::new(),
            stream_dialled: Notify::new(),
            state: RefCell::new(State {
                connected: false,
                epoch: 0,
                session: None,
                generation: 0,
                lost_id: None,
                reinit_runs: false,
                reinit_round: 0,
                reinit_failed: None,
                next_id: 0,
                attempts: Attempts::new(per_10s),
                health: Health::Unknown,
                resume,
                ids: Vec::new(),
                stream: StreamState::default(),
                tasks: Vec::new(),
            }),
        })
    }

    /// The id of the next request.
    pub(super) fn next_id(&self) -> u64 {
        let mut state = self.state.borrow_mut();
        let id = state.next_id;
        state.next_id += 1;
        id
    }

    /// The session in use, if there is one now.
    pub(super) fn current(&self) -> Option<Session> {
        self.state.borrow().session.clone()
    }

    /// The session in use, if it is still the one of that generation.
    pub(super) fn current_of(&self, generation: u64) -> Option<Session> {
        self.current().filter(|s| s.generation == generation)
    }

    /// The headers of a request in that session.
    pub(super) fn head(&self, session: &Session) -> Head {
        Head {
            id: session.id.clone(),
            revision: Some(session.revision).filter(|_| !self.policy.omit_version),
        }
    }

    pub(super) fn set_health(&self, health: Health) {
        self.state.borrow_mut().health = health;
    }

    /// Runs a task until it is done or the connection is closed.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + 'static) -> AbortHandle {
        let handle = tokio::task::spawn_local(task).abort_handle();
        let mut state = self.state.borrow_mut();
        state.tasks.retain(|t| !t.is_finished());
        state.tasks.push(handle.clone());
        handle
    }

    /// Makes `session` the one in use and opens its stream. The first one of a `connect` has one whenever the policy opens
    /// any, later ones only if it also reopens.
    pub(super) fn install(self: &Rc<Self>, mut session: Session, by_connect: bool) {
        let policy = &self.policy;
        let streams = {
            let mut state = self.state.borrow_mut();
            if let Some(id) = &session.id {
                state.remember(id);
            }
            state.generation += 1;
            session.generation = state.generation;
            state.session = Some(session.clone());
            state.connected = true;
            state.reinit_failed = None;
            state.drop_stream();
            policy.open_stream
                && !state.stream.unsupported
                && (by_connect || policy.reopen_stream != Reopen::Never)
        };
        if streams {
            let task = self.spawn(super::stream::keep_open(
                Rc::clone(self),
                session.generation,
                by_connect,
            ));
            self.state.borrow_mut().stream.task = Some(task);
        }
        self.changed.notify_waiters();
    }

    /// Uses a stored session as it is (F3).
    pub(super) fn resume(self: &Rc<Self>, stored: StoredSession) {
        {
            let mut state = self.state.borrow_mut();
            // `initialize` had 0, whoever sent it.
            state.next_id = state.next_id.max(1);
        }
        let session = Session {
            id: Some(stored.id),
            revision: stored.revision,
            generation: 0,
        };
        self.install(session, true);
    }

    /// Gives up the session of that generation, stream included. False if it is not the one in use any more: the refusal
    /// was late and the new session must not suffer for it (F13).
    pub(super) fn lose(&self, generation: u64) -> bool {
        let mut state = self.state.borrow_mut();
        if state
            .session
            .as_ref()
            .is_none_or(|s| s.generation != generation)
        {
            return false;
        }
        state.lost_id = state.session.take().and_then(|s| s.id);
        state.drop_stream();
        true
    }

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
                Ok(session) => core.install(session, false),
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
            let runs = {
                let state = self.state.borrow();
                if !state.connected {
                    return Err(Failure::NotConnected);
                }
                if let Some(session) = &state.session {
                    return Ok(session.clone());
                }
                match (&state.reinit_failed, awaited) {
                    (Some((round, failure)), Some(mine)) if *round >= mine => {
                        return Err(failure.clone());
                    }
                    _ => state.reinit_runs,
                }
            };
            if !self.policy.single_flight {
                self.reinit_alone().await?;
                continue;
            }
            if !runs {
                self.start_reinit();
            }
            awaited.get_or_insert(self.state.borrow().reinit_round);
            changed.await;
        }
    }

    /// The bug that `single_flight` avoids: a re-initialization for this caller alone.
    pub(super) async fn reinit_alone(self: &Rc<Self>) -> Result<(), Failure> {
        let session = self.reinitialize().await?;
        self.install(session, false);
        Ok(())
    }

    /// Sends `initialize` until it works or the bounds are reached.
    async fn reinitialize(self: &Rc<Self>) -> Result<Session, Failure> {
        let bounds = self.policy.reinit_bounds;
        let lost_id = self.state.borrow().lost_id.clone();
        let carried = lost_id.clone().filter(|_| self.policy.reinit_carries_id);
        let mut wait = bounds.backoff.first;
        let mut attempts = 0;
        loop {
            self.admit().await;
            attempts += 1;
            let handshake = self.handshake(carried.clone(), !self.policy.skip_initialized);
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
                    tokio::time::sleep(wait).await;
                    wait = bounds.backoff.after(wait);
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    /// Waits until the policy's bound allows another attempt, and counts it.
    pub(super) async fn admit(&self) {
        loop {
            let asked = self.state.borrow_mut().attempts.admit(Instant::now());
            match asked {
                Ok(()) => return,
                Err(until) => tokio::time::sleep_until(until).await,
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
                self.set_health(Health::Failing);
                self.http.drop_idle();
                Err(Failure::TimedOut)
            }
        }
    }

    /// Ends everything that belongs to the connection: session, stream, tasks, pool. Calls in flight end as not connected.
    /// Returns the session that was in use.
    pub(super) fn close(&self) -> Option<Session> {
        let (session, tasks) = {
            let mut state = self.state.borrow_mut();
            state.connected = false;
            state.epoch += 1;
            state.lost_id = None;
            state.reinit_runs = false;
            state.reinit_failed = None;
            state.health = Health::Unknown;
            state.resume = None;
            state.stream = StreamState::default();
            (state.session.take(), std::mem::take(&mut state.tasks))
        };
        for task in tasks {
            task.abort();
        }
        self.http.clear();
        self.changed.notify_waiters();
        session
    }

    /// Waits until a `disconnect` after `epoch`.
    pub(super) async fn closed_after(&self, epoch: u64) {
        loop {
            let changed = self.changed.notified();
            if self.state.borrow().epoch != epoch {
                return;
            }
            changed.await;
        }
    }
}

impl State {
    /// Notes an id as one that must not be shown.
    pub(super) fn remember(&mut self, id: &SessionId) {
        if !self.ids.contains(id) {
            self.ids.push(id.clone());
        }
    }

    /// Closes the GET stream.
    fn drop_stream(&mut self) {
        if let Some(task) = self.stream.task.take() {
            task.abort();
        }
    }
}
