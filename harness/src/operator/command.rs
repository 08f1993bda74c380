//! What the script asks of the operator.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use tokio::sync::oneshot;

use crate::scenario::StepAction;

/// What the script asks of the operator. The answer comes when the fault has begun; for restarts, when it is over.
pub struct Command {
    /// What to do.
    pub what: Ask,
    /// Told when it is done.
    pub done: oneshot::Sender<()>,
}

/// The things that can be asked.
pub enum Ask {
    /// Carry out a fault step.
    Fault(StepAction),
    /// Heal everything and bring everything up.
    Calm,
}

/// Commands on their way to the operator.
pub type Commands = Rc<RefCell<VecDeque<Command>>>;
