//! Variants: dialects that differ from another one in little. Those whose names begin with `broken/` are wrong on purpose,
//! one rule each: invariants are tested on them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::plain::shape;
use super::shapes::Answers;
use crate::server::{Answer, Dialect, Flaw, Scope, Situation};
use crate::yaml::collection::List;
use crate::yaml::decode::{At, unknown};
use crate::yaml::report::{Finding, Report};
use crate::yaml::scalar::{Flag, Text};
use crate::yaml::word::One;

/// One variant.
pub(super) struct Variant {
    name: String,
    summary: String,
    /// The dialect that it is like.
    like: At<Text>,
    flaws: BTreeSet<Flaw>,
    /// Answers in place of the other's, also to what that accepts.
    answers: BTreeMap<Situation, Answer>,
    replays: Option<At<One<Scope>>>,
    priming_closes: Option<At<Flag>>,
    /// Whether the process takes more than one session where the other does not.
    takes_many: bool,
}

shape! {
    Variant, "a variant";
    required {
        "name" name: Text,
        "summary" summary: Text,
        "like" like: At<Text>,
    }
    optional {
        "replays" replays: At<One<Scope>>,
        "priming-closes" priming_closes: At<Flag>,
    }
    otherwise {
        "flaws" flaws: List<One<Flaw>> = BTreeSet::new(),
        "answers" answers: Answers = BTreeMap::new(),
        "takes-many" takes_many: Flag = false,
    }
}

impl Variant {
    /// The dialect that it is; `None` after an error. `known` are those that it can be like.
    pub(super) fn applied(
        self,
        known: &[Arc<Dialect>],
        report: &mut Report<'_>,
    ) -> Option<Dialect> {
        let base = known.iter().find(|d| d.name == self.like.value);
        let Some(base) = base else {
            let names: Vec<&str> = known.iter().map(|d| d.name.as_str()).collect();
            report.add(unknown(
                self.like.span,
                "dialects",
                &self.like.value,
                &names,
            ));
            return None;
        };
        let mut dialect = Dialect::clone(base);
        let mut missing = |span, what: &str| {
            let title = format!("{} {what}", base.name);
            report.add(Finding::new(span, title, "so this has no effect"));
        };
        if let Some(scope) = self.replays {
            match &mut dialect.sse.resume {
                Some(resume) => resume.scope = scope.value.0,
                None => missing(scope.span, "replays nothing"),
            }
        }
        if let Some(closes) = self.priming_closes {
            match &mut dialect.sse.priming {
                Some(priming) => priming.closes = closes.value.0,
                None => missing(closes.span, "primes no stream"),
            }
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
        Some(dialect)
    }
}
