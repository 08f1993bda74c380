//! The shapes of what verbs say besides their targets, and the words that they take.

use super::becomes::BecomesForm;
use super::targets::{Targeted, TargetsForm};
use crate::yaml::decode::At;
use crate::yaml::duration::Duration;
use crate::yaml::forms::{record, words};

words! {
    /// What is reloaded.
    Settings, "pages"; Settings = "settings",
}
words! {
    /// The argument of what opens a window.
    Open, "words here"; Open = "open",
}
words! {
    /// Which partitions are healed.
    All, "words here"; All = "all",
}

record! {
    /// What is started again, when, and as what.
    RestartForm, "`restart`";
    required {
        /// The servers, hops or machines.
        "target" target: TargetsForm,
    }
    optional {
        /// The time until it is started again; 1s if it is missing.
        "down" down: Duration,
        /// What the servers are from their next start on, where that is not what they were: another version, or the one
        /// before again.
        "as" becomes: At<BecomesForm>,
    }
}

record! {
    /// What is without power, and for how long.
    PowerForm, "`power-loss`";
    required {
        /// The servers, hops or machines.
        "target" target: TargetsForm,
    }
    optional {
        /// The time until it is started again; 1s if it is missing.
        "down" down: Duration,
    }
}

record! {
    /// What is drained.
    DrainForm, "`drain`";
    required {
        /// The servers, hops or machines.
        "target" target: TargetsForm,
    }
    optional {
        /// The time that work in flight is given; 30s if it is missing.
        "limit" limit: Duration,
        /// The time until it is started again; 1s if it is missing.
        "down" down: Duration,
    }
}

record! {
    /// What is down, and for how long.
    DownForm, "`down`";
    required {
        /// The servers, hops or machines.
        "target" target: TargetsForm,
    }
    optional {
        /// How long; without it until `up`.
        "for" span_of_time: Duration,
    }
}

record! {
    /// Who neither reads nor writes.
    StallForm, "`stall`";
    required {
        /// The servers, hops or machines, or `client`.
        "target" target: TargetsForm,
        /// How long.
        "for" span_of_time: Duration,
    }
    optional {}
}

impl Targeted for RestartForm {
    fn target(&self) -> Option<&TargetsForm> {
        self.target.as_ref()
    }
}

impl Targeted for PowerForm {
    fn target(&self) -> Option<&TargetsForm> {
        self.target.as_ref()
    }
}

impl Targeted for DrainForm {
    fn target(&self) -> Option<&TargetsForm> {
        self.target.as_ref()
    }
}

impl Targeted for DownForm {
    fn target(&self) -> Option<&TargetsForm> {
        self.target.as_ref()
    }
}
