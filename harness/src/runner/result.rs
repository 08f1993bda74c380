//! What comes of a cell, as the table and the JSON show it.

use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};

use crate::journal::Rung;

/// How a cell came out, from the best to the worst.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Every promise was kept.
    Kept,
    /// Something that the scenario is about never happened.
    Vacuous,
    /// The server side itself did not work in calm.
    NoProgress,
    /// A promise was broken.
    Broken,
    /// Two runs gave different journals.
    NotDeterministic,
}

impl Outcome {
    /// The name in tables and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Vacuous => "vacuous",
            Self::NoProgress => "no-progress",
            Self::Broken => "broken",
            Self::NotDeterministic => "not-deterministic",
        }
    }

    /// The exit code for it: 0, 5, 3, 1, 4.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Kept => 0,
            Self::Vacuous => 5,
            Self::NoProgress => 3,
            Self::Broken => 1,
            Self::NotDeterministic => 4,
        }
    }
}

/// A verdict, without what it rests on.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// It was put to the test and held.
    Held,
    /// It was violated.
    Violated,
    /// Nothing happened that it speaks of.
    NotExercised,
    /// The record does not tell what it needs to be told.
    NotDecidable,
}

impl Said {
    /// The name in tables and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Violated => "violated",
            Self::NotExercised => "not-exercised",
            Self::NotDecidable => "not-decidable",
        }
    }

    /// Whether it was put to the test.
    #[must_use]
    pub fn is_exercised(self) -> bool {
        matches!(self, Self::Held | Self::Violated)
    }
}

/// The version of the form of [`Results`].
pub const RESULTS_VERSION: u32 = 2;

/// What `run --format json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Results {
    /// [`RESULTS_VERSION`].
    pub version: u32,
    /// What each client is, with its version where it is somebody's program.
    pub clients: BTreeMap<String, String>,
    /// The cells, in the order in which the table has them.
    pub results: Vec<CellResult>,
}

/// Whether the party of a [`Judged`] is on the client's side: the client or its application.
#[must_use]
pub fn is_clients(party: &str) -> bool {
    matches!(party, "client" | "application")
}

/// One invariant's verdict on one party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Judged {
    /// The invariant.
    pub id: String,
    /// `client`, `application`, or the name of a server or hop.
    pub party: String,
    /// The verdict.
    pub verdict: Said,
    /// Whether the scenario says so.
    pub expected: bool,
    /// What happened; empty unless violated.
    pub why: String,
    /// The entry of the journal at which it was violated.
    #[serde(skip)]
    pub at: Option<usize>,
}

/// A judged cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CellResult {
    /// The scenario's name.
    pub scenario: String,
    /// The client's name.
    pub client: String,
    /// The seed.
    pub seed: u64,
    /// The worst rung over all servers; `None` where the server side made no progress or nobody climbed: see `rungs`.
    pub rung: Option<Rung>,
    /// How it came out.
    pub outcome: Outcome,
    /// Every invariant's verdict.
    pub invariants: Vec<Judged>,
    /// The hash of the journal.
    pub journal_hash: String,
    /// How long the run lasted, in virtual milliseconds.
    pub virtual_ms: u64,
    /// How many requests the client made.
    pub exchanges: usize,
    /// The rung of each server that was climbed; `None` where no client can work behind that path or server.
    pub rungs: BTreeMap<String, Option<Rung>>,
    /// What keeps the outcome from being `kept`, and warnings, each in a sentence.
    pub problems: Vec<String>,
    /// The arms of decisions that were taken; not among what is printed.
    #[serde(skip)]
    #[schemars(skip)]
    pub arms: BTreeSet<(String, String)>,
}

impl Results {
    /// The JSON Schema of what `run --format json` prints.
    #[must_use]
    pub fn schema() -> Schema {
        schema_for!(Self)
    }
}
