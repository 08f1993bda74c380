//! Listing the tools again when they change, or may have: once for all that changes while a listing runs.

use std::rc::Rc;
use std::time::Duration;

use stalemate_wire::marks::took;

use super::reinit::OF;
use super::session::Core;

/// How long what makes a list old waits for a listing that was sent before it, and may hang on a dead connection or in a
/// session that is lost.
const PATIENCE: Duration = Duration::from_millis(500);

/// Where the listing stands that a change made necessary.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Listing {
    Idle,
    Runs,
    /// It runs, and the tools changed again.
    Outdated,
}

/// `tools/list`.
pub(super) fn list_request(id: u64) -> Vec<u8> {
    stalemate_wire::request(id, "tools/list", None)
}

impl Core {
    /// Lists the tools, because the server says that they changed. What changes meanwhile is listed after that.
    pub(super) fn list_again(self: &Rc<Self>) {
        let runs = {
            let mut state = self.state.borrow_mut();
            if !state.connected {
                return;
            }
            let runs = state.listing != Listing::Idle;
            if runs {
                state.listing = Listing::Outdated;
            }
            runs
        };
        if runs {
            self.list_past();
        } else {
            self.list();
        }
    }

    /// Lists the tools in a session that follows a lost one. A listing that found the loss is sent again in it anyway.
    pub(super) fn list_anew(self: &Rc<Self>) {
        let (is_due, runs) = {
            let state = self.state.borrow();
            (
                state.has_listed && self.policy.list_again,
                state.listing != Listing::Idle,
            )
        };
        match (is_due, runs) {
            (false, _) => {}
            (true, false) => self.list_again(),
            (true, true) => self.list_past(),
        }
    }

    /// Lists in a task of its own.
    fn list(self: &Rc<Self>) {
        let core = Rc::clone(self);
        let listed = Listed::started(self);
        self.spawn(async move {
            // What failed is asked for again only where there is more news: a session that follows lists anew.
            let _ = core.limited(core.request(list_request)).await;
            drop(listed);
        });
    }

    /// Lists beside the listing that runs now, if that takes too long.
    fn list_past(self: &Rc<Self>) {
        let core = Rc::clone(self);
        let round = self.state.borrow().listings;
        self.spawn(async move {
            tokio::time::sleep(PATIENCE).await;
            let state = core.state.borrow();
            let hangs = state.listings == round && state.listing != Listing::Idle;
            drop(state);
            if hangs {
                took(OF, "the tools are listed beside a listing that hangs");
                core.list();
            }
        });
    }
}

/// A listing that runs, and for which a change in the meantime waits.
pub(super) struct Listed {
    core: Rc<Core>,
    /// Which one it is. One that began beside it has taken its place.
    round: u64,
}

impl Listed {
    /// The user's own; `None` if another one runs.
    pub(super) fn begin(core: &Rc<Core>) -> Option<Self> {
        core.state.borrow_mut().has_listed = true;
        let is_idle = core.state.borrow().listing == Listing::Idle;
        is_idle.then(|| Self::started(core))
    }

    fn started(core: &Rc<Core>) -> Self {
        let mut state = core.state.borrow_mut();
        state.listing = Listing::Runs;
        state.listings += 1;
        Self {
            core: Rc::clone(core),
            round: state.listings,
        }
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        let listing = {
            let mut state = self.core.state.borrow_mut();
            if state.listings != self.round {
                return;
            }
            std::mem::replace(&mut state.listing, Listing::Idle)
        };
        if listing == Listing::Outdated {
            self.core.list();
        }
    }
}
