//! What a server holds between two inputs, and the turn that an input is. What happens in a turn is in `core`, `life` and
//! `stream`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::child::Progress;
use super::dialect::Dialect;
use super::session::{StreamId, Table};
use super::{Key, Options, Output, Store, TimerId};

/// The server of one process. A restart is a new core with the same [`Store`].
pub struct ServerCore {
    pub(super) dialect: Arc<Dialect>,
    pub(super) options: Options,
    pub(super) store: Store,
    pub(super) table: Table,
    /// The ids whose sessions ended with an earlier process, and that the table has still.
    pub(super) ghosts: BTreeSet<String>,
    /// Calls that run although their session was deleted, where they bring it back.
    pub(super) reviving: BTreeMap<StreamId, String>,
    /// How many requests of no session there were.
    pub(super) anonymous: u64,
    pub(super) timers: BTreeMap<TimerId, Due>,
    pub(super) next_timer: u64,
    /// Whether a session was opened in the life of this process, or found when it began.
    pub(super) opened: bool,
    /// The process is told to stop, or died: nothing happens any more.
    pub(super) over: bool,
}

/// What a timer is for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Due {
    /// The session expires, if it still rests.
    Idle { session: String },
    /// The session has lived as long as it may.
    Lifetime { session: String },
    /// A comment goes out, if the stream is still open.
    Keepalive { key: Key },
    /// The answer to a request is ready.
    Answer {
        stream: StreamId,
        id: Value,
        message: String,
    },
    /// The request of that id is further on.
    Progress {
        stream: StreamId,
        id: Value,
        progress: Progress,
    },
}

/// The outputs of one input, and when it came.
pub(super) struct Turn {
    pub(super) now_ms: u64,
    pub(super) out: Vec<Output>,
}

impl Turn {
    /// Ends streams.
    pub(super) fn close(&mut self, keys: impl IntoIterator<Item = Key>, clean: bool) {
        let closes = keys.into_iter().map(|key| Output::Close { key, clean });
        self.out.extend(closes);
    }
}
