//! The state of one client object: its session, the re-initialization that parallel calls share, and the count of
//! attempts that keeps recovery from becoming a storm. Sending is done elsewhere.
//!
//! Each session has a *generation*. A refusal is laid at the door of the generation that the request was sent with, so
//! that a late one cannot tear down the session that came after it (F13).

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;

use serde_json::Value;
use stalemate_wire::{Revision, SessionId, marks::took};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinHandle};

use super::attempts::Attempts;
use super::failure::Failure;
use super::http::{Head, Http};
use super::knobs::{BelievedId, Fault, Reopen, Resume, SessionPer, VersionHeader};
use super::listing::Listing;
use super::policy::Policy;
use super::refusals::StreamState;
use super::reinit::OF;
use crate::{Health, NotificationSink, StoredSession};

/// What the client object, its calls and its background tasks share.
pub(super) struct Core {
    pub(super) policy: Policy,
    pub(super) http: Http,
    pub(super) sink: NotificationSink,
    pub(super) state: RefCell<State>,
    /// Told of every change that somebody may wait for. It wakes in the order of waiting.
    pub(super) changed: Notify,
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
    pub(super) session: Option<Session>,
    /// Of the newest session.
    generation: u64,
    /// The id that was lost last. Only the bugs that go on using it read it.
    pub(super) lost_id: Option<SessionId>,
    /// Whether the common re-initialization runs.
    pub(super) reinit_runs: bool,
    /// How many common re-initializations have begun.
    pub(super) reinit_round: u64,
    /// How the last one that failed did, with its round.
    pub(super) reinit_failed: Option<(u64, Failure)>,
    /// The parameters of each subscription that the user asked for and got.
    pub(super) subscriptions: Vec<Value>,
    next_id: u64,
    pub(super) attempts: Attempts,
    pub(super) health: Health,
    pub(super) resume: Option<StoredSession>,
    /// All ids this object has met, to keep them out of what the user is shown.
    pub(super) ids: Vec<SessionId>,
    pub(super) stream: StreamState,
    tasks: Vec<AbortHandle>,
    /// The `initialize` requests under way.
    pub(super) openings: Vec<JoinHandle<()>>,
    /// The DELETEs under way of sessions that nobody uses.
    pub(super) endings: Vec<JoinHandle<()>>,
    /// The sessions that were opened and are not in use yet.
    pub(super) opened: Vec<Session>,
    /// Whether a failure ended the client object as a whole (F22).
    pub(super) is_dead: bool,
    /// How many requests of the user run.
    pub(super) running: u32,
    /// Whether the session in use has served one.
    pub(super) is_used: bool,
    /// Whether the token was renewed because it was refused, and no request went well since.
    pub(super) is_renewed: bool,
    /// Whether the tools were ever asked for.
    pub(super) has_listed: bool,
    /// Where the listing of the tools stands that a change made necessary.
    pub(super) listing: Listing,
    /// How many listings have begun that a change waits for.
    pub(super) listings: u64,
}

/// A session in use. Without an id the server keeps none.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) id: Option<SessionId>,
    pub(super) revision: Revision,
    pub(super) generation: u64,
    /// Whether a GET stream may be opened in it.
    pub(super) streams: bool,
    /// Whether it was stored, and not opened by this client object: it may be long dead.
    pub(super) stored: bool,
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
                subscriptions: Vec::new(),
                next_id: 0,
                attempts: Attempts::new(per_10s),
                health: Health::Unknown,
                resume,
                ids: Vec::new(),
                stream: StreamState::default(),
                tasks: Vec::new(),
                openings: Vec::new(),
                endings: Vec::new(),
                opened: Vec::new(),
                is_dead: false,
                running: 0,
                is_used: false,
                is_renewed: false,
                has_listed: false,
                listing: Listing::Idle,
                listings: 0,
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
            token: None,
            id: session.id.clone(),
            version: match &self.policy.version_header {
                VersionHeader::Negotiated if session.revision.has_version_header() => {
                    Some(session.revision.as_str().to_owned())
                }
                VersionHeader::Negotiated | VersionHeader::Missing => None,
                VersionHeader::Always(version) => Some(version.clone()),
            },
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
            state.is_used = false;
            state.stream.is_disturbed = false;
            state.drop_stream();
            let streams = policy.open_stream
                && session.streams
                && !state.stream.unsupported
                && (session.id.is_some() || !policy.stream_needs_id)
                && (by_connect || policy.reopen_stream != Reopen::Never);
            state.stream.is_pending = streams;
            streams
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
        if !by_connect && policy.session_per == SessionPer::Connection {
            self.list_anew();
        }
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
            streams: self.policy.resume == Resume::OpensStream,
            stored: true,
        };
        self.install(session, true);
    }

    /// A session without an id, as if the server had opened one.
    pub(super) fn nameless(&self) -> Session {
        Session {
            id: None,
            revision: self.policy.revision,
            generation: 0,
            streams: true,
            stored: false,
        }
    }

    /// Forgets the session that has served its requests, if the policy has one for each batch of them.
    pub(super) fn begin_batch(self: &Rc<Self>) {
        let forgotten = {
            let mut state = self.state.borrow_mut();
            let is_over =
                self.policy.session_per == SessionPer::Batch && state.running == 0 && state.is_used;
            if !is_over {
                return;
            }
            state.drop_stream();
            state.session.take()
        };
        if let Some(session) = forgotten {
            self.end_aside(session);
        }
    }

    /// Takes an id of an answer for the session's own, if the policy believes such answers.
    pub(super) fn hear_id(&self, id: &str, is_success: bool) {
        let believes = match self.policy.believed_id {
            BelievedId::Initialize => false,
            BelievedId::Success => is_success,
            BelievedId::Any => true,
        };
        let Some(id) = SessionId::new(id).ok().filter(|_| believes) else {
            return;
        };
        took(OF, "an id that comes with an answer is believed");
        let mut state = self.state.borrow_mut();
        state.remember(&id);
        if let Some(session) = &mut state.session {
            session.id = Some(id);
        }
    }

    /// A failure of one exchange, which ends the whole client object if the policy says so: calls in flight too (F22).
    pub(super) fn met(&self, fault: Fault) {
        if self.policy.fatal.contains(&fault) {
            took(OF, "a failure ends the client object");
            self.close();
            self.state.borrow_mut().is_dead = true;
        }
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
            took(OF, "a late refusal spares the session that followed");
            return false;
        }
        state.lost_id = state.session.take().and_then(|s| s.id);
        state.drop_stream();
        true
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
            state.opened.clear();
            state.listing = Listing::Idle;
            let mut tasks = std::mem::take(&mut state.tasks);
            tasks.extend(state.openings.drain(..).map(|o| o.abort_handle()));
            (state.session.take(), tasks)
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
    /// Why there is no connection.
    pub(super) fn closed(&self) -> Failure {
        if self.is_dead {
            Failure::Dead
        } else {
            Failure::NotConnected
        }
    }

    /// Notes an id as one that must not be shown.
    pub(super) fn remember(&mut self, id: &SessionId) {
        if !self.ids.contains(id) {
            self.ids.push(id.clone());
        }
    }

    /// Closes the GET stream.
    fn drop_stream(&mut self) {
        self.stream.is_pending = false;
        self.stream.is_down = false;
        if let Some(task) = self.stream.task.take() {
            task.abort();
        }
    }
}
