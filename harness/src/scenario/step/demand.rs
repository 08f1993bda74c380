//! What a server is made to ask of its clients.

use super::StepAction;
use super::checker::Checker;
use crate::server::Demand;
use crate::yaml::decode::At;
use crate::yaml::forms::{record, words};
use crate::yaml::scalar::Text;
use crate::yaml::word::One;

words! {
    /// What a client is asked for, a ping aside.
    Asked, "things that a server can ask for"; Roots = "roots", Sampling = "sampling",
}

record! {
    /// A request of a server to its clients.
    AskForm, "`ask`";
    required {
        /// The server.
        "from" from: At<Text>,
        /// What it asks for: the client's `roots` (`roots/list`), or `sampling` by its model (`sampling/createMessage`).
        "what" what: One<Asked>,
    }
    optional {}
}

impl AskForm {
    /// What it means; `None` after an error.
    pub(super) fn means(&self, check: &mut Checker<'_, '_>) -> Option<StepAction> {
        let server = check.model(self.from.as_ref()?)?;
        let what = match self.what?.0 {
            Asked::Roots => Demand::Roots,
            Asked::Sampling => Demand::Sampling,
        };
        Some(StepAction::Ask { server, what })
    }
}

impl Asked {
    /// As the file has it. A ping is a step of its own.
    pub(super) fn word(demand: Demand) -> &'static str {
        match demand {
            Demand::Ping => "ping",
            Demand::Roots => "roots",
            Demand::Sampling => "sampling",
        }
    }
}
