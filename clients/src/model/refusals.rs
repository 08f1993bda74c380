//! What the GETs of one session after the other say of the server: whether it has streams at all, or loses its sessions.

use std::rc::Rc;

use stalemate_wire::marks::took;
use tokio::task::AbortHandle;

use super::reinit::OF;
use super::session::Core;
use crate::Health;

/// What is known of the GET stream across its openings.
#[derive(Default)]
pub(super) struct StreamState {
    /// The task that keeps it open.
    pub(super) task: Option<AbortHandle>,
    /// Whether this server has ever accepted a GET.
    pub(super) accepted: bool,
    /// How many GETs in a row were refused as if their session were lost, where nothing else spoke for that.
    pub(super) refusals: u32,
    /// The session whose refused GET was the last of them.
    pub(super) refused_in: Option<u64>,
    /// Whether anything failed since the session in use was opened.
    pub(super) is_disturbed: bool,
    /// Whether the server turned out to have no streams.
    pub(super) unsupported: bool,
    /// Whether the first opening in this session has not been answered yet.
    pub(super) is_pending: bool,
    /// Whether it is wanted, and is not open or failed last time.
    pub(super) is_down: bool,
}

impl Core {
    /// Something failed that is not a refused GET. What stands between is disturbed: a GET that was refused before says
    /// nothing of one after, and one that is refused in this session nothing of what the server offers.
    pub(super) fn disturbed(&self) {
        let mut state = self.state.borrow_mut();
        state.health = Health::Failing;
        state.stream.refusals = 0;
        state.stream.is_disturbed = true;
    }

    /// A POST found that session lost too, so it was the session and not the stream.
    pub(super) fn stream_was_right(&self, generation: u64) {
        let stream = &mut self.state.borrow_mut().stream;
        if stream.refused_in == Some(generation) {
            stream.refused_in = None;
            stream.refusals = 0;
            stream.unsupported = false;
        }
    }

    /// The server accepted a GET.
    pub(super) fn stream_accepted(&self) {
        self.stream_answered(false);
        let stream = &mut self.state.borrow_mut().stream;
        stream.accepted = true;
        stream.refusals = 0;
    }

    /// It is known now how the opening of the stream went, or that it is over.
    pub(super) fn stream_answered(&self, is_down: bool) {
        {
            let stream = &mut self.state.borrow_mut().stream;
            stream.is_down = is_down;
            if !std::mem::take(&mut stream.is_pending) {
                return;
            }
        }
        self.changed.notify_waiters();
    }

    /// A GET was refused as if its session were lost. The first time that leads to a re-initialization, as for any request
    /// with the id (SES-08). If the GET of the fresh session is refused as well, and nothing else failed in it, it was not
    /// the session: a server that never accepted one has no streams and says so with the wrong status, and asking on would
    /// kill one session after the other.
    pub(super) fn stream_refused(self: &Rc<Self>, generation: u64, status: u16) {
        let again = {
            let stream = &mut self.state.borrow_mut().stream;
            if !stream.is_disturbed {
                stream.refusals += 1;
                stream.refused_in = Some(generation);
            }
            let again = stream.refusals > 1;
            stream.unsupported |= again && !stream.accepted;
            again
        };
        // A second 400 speaks for an odd GET; a 404 or 410 ends the use of the id in any case (SES-08).
        if again && status == 400 {
            took(
                OF,
                "a stream that is refused with 400 again spares the session",
            );
            return;
        }
        if self.lose(generation) && !again {
            took(OF, "a stream finds its session lost");
            self.start_reinit();
        }
    }
}
