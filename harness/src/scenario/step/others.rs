//! Other users of a server, who have sessions on it.

use super::StepAction;
use super::checker::Checker;
use crate::server::Others;
use crate::yaml::decode::At;
use crate::yaml::forms::{record, words};
use crate::yaml::report::Mistake;
use crate::yaml::scalar::{Text, Whole};
use crate::yaml::word::One;
use crate::yaml::words::quote;
use crate::yaml::write::{Entries, Yaml};

/// The most users that one step can bring.
const MOST: u64 = 1_000;

words! {
    /// Who leaves.
    Leaving, "words here"; All = "all",
}

record! {
    /// What other users do on a server: exactly one of `hold`, `leak` and `leave`.
    OthersForm, "`others`";
    required {
        /// The server.
        "on" on: At<Text>,
    }
    optional {
        /// So many of them open a session each and work with it, so that it never rests.
        "hold" hold: At<Whole<1, MOST>>,
        /// So many open a session each and go away without ending it.
        "leak" leak: At<Whole<1, MOST>>,
        /// Those that work with a session end it.
        "leave" leave: At<One<Leaving>>,
    }
}

impl OthersForm {
    /// What it means; `None` after an error.
    pub(super) fn means(&self, check: &mut Checker<'_, '_>) -> Option<StepAction> {
        let name = self.on.as_ref()?;
        let on = check.model(name)?;
        let given = [
            self.hold.as_ref().map(|_| "hold"),
            self.leak.as_ref().map(|_| "leak"),
            self.leave.as_ref().map(|_| "leave"),
        ];
        let given: Vec<&str> = given.into_iter().flatten().collect();
        let many = |form: &At<Whole<1, MOST>>| usize::try_from(form.value.0).unwrap_or(1);
        let what = match (&self.hold, &self.leak, &self.leave) {
            (Some(form), None, None) => Others::Hold(many(form)),
            (None, Some(form), None) => Others::Leak(many(form)),
            (None, None, Some(_)) => Others::Leave,
            _ => {
                if !self.faulty {
                    let title = match given.is_empty() {
                        true => "nothing says what the other users do".to_owned(),
                        false => format!("the other users do {} things", given.len()),
                    };
                    let label = format!(
                        "exactly one of `hold`, `leak` and `leave` beside {}",
                        quote(&on)
                    );
                    let help = "write e.g. `others: {on: memory, leak: 63}`; several things are several steps";
                    check
                        .report
                        .add(Mistake::new(name.span, title, label).help(help));
                }
                return None;
            }
        };
        let dialect = check.names.models.get(&on).map(|(dialect, _)| dialect);
        if dialect.is_some_and(|dialect| !dialect.has_sessions()) {
            let title = format!("{} has no sessions", quote(&on));
            let finding = Mistake::new(name.span, title, "there is nothing for others to have");
            check.report.add(finding.help("remove this step"));
            return None;
        }
        Some(StepAction::Others { on, what })
    }

    /// As the file has it.
    pub(super) fn written(on: &str, what: Others) -> Yaml {
        let (key, value) = match what {
            Others::Hold(many) => ("hold", Yaml::Number(many as u64)),
            Others::Leak(many) => ("leak", Yaml::Number(many as u64)),
            Others::Leave => ("leave", Yaml::text("all")),
        };
        Entries::default()
            .with("on", Yaml::text(on))
            .with(key, value)
            .map()
    }
}
