//! Servers that change: what one is from its next start on, and which tools it has from a notification on.

use schemars::JsonSchema;

use super::StepAction;
use super::checker::Checker;
use crate::dialect::DialectForm;
use crate::scenario::ServerKind;
use crate::scenario::kind::kind_of;
use crate::scenario::tools::{tools, written};
use crate::server::{Tool, Tools};
use crate::yaml::collection::List;
use crate::yaml::decode::{At, Decode};
use crate::yaml::forms::record;
use crate::yaml::report::{Mistake, Report};
use crate::yaml::scalar::Text;
use crate::yaml::source::Span;
use crate::yaml::tree::{Kind, Node};
use crate::yaml::word::One;
use crate::yaml::words::quote;
use crate::yaml::write::{Entries, Yaml};

/// What servers are from their next start on.
#[derive(Clone, Debug, PartialEq)]
pub struct Becomes {
    /// The dialect; `None` is the one that they had.
    pub kind: Option<ServerKind>,
    /// The tools; `None` is those that they had.
    pub tools: Option<Tools>,
}

record! {
    /// What a server is from its next start on: at least one of the keys.
    BecomesForm, "`as`";
    required {}
    optional {
        /// Its dialect, by name or as `{like: …}`, as under `servers`.
        "dialect" dialect: At<DialectForm>,
        /// Its tools, `create_entities` and `search_nodes` among them.
        "tools" tools: At<List<At<One<Tool>>>>,
    }
}

record! {
    /// The server that notifies, and the tools that it has from then on.
    NotifyForm, "`notify`";
    required {
        /// The server.
        "from" from: At<Text>,
        /// Its tools, `create_entities` and `search_nodes` among them.
        "tools" tools: At<List<At<One<Tool>>>>,
    }
    optional {}
}

/// A server alone, or with its tools.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub(crate) enum NotifyOr {
    /// A server alone.
    Bare(At<Text>),
    /// With its tools.
    Full(NotifyForm),
}

impl Decode for NotifyOr {
    const WHAT: &'static str = "a server or a map";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        match node.kind {
            Kind::Map(_) => NotifyForm::decode(node, report).map(Self::Full),
            _ => At::decode(node, report).map(Self::Bare),
        }
    }
}

impl NotifyOr {
    /// The name of the server, if it could be read.
    pub(super) fn server(&self) -> Option<&At<Text>> {
        match self {
            Self::Bare(name) => Some(name),
            Self::Full(form) => form.from.as_ref(),
        }
    }

    /// What it means; `None` after an error.
    pub(super) fn means(&self, check: &mut Checker<'_, '_>) -> Option<StepAction> {
        let server = check.model(self.server()?);
        let tools = match self {
            Self::Bare(_) => None,
            Self::Full(form) => Some(tools(form.tools.as_ref()?, check.report)),
        };
        let server = server?;
        Some(StepAction::Notify { server, tools })
    }
}

impl NotifyForm {
    /// As the file has it.
    pub(super) fn written(server: &str, tools: Option<Tools>) -> Yaml {
        match tools {
            None => Yaml::text(server),
            Some(tools) => Entries::default()
                .with("from", Yaml::text(server))
                .with("tools", written(tools))
                .map(),
        }
    }
}

impl BecomesForm {
    /// What it means for those targets; `None` after an error.
    pub(super) fn means(
        &self,
        span: Span,
        targets: &[At<Text>],
        check: &mut Checker<'_, '_>,
    ) -> Option<Becomes> {
        if self.dialect.is_none() && self.tools.is_none() {
            if !self.faulty {
                let finding = Mistake::new(span, "`as` says nothing", "no key stands here");
                let help = "name a `dialect`, or `tools`; without `as` it is what it was";
                check.report.add(finding.help(help));
            }
            return None;
        }
        let before = check.report.count();
        let kind = self.dialect.as_ref().and_then(|dialect| {
            let known = &check.vocabulary.dialects;
            Some(kind_of(dialect.value.meant(
                dialect.span,
                known,
                check.report,
            )?))
        });
        let tools = self.tools.as_ref().map(|form| tools(form, check.report));
        for target in targets {
            if let (Some(dialect), Some(kind)) = (&self.dialect, &kind) {
                can_become(target, dialect.span, kind, check);
            } else {
                is_model(target, check);
            }
        }
        (check.report.count() == before).then_some(Becomes { kind, tools })
    }
}

/// The model server that a target is; if it is none, that is reported.
fn is_model(target: &At<Text>, check: &mut Checker<'_, '_>) -> Option<String> {
    let server = check.names.server_of(&target.value);
    let Some(server) = server else {
        let title = format!(
            "{} cannot be started as something else",
            quote(&target.value)
        );
        let finding = Mistake::new(target.span, title, "not a server");
        let help =
            "`as` is for servers and their processes: give the others a `restart` of their own";
        check.report.add(finding.help(help));
        return None;
    };
    let server = At {
        value: server.to_owned(),
        span: target.span,
        line: target.line,
    };
    check.model(&server)
}

/// Whether a target can become that: what outlives its processes must be kept as before.
fn can_become(target: &At<Text>, place: Span, kind: &ServerKind, check: &mut Checker<'_, '_>) {
    let Some(server) = is_model(target, check) else {
        return;
    };
    let Some((dialect, durable)) = check.names.models.get(&server) else {
        return;
    };
    let Some(other) = kind.dialect() else { return };
    if durable.of(other) != durable.of(dialect) {
        let title = format!("{} keeps what such a server cannot keep", quote(&server));
        let label = format!(
            "with it, `durable: {}` means something else",
            durable.as_str()
        );
        let finding = Mistake::new(place, title, label);
        let help = "remove `durable` from the server, or name a dialect whose sessions can be kept as they were";
        check.report.add(finding.help(help));
    } else {
        crate::scenario::kind::answers_ghosts(other, *durable, place, check.report);
    }
}

impl Becomes {
    /// As the file has it.
    pub(super) fn written(&self) -> Yaml {
        let kind = self.kind.as_ref().map(ServerKind::written);
        let form = match kind {
            Some((key, kind)) => Entries::default().with(key, kind),
            None => Entries::default(),
        };
        form.with_some("tools", self.tools.map(written)).map()
    }

    /// What it is, in a few words.
    #[must_use]
    pub fn told(&self) -> String {
        let dialect = self.kind.as_ref().map(|kind| match kind {
            ServerKind::Dialect(dialect) => dialect.name.clone(),
            ServerKind::Like { like, .. } => format!("one like {}", like.name),
            ServerKind::Real(name) => name.clone(),
        });
        let tools = self
            .tools
            .map(|tools| format!("with the tools {}", tools.names().join(", ")));
        let parts: Vec<String> = dialect.into_iter().chain(tools).collect();
        parts.join(" ")
    }
}
