//! The parts of a dialect file that are a word or something longer: what becomes of calls that end early, and methods.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::plain::{Plain, described};
use crate::server::{Cancelled, EndedCall, RpcFault};
use crate::yaml::collection::List;
use crate::yaml::decode::{Decode, mismatch};
use crate::yaml::fields::Fields;
use crate::yaml::report::Report;
use crate::yaml::scalar::Text;
use crate::yaml::tree::{Kind, Node};
use crate::yaml::write::{self, Yaml};

/// What becomes of a call that ends early: one of some words, or an error.
macro_rules! fate_of_call {
    ($type:ident, $key:literal, $what:literal; $($word:literal $variant:ident,)*) => {
        impl Decode for $type {
            const WHAT: &'static str = $what;

            fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
                match &node.kind {
                    Kind::Map(_) => {
                        let fields = Fields::of(node, $key, &["error"], report)?;
                        fields
                            .required::<RpcFault>("error", report)
                            .map(Self::Error)
                    }
                    $(Kind::Text(word) if word == $word => Some(Self::$variant),)*
                    _ => {
                        report.add(mismatch(node, Self::WHAT));
                        None
                    }
                }
            }
        }

        impl Plain<Self> for $type {
            fn plain(self) -> Self {
                self
            }

            fn written(value: &Self) -> Yaml {
                match value {
                    $(Self::$variant => Yaml::text($word),)*
                    Self::Error(fault) => write::Entries::default()
                        .with("error", RpcFault::written(fault))
                        .map(),
                }
            }
        }

        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let fault = generator.subschema_for::<RpcFault>();
                let fault = described(fault, &["The error that it is answered with."]);
                json_schema!({"anyOf": [
                    {"type": "string", "enum": [$($word),*]},
                    {
                        "type": "object",
                        "properties": {"error": fault},
                        "required": ["error"],
                        "additionalProperties": false
                    }
                ]})
            }
        }
    };
}

fate_of_call! {
    Cancelled, "`cancelled-call`", "`silence`, `end` or a map with an `error`";
    "silence" Silence,
    "end" End,
}

fate_of_call! {
    EndedCall, "`ended-call`", "`end`, `cut`, `silence` or a map with an `error`";
    "end" End,
    "cut" Cut,
    "silence" Silence,
}

/// Some methods, or all.
pub(super) struct Methods(Option<Vec<String>>);

impl Decode for Methods {
    const WHAT: &'static str = "`all` or a list of methods";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        match &node.kind {
            Kind::Text(word) if word == "all" => Some(Self(None)),
            Kind::List(_) => {
                let methods = List::<Text>::decode(node, report)?;
                Some(Self(Some(methods.items)))
            }
            _ => {
                let help = "write e.g. `[initialize, tools/list]`, or `all`";
                report.add(mismatch(node, Self::WHAT).help(help));
                None
            }
        }
    }
}

impl Plain<Option<Vec<String>>> for Methods {
    fn plain(self) -> Option<Vec<String>> {
        self.0
    }

    fn written(value: &Option<Vec<String>>) -> Yaml {
        match value {
            None => Yaml::text("all"),
            Some(methods) => Yaml::texts(methods),
        }
    }
}

impl JsonSchema for Methods {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Methods".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [
            {"type": "string", "enum": ["all"]},
            {"type": "array", "items": {"type": "string"}}
        ]})
    }
}
