//! Words of closed sets.

use schemars::json_schema;

use super::decode::{Decode, mismatch, unknown};
use super::report::{Mistake, Report};
use super::scalar::inline_schema;
use super::tree::{Kind, Node};
use super::words::{allowed, list, quote};

/// A closed set of words.
pub(crate) trait Word: Copy + 'static {
    /// What the words are, in the plural.
    const WHAT: &'static str;

    /// Each word with its value, in the order in which they are listed.
    fn words() -> Vec<(&'static str, Self)>;
}

/// One word of a closed set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct One<W>(pub(crate) W);

impl<W: Word> Decode for One<W> {
    const WHAT: &'static str = "a word";

    fn hint() -> String {
        format!("one of {}", list(&names::<W>()))
    }

    fn decode(node: &Node, report: &mut Report<'_>) -> Option<Self> {
        let names = names::<W>();
        if let Kind::Text(text) = &node.kind {
            if let Some((_, word)) = W::words().into_iter().find(|(name, _)| name == text) {
                return Some(Self(word));
            }
            report.add(match names[..] {
                [only] => {
                    let title = format!("{} cannot stand here", quote(text));
                    Mistake::new(node.span, title, format!("this must be the word `{only}`"))
                }
                _ => unknown(node.span, W::WHAT, text, &names),
            });
        } else if let [only] = names[..] {
            report.add(mismatch(node, &format!("the word `{only}`")));
        } else {
            report.add(mismatch(node, Self::WHAT).help(allowed("", W::WHAT, &names)));
        }
        None
    }
}

fn names<W: Word>() -> Vec<&'static str> {
    W::words().iter().map(|(name, _)| *name).collect()
}

inline_schema!([W: Word] One<W>, json_schema!({"type": "string", "enum": names::<W>()}));

/// The word for a value; empty for one that no word is for.
pub(crate) fn name<W: Word + PartialEq>(value: W) -> &'static str {
    let words = W::words().into_iter();
    words
        .filter(|(_, word)| *word == value)
        .map(|(name, _)| name)
        .next()
        .unwrap_or_default()
}
