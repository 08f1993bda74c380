//! Variants: dialects that differ from another one in little. They are one file, `dialects/variants.yaml`. Those whose
//! names begin with `broken/` are wrong on purpose, one rule each: invariants are tested on them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{Dialect, DialectError, Scope, Situation};
use crate::server::answer::Answer;

/// A rule that a broken server breaks and that no answer words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flaw {
    /// An id that is not live is served as if it were (SES-07b).
    Resurrects,
    /// A message to the client goes out on every open stream of its session (MULTI-02).
    Broadcasts,
    /// A message to the client goes out on the GET streams of all other sessions too.
    Leaks,
}

/// One variant.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Variant {
    name: String,
    summary: String,
    /// The dialect that it is like.
    like: String,
    #[serde(default)]
    flaws: BTreeSet<Flaw>,
    /// Answers in place of the other's, also to what that accepts.
    #[serde(default)]
    answers: BTreeMap<Situation, Answer>,
    #[serde(default)]
    replays: Option<Scope>,
    #[serde(default)]
    priming_closes: bool,
    /// Whether the process takes more than one session where the other does not.
    #[serde(default)]
    takes_many: bool,
}

/// Reads a file of variants of the dialects in `known`.
pub(super) fn parse(yaml: &str, known: &[Dialect]) -> Result<Vec<Dialect>, DialectError> {
    let variants: Vec<Variant> =
        serde_saphyr::from_str(yaml).map_err(|e| DialectError(e.to_string()))?;
    variants.into_iter().map(|v| v.applied(known)).collect()
}

impl Variant {
    fn applied(self, known: &[Dialect]) -> Result<Dialect, DialectError> {
        let fault = |text: &str| DialectError(format!("{}: {text}", self.name));
        let base = known.iter().find(|d| d.name == self.like);
        let mut dialect = base.cloned().ok_or_else(|| fault("like no dialect"))?;
        if let Some(scope) = self.replays {
            let resume = dialect.sse.resume.as_mut();
            resume.ok_or_else(|| fault("nothing is replayed"))?.scope = scope;
        }
        if self.priming_closes {
            let priming = dialect.sse.priming.as_mut();
            priming.ok_or_else(|| fault("nothing is primed"))?.closes = true;
        }
        if self.takes_many {
            dialect.sessions.single = false;
            let never = [Situation::Closed, Situation::NotInitialized];
            dialect
                .answers
                .retain(|situation, _| !never.contains(situation));
        }
        for (situation, answer) in self.answers {
            dialect.accepts.remove(&situation);
            dialect.answers.insert(situation, answer);
        }
        dialect.flaws = self.flaws;
        dialect.summary = self.summary;
        dialect.name = self.name;
        dialect.checked()
    }
}
