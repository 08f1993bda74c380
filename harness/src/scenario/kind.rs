//! What a server is: the model server with a dialect, or a real one; and whether it can be that.

use std::fmt;
use std::sync::Arc;

use crate::dialect;
use crate::server::{Dialect, Durable, Situation};
use crate::yaml::decode::At;
use crate::yaml::report::{Mistake, Report};
use crate::yaml::source::Span;
use crate::yaml::word::One;
use crate::yaml::words::quote;
use crate::yaml::write::Yaml;

/// What a server is. `Debug` shows the name of a dialect only.
#[derive(Clone, PartialEq, Eq)]
pub enum ServerKind {
    /// The model server with that dialect.
    Dialect(Arc<Dialect>),
    /// The model server with a dialect that stands in the scenario itself.
    Like {
        /// The dialect.
        dialect: Arc<Dialect>,
        /// The one that it is written as like.
        like: Arc<Dialect>,
    },
    /// A real server by name, e.g. `rmcp`.
    Real(String),
}

impl ServerKind {
    /// The dialect of a model server.
    #[must_use]
    pub fn dialect(&self) -> Option<&Arc<Dialect>> {
        match self {
            Self::Dialect(dialect) | Self::Like { dialect, .. } => Some(dialect),
            Self::Real(_) => None,
        }
    }

    /// As the file has it: the key and its value.
    pub(super) fn written(&self) -> (&'static str, Yaml) {
        match self {
            Self::Dialect(dialect) => ("dialect", Yaml::text(&dialect.name)),
            Self::Like { dialect, like } => ("dialect", dialect::written(dialect, like)),
            Self::Real(name) => ("real", Yaml::text(name)),
        }
    }
}

impl fmt::Debug for ServerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Like { like, .. } => f.debug_struct("Like").field("like", &like.name).finish(),
            Self::Dialect(dialect) => f.debug_tuple("Dialect").field(&dialect.name).finish(),
            Self::Real(name) => f.debug_tuple("Real").field(name).finish(),
        }
    }
}

/// Whether a server of that dialect can keep that.
pub(super) fn keeps(dialect: &Dialect, kept: &At<One<Durable>>, report: &mut Report<'_>) {
    let word = kept.value.0.as_str();
    if kept.value.0 != Durable::Nothing && !dialect.has_sessions() {
        let title = format!("a server without sessions keeps no {}", quote(word));
        let finding = Mistake::new(kept.span, title, "there is nothing to keep");
        report.add(finding.help("remove `durable`"));
    } else if kept.value.0.of(dialect) != kept.value.0 {
        let title = format!("{} cannot keep its {word}", quote(&dialect.name));
        let label = "its one session has a transport that cannot be put back";
        let finding = Mistake::new(kept.span, title, label);
        report
            .add(finding.help(
                "write `durable: table`, or use a dialect with a transport for each session",
            ));
    } else {
        answers_ghosts(dialect, kept.value.0, kept.span, report);
    }
}

/// Whether a server of that dialect can answer ids that are known while their transports are gone, where it keeps such.
pub(super) fn answers_ghosts(
    dialect: &Dialect,
    kept: Durable,
    place: Span,
    report: &mut Report<'_>,
) {
    if kept == Durable::Table && dialect.answer_to(Situation::NotInitialized).is_none() {
        let title = format!("{} has no answer `not-initialized`", quote(&dialect.name));
        let label = "it is given to an id whose transport is gone";
        let finding = Mistake::new(place, title, label);
        let name = &dialect.name;
        report.add(finding.help(format!(
            "write `dialect: {{like: {name}, answers: {{not-initialized: {{status: 400}}}}}}`, with the body that it has"
        )));
    }
}

/// The server of a dialect; with the one that it is like, if it stands in the scenario.
pub(super) fn kind_of((dialect, like): (Arc<Dialect>, Option<Arc<Dialect>>)) -> ServerKind {
    match like {
        None => ServerKind::Dialect(dialect),
        Some(like) => ServerKind::Like { dialect, like },
    }
}
