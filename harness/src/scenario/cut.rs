//! Where a connection is cut: its shape in a file, and how it is written.

use schemars::JsonSchema;

use crate::journal::{CutAt, Part};
use crate::yaml::decode::{Decode, mismatch};
use crate::yaml::report::Report;
use crate::yaml::scalar::Whole;
use crate::yaml::tree::{Kind, Node};
use crate::yaml::word::{One, Word, name};
use crate::yaml::write::Yaml;

impl Word for Part {
    const WHAT: &'static str = "parts of a message";

    fn words() -> Vec<(&'static str, Self)> {
        vec![
            ("head", Self::Head),
            ("body", Self::Body),
            ("end", Self::End),
        ]
    }
}

/// Where in a message a connection is cut.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub(super) enum CutForm {
    /// After so many bytes.
    Byte(Whole<0, 1_048_576>),
    /// In a part of it.
    Part(One<Part>),
}

impl Decode for CutForm {
    const WHAT: &'static str = "a number of bytes, or a part of a message";

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        match &node.kind {
            Kind::Number(_) => Whole::decode(node, report).map(Self::Byte),
            Kind::Text(_) => One::decode(node, report).map(Self::Part),
            _ => {
                let help = "write e.g. `20`, or one of `head`, `body` and `end`";
                report.add(mismatch(node, Self::WHAT).help(help));
                None
            }
        }
    }
}

impl CutForm {
    /// What it means.
    pub(super) fn meant(&self) -> CutAt {
        match self {
            Self::Byte(bytes) => CutAt::Byte(bytes.0),
            Self::Part(part) => CutAt::Part(part.0),
        }
    }
}

/// As the file has it.
pub(super) fn written(at: CutAt) -> Yaml {
    match at {
        CutAt::Byte(bytes) => Yaml::Number(bytes),
        CutAt::Part(part) => Yaml::text(name(part)),
    }
}
