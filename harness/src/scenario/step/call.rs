//! Calls of tools: what one is, its shape in a file, whether it makes sense, and how it is written.

use super::checker::Checker;
use crate::server::Tool;
use crate::yaml::decode::At;
use crate::yaml::duration::{Duration, written};
use crate::yaml::forms::{record, words};
use crate::yaml::report::Mistake;
use crate::yaml::scalar::{Text, Whole};
use crate::yaml::word::One;
use crate::yaml::write::{Entries, Yaml};

/// The time that the slow tool takes, where the file names none, in milliseconds.
const SLOW_MS: u64 = 10_000;

/// The longest padding of a call, in bytes: more than any limit of a proxy or server that is usual.
pub const MOST_PADDING: u32 = 16_777_216;

/// A driven call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The connector.
    pub on: String,
    /// The tool.
    pub tool: Tool,
    /// How it must end, whoever the client is; `None` demands nothing.
    pub expect: Option<CallExpect>,
    /// How many of it run at once, 1 to 64.
    pub parallel: u32,
    /// A name to wait for it by; without one the step ends when the call does.
    pub background: Option<String>,
    /// How long the slow tool takes, in milliseconds.
    pub takes_ms: u64,
    /// Whether the slow tool is asked to tell how far it is (PROG-01).
    pub progress: bool,
    /// How long the user waits for it, in milliseconds; `None` for longer than the tool takes and the path waits.
    pub patience_ms: Option<u64>,
    /// How many bytes longer its arguments are than they need be, at most [`MOST_PADDING`].
    pub padding: u32,
    /// Which of the user's client objects of the connector's server makes it, 1 to 9.
    pub object: u8,
}

/// How a call must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallExpect {
    /// With a result.
    Ok,
    /// With an error or a time-out.
    Error,
}

words! {
    /// How a call must end.
    Ending, "outcomes of a call"; Ok = "ok", Error = "error",
}

impl From<Ending> for CallExpect {
    fn from(end: Ending) -> Self {
        match end {
            Ending::Ok => Self::Ok,
            Ending::Error => Self::Error,
        }
    }
}

impl CallExpect {
    /// As the file has it.
    pub(super) fn written(self) -> Yaml {
        match self {
            Self::Ok => Yaml::text("ok"),
            Self::Error => Yaml::text("error"),
        }
    }
}

record! {
    /// A call of a tool.
    CallForm, "`call`";
    required {
        /// The server.
        "on" on: At<Text>,
        /// The tool.
        "tool" tool: One<Tool>,
    }
    optional {
        /// How the call must end, whoever the client is.
        "expect" expect: One<Ending>,
        /// How many of it run at once; 1 if it is missing.
        "parallel" parallel: Whole<1, 64>,
        /// A name to `await` it by; without one the step ends when the call does.
        "background" background: At<Text>,
        /// How long the tool `slow` takes; 10s if it is missing.
        "takes" takes: At<Duration>,
        /// The tool `slow` is asked to tell every second how far it is; clients that name no progress token hear nothing.
        "progress" progress: At<One<Wanted>>,
        /// How long the user waits; if it is missing, longer than the tool takes and than any hop on the path waits.
        "patience" patience: At<Duration>,
        /// How many bytes longer its arguments are than they need be, by one that no tool reads; 0 if it is missing.
        "padding" padding: Whole<0, 16_777_216>,
        /// Which of the user's client objects of that server asks; 1 if it is missing. Each beside the first is made at its first
        /// request, has a session of its own and lasts until the user disconnects or deletes the connector.
        "object" object: Whole<1, 9>,
    }
}

words! {
    /// That something is asked for.
    Wanted, "words here"; Wanted = "wanted",
}

/// Which client object asks, as the file has it.
pub(super) fn written_object(object: u8) -> Option<Yaml> {
    (object != 1).then(|| Yaml::Number(object.into()))
}

/// What a call means; `None` after an error.
pub(crate) fn call(form: &CallForm, check: &mut Checker<'_, '_>) -> Option<Call> {
    if let Some(on) = &form.on {
        check.server(on);
    }
    if let (Some(takes), Some(tool)) = (&form.takes, &form.tool)
        && tool.0 != Tool::Slow
    {
        check.report.add(
            Mistake::new(
                takes.span,
                format!("`{}` answers at once", tool.0.as_str()),
                "`takes` has no effect here",
            )
            .help("only the tool `slow` takes time: remove `takes`, or call `slow`"),
        );
    }
    if let (Some(progress), Some(tool)) = (&form.progress, &form.tool)
        && tool.0 != Tool::Slow
    {
        check.report.add(
            Mistake::new(
                progress.span,
                format!("`{}` answers at once", tool.0.as_str()),
                "`progress` has no effect here",
            )
            .help("only the tool `slow` takes time: remove `progress`, or call `slow`"),
        );
    }
    Some(Call {
        on: form.on.as_ref()?.value.clone(),
        tool: form.tool?.0,
        expect: form.expect.map(|end| end.0.into()),
        parallel: form.parallel.map_or(Some(1), |n| u32::try_from(n.0).ok())?,
        background: form.background.as_ref().map(|name| name.value.clone()),
        takes_ms: form.takes.as_ref().map_or(SLOW_MS, |takes| takes.value.0),
        progress: form.progress.is_some(),
        patience_ms: form.patience.as_ref().map(|patience| patience.value.0),
        padding: form.padding.map_or(Some(0), |n| u32::try_from(n.0).ok())?,
        object: form.object.map_or(Some(1), |n| u8::try_from(n.0).ok())?,
    })
}

impl Call {
    /// A call of that tool, by which nothing is demanded.
    #[must_use]
    pub fn new(on: &str, tool: Tool) -> Self {
        Self {
            on: on.to_owned(),
            tool,
            expect: None,
            parallel: 1,
            background: None,
            takes_ms: SLOW_MS,
            progress: false,
            patience_ms: None,
            padding: 0,
            object: 1,
        }
    }

    /// As the file has it.
    pub(crate) fn written(&self) -> Yaml {
        let takes = (self.takes_ms != SLOW_MS).then(|| Yaml::text(written(self.takes_ms)));
        let parallel = (self.parallel != 1).then(|| Yaml::Number(self.parallel.into()));
        Entries::default()
            .with("on", Yaml::text(&self.on))
            .with("tool", Yaml::text(self.tool.as_str()))
            .with_some("expect", self.expect.map(CallExpect::written))
            .with_some("parallel", parallel)
            .with_some("background", self.background.as_ref().map(Yaml::text))
            .with_some("takes", takes)
            .with_some("progress", self.progress.then(|| Yaml::text("wanted")))
            .with_some(
                "patience",
                self.patience_ms.map(|ms| Yaml::text(written(ms))),
            )
            .with_some(
                "padding",
                (self.padding > 0).then(|| Yaml::Number(self.padding.into())),
            )
            .with_some("object", written_object(self.object))
            .map()
    }
}
