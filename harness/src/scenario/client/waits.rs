//! Waits, and how a stream is opened again.

use stalemate_clients::model::{Anew, Backoff, Reopen, Reopening};

use super::knob::Knob;
use super::values::{BoundForm, Checked, MaybeForm, Shape};
use crate::yaml::decode::At;
use crate::yaml::duration::Duration;
use crate::yaml::forms::record;
use crate::yaml::report::{Mistake, Report};
use crate::yaml::scalar::{Flag, Whole};
use crate::yaml::tree::Node;
use crate::yaml::word::One;
use crate::yaml::write::{Entries, Yaml};

record! {
    /// Waits that grow from the first to the longest.
    BackoffForm, "waits";
    required {
        /// The first wait.
        "first" first: At<Duration>,
    }
    optional {
        /// The longest wait; the first if it is missing.
        "longest" longest: At<Duration>,
        /// Each wait in per cent of the one before; 200 if it is missing.
        "growth" growth: Whole<100, 10_000>,
    }
}

impl Shape for BackoffForm {
    type Value = Backoff;

    fn value(self, _: &Node, report: &mut Report<'_>) -> Option<Backoff> {
        waits(self.first?, self.longest, self.growth, report)
    }
}

fn waits(
    first: At<Duration>,
    longest: Option<At<Duration>>,
    growth: Option<Whole<100, 10_000>>,
    report: &mut Report<'_>,
) -> Option<Backoff> {
    let longest = longest.as_ref().unwrap_or(&first);
    if longest.value.0 < first.value.0 {
        let title = "the longest wait is shorter than the first";
        report.add(
            Mistake::new(longest.span, title, "this is the longest")
                .also(first.span, "this is the first")
                .help("the waits grow from `first` to `longest`"),
        );
        return None;
    }
    let backoff = Backoff::ms(first.value.0, longest.value.0);
    Some(Backoff {
        growth: growth.map_or(backoff.growth, |g| u32::try_from(g.0).unwrap_or(u32::MAX)),
        ..backoff
    })
}

fn written_waits(backoff: Backoff) -> Entries {
    let longest = (backoff.max != backoff.first).then(|| backoff.max.written());
    let growth = (backoff.growth != 200).then(|| Yaml::Number(backoff.growth.into()));
    Entries::default()
        .with("first", backoff.first.written())
        .with_some("longest", longest)
        .with_some("growth", growth)
}

impl Knob for Backoff {
    type Form = Checked<BackoffForm>;

    fn read(form: &Checked<BackoffForm>) -> Self {
        form.0
    }

    fn written(&self) -> Yaml {
        written_waits(*self).map()
    }
}

impl Knob for Option<Backoff> {
    type Form = MaybeForm<Checked<BackoffForm>>;

    fn read(form: &Self::Form) -> Self {
        match form {
            MaybeForm::Never(_) => None,
            MaybeForm::So(waits) => Some(waits.0),
        }
    }

    fn written(&self) -> Yaml {
        self.map_or_else(|| Yaml::text("never"), |waits| waits.written())
    }
}

record! {
    /// How a stream is opened again.
    ReopeningForm, "how a stream is opened again";
    required {
        /// The first wait. A `retry` of the server makes it longer.
        "first" first: At<Duration>,
    }
    optional {
        /// The longest wait; the first if it is missing.
        "longest" longest: At<Duration>,
        /// Each wait in per cent of the one before; 200 if it is missing.
        "growth" growth: Whole<100, 10_000>,
        /// After how many failures in a row it stays closed; `unlimited` if it is missing.
        "attempts" attempts: BoundForm,
        /// What ends a row of failures: a stream that `lasted` for 10 s, one that `opened`, or one that `ended-well`; `lasted`
        /// if it is missing.
        "anew" anew: One<Anew>,
        /// Whether the first opening, if it fails, is tried again like any other; `true` if it is missing.
        "first-opening-too" first_too: Flag,
    }
}

impl Shape for ReopeningForm {
    type Value = Reopening;

    fn value(self, _: &Node, report: &mut Report<'_>) -> Option<Reopening> {
        let backoff = waits(self.first?, self.longest, self.growth, report)?;
        let plain = Reopening::ms(1, 1);
        Some(Reopening {
            backoff,
            attempts: self.attempts.and_then(|bound| Knob::read(&bound)),
            anew: self.anew.map_or(plain.anew, |anew| anew.0),
            first_too: self.first_too.is_none_or(|flag| flag.0),
        })
    }
}

impl Knob for Reopen {
    type Form = MaybeForm<Checked<ReopeningForm>>;

    fn read(form: &Self::Form) -> Self {
        match form {
            MaybeForm::Never(_) => Self::Never,
            MaybeForm::So(reopening) => Self::After(reopening.0),
        }
    }

    fn written(&self) -> Yaml {
        let Self::After(reopening) = self else {
            return Yaml::text("never");
        };
        let plain = Reopening::ms(1, 1);
        let anew = (reopening.anew != plain.anew).then(|| reopening.anew.written());
        written_waits(reopening.backoff)
            .with_some(
                "attempts",
                reopening.attempts.map(|n| Yaml::Number(n.into())),
            )
            .with_some("anew", anew)
            .with_some(
                "first-opening-too",
                (!reopening.first_too).then_some(Yaml::Flag(false)),
            )
            .map()
    }
}
