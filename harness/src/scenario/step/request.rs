//! Requests of the user that call no tool: what one is, its shapes in a file, and how it is written.

use super::call::{CallExpect, Ending, written_object};
use super::checker::Checker;
use crate::server::{Prompt, Resource};
use crate::yaml::decode::At;
use crate::yaml::duration::{Duration, written};
use crate::yaml::forms::record;
use crate::yaml::scalar::{Text, Whole};
use crate::yaml::word::One;
use crate::yaml::write::{Entries, Yaml};

/// A driven request for a resource or a prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct Request<T> {
    /// The connector.
    pub on: String,
    /// What is asked for.
    pub what: T,
    /// How it must end, whoever the client is; `None` demands nothing.
    pub expect: Option<CallExpect>,
    /// How many of it run at once, 1 to 64.
    pub parallel: u32,
    /// A name to wait for it by; without one the step ends when the request does.
    pub background: Option<String>,
    /// How long the user waits for it, in milliseconds; `None` for longer than the path waits.
    pub patience_ms: Option<u64>,
    /// Which of the user's client objects of the connector's server asks, 1 to 9.
    pub object: u8,
}

/// The form of such a request, whose only key of its own names what is asked for.
macro_rules! request {
    ($(#[$meta:meta])* $form:ident, $what:literal, $(#[$doc:meta])* $key:literal: $type:ty) => {
        record! {
            $(#[$meta])*
            $form, $what;
            required {
                /// The server.
                "on" on: At<Text>,
                $(#[$doc])*
                $key what: One<$type>,
            }
            optional {
                /// How it must end, whoever the client is.
                "expect" expect: One<Ending>,
                /// How many of it run at once; 1 if it is missing.
                "parallel" parallel: Whole<1, 64>,
                /// A name to `await` it by; without one the step ends when the request does.
                "background" background: At<Text>,
                /// How long the user waits; if it is missing, longer than any hop on the path waits.
                "patience" patience: At<Duration>,
                /// Which of the user's client objects of that server asks; 1 if it is missing. Each beside the first is made at its first
                /// request, has a session of its own and lasts until the user disconnects or deletes the connector.
                "object" object: Whole<1, 9>,
            }
        }

        impl $form {
            /// What it means; `None` after an error.
            pub(super) fn means(&self, check: &mut Checker<'_, '_>) -> Option<Request<$type>> {
                if let Some(on) = &self.on {
                    check.server(on);
                }
                Some(Request {
                    on: self.on.as_ref()?.value.clone(),
                    what: self.what?.0,
                    expect: self.expect.map(|end| end.0.into()),
                    parallel: self.parallel.map_or(Some(1), |n| u32::try_from(n.0).ok())?,
                    background: self.background.as_ref().map(|name| name.value.clone()),
                    patience_ms: self.patience.as_ref().map(|patience| patience.value.0),
                    object: self.object.map_or(Some(1), |n| u8::try_from(n.0).ok())?,
                })
            }
        }
    };
}

request! {
    /// A resource that is read.
    ReadForm, "`read`",
    /// The resource.
    "resource": Resource
}
request! {
    /// A resource of whose changes the client is told from then on.
    SubscribeForm, "`subscribe`",
    /// The resource.
    "resource": Resource
}
request! {
    /// A prompt that is filled in.
    PromptForm, "`prompt`",
    /// The prompt.
    "name": Prompt
}
request! {
    /// An argument that is completed.
    CompleteForm, "`complete`",
    /// The prompt that it belongs to.
    "prompt": Prompt
}

impl<T> Request<T> {
    /// A request by which nothing is demanded.
    #[must_use]
    pub fn new(on: &str, what: T) -> Self {
        Self {
            on: on.to_owned(),
            what,
            expect: None,
            parallel: 1,
            background: None,
            patience_ms: None,
            object: 1,
        }
    }

    /// As the file has it, with what is asked for under that key.
    pub(super) fn written(&self, key: &str, what: &str) -> Yaml {
        let parallel = (self.parallel != 1).then(|| Yaml::Number(self.parallel.into()));
        let patience = self.patience_ms.map(|ms| Yaml::text(written(ms)));
        Entries::default()
            .with("on", Yaml::text(&self.on))
            .with(key, Yaml::text(what))
            .with_some("expect", self.expect.map(CallExpect::written))
            .with_some("parallel", parallel)
            .with_some("background", self.background.as_ref().map(Yaml::text))
            .with_some("patience", patience)
            .with_some("object", written_object(self.object))
            .map()
    }
}
