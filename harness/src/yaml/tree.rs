//! YAML as a tree in which every node knows its place, so that all errors of a file can be reported and not only the
//! first. Limits keep hostile files quick. What the nodes mean is `decode`'s business.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Error, Location, MessageFormatter, Options, Spanned, UserMessageFormatter};

use super::report::{Mistake, Report};
use super::source::{Source, Span};

/// How deep maps and lists may be nested.
const DEEPEST: usize = 32;
/// How many values a file may have, those that aliases repeat included.
const MOST: usize = 20_000;

/// A value of the file.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// Where to point: a scalar's own text, a map's or list's key or beginning. In an alias, where the value is defined.
    pub(crate) span: Span,
    /// The line where it is used, from 1.
    pub(crate) line: u64,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Nothing, or `~`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A plain number, as it is written.
    Number(String),
    /// Any other scalar, and everything in quotes.
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// What it is, for messages.
    pub(crate) fn describe(&self) -> &'static str {
        match self.kind {
            Kind::Null => "nothing",
            Kind::Bool(_) => "a truth value",
            Kind::Number(_) => "a number",
            Kind::Text(_) => "a text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }

    /// The place of what stands below the keys of `path`, from the outside in; in a list an item is found by its text. If
    /// it is not there, the place of the last that is.
    pub(crate) fn place(&self, path: &[&str]) -> Span {
        let Some((first, rest)) = path.split_first() else {
            return self.span;
        };
        let is = |node: &Node| matches!(&node.kind, Kind::Text(text) if text == first);
        let below = match &self.kind {
            Kind::Map(entries) => entries.iter().find(|(key, _)| is(key)).map(|(_, v)| v),
            Kind::List(items) => items.iter().find(|item| is(item)),
            _ => None,
        };
        below.map_or(self.span, |below| below.place(rest))
    }
}

/// Reads the one document of a file, which should be `what`, e.g. "a scenario".
pub(crate) fn parse(source: &Source, what: &str, report: &mut Report<'_>) -> Option<Node> {
    match serde_saphyr::from_str_with_options::<Spanned<Raw>>(&source.text, options()) {
        Ok(raw) => Some(node(raw, None, source)),
        Err(error) => {
            report.add(finding(&error, what, source));
            None
        }
    }
}

fn options() -> Options {
    serde_saphyr::options! {
        // Repeated keys come through, so that `decode` can report each of them.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        strict_booleans: true,
        emit_comments: false,
        with_snippet: false,
        budget: serde_saphyr::budget! { max_depth: DEEPEST, max_nodes: MOST },
    }
}

fn finding(error: &Error, what: &str, source: &Source) -> Mistake {
    let place = error.location().unwrap_or(Location::UNKNOWN);
    let span = source.at(place.line().max(1), place.column().max(1));
    // What went wrong within an alias went wrong all the same.
    let mut error = error;
    while let Error::AliasError { error: within, .. } = error {
        error = within;
    }
    if let Error::MultipleDocuments { .. } = error {
        return Mistake::new(
            span,
            "the file has several YAML documents",
            "the second begins here",
        )
        .help(format!(
            "one file is {}: put each document into a file of its own, without `---`",
            what.replacen("a ", "one ", 1)
        ));
    }
    match error {
        Error::UnknownAnchor { .. } => {
            return Mistake::new(span, "this alias refers to nothing", "no such anchor above")
                .help("an alias `*name` repeats what is marked `&name` above; a text that begins with `*` needs quotes");
        }
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            return Mistake::new(
                span,
                "this alias refers to itself",
                "it stands within its own anchor",
            )
            .help("write out what is meant");
        }
        _ => {}
    }
    let message = UserMessageFormatter.format_message(error).into_owned();
    if matches!(
        error,
        Error::Budget { .. } | Error::AliasReplayLimitExceeded { .. }
    ) || message.contains("recursion limit")
    {
        let title = format!("the file is too deep or too large to be {what}");
        return Mistake::new(span, title, "given up here").help(format!(
            "values may be nested {DEEPEST} deep, and a file may have {MOST} of them, those that aliases repeat included"
        ));
    }
    let help = if message.contains("tab") {
        "YAML is indented with spaces: replace the tab"
    } else if message.contains("unexpected character") {
        "remove the character, or put the text in quotes"
    } else if message.contains("quoted") {
        "a quote that was opened here or above is not closed"
    } else if message.contains("mapping values") || message.contains("placement of ':'") {
        "a key needs a space after its colon, a text that contains `: ` needs quotes, and brackets that were opened above must be closed"
    } else if message.contains("expected") || message.contains("indent") {
        "entries of one map or list begin in the same column; brackets and quotes that were opened above must be closed"
    } else {
        "put a text with special characters in quotes"
    };
    Mistake::new(span, "this is not valid YAML", message).help(help)
}

/// The tree as serde delivers it; the text of plain scalars is taken from the source afterwards.
enum Raw {
    Null,
    Bool(bool),
    Number,
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<Raw>, Spanned<Raw>)>),
}

fn node(raw: Spanned<Raw>, key: Option<Span>, source: &Source) -> Node {
    let own = span(raw.defined, source);
    let line = raw.referenced.line().max(1);
    // A map or list has no text of its own to point at: its key, or else what it begins with, stands for it.
    let outer = |first: Option<Span>| key.or(first).unwrap_or(own);
    match raw.value {
        Raw::Null if own.start == own.end => Node {
            kind: Kind::Null,
            span: key.unwrap_or(own),
            line,
        },
        Raw::Null => Node {
            kind: Kind::Null,
            span: own,
            line,
        },
        Raw::Bool(value) => Node {
            kind: Kind::Bool(value),
            span: own,
            line,
        },
        Raw::Number => Node {
            kind: Kind::Number(source.text[own.start..own.end].to_owned()),
            span: own,
            line,
        },
        Raw::Text(text) => Node {
            kind: Kind::Text(text),
            span: own,
            line,
        },
        Raw::List(items) => {
            let items: Vec<Node> = items.into_iter().map(|i| node(i, None, source)).collect();
            Node {
                span: outer(
                    (own.start == own.end)
                        .then(|| items.first().map(|i| i.span))
                        .flatten(),
                ),
                kind: Kind::List(items),
                line,
            }
        }
        Raw::Map(entries) => {
            let entries: Vec<(Node, Node)> = entries
                .into_iter()
                .map(|(k, v)| {
                    let k = node(k, None, source);
                    let v = node(v, Some(k.span), source);
                    (k, v)
                })
                .collect();
            Node {
                span: outer(
                    (own.start == own.end)
                        .then(|| entries.first().map(|e| e.0.span))
                        .flatten(),
                ),
                kind: Kind::Map(entries),
                line,
            }
        }
    }
}

/// The bytes of a location, without blanks at their end.
fn span(location: Location, source: &Source) -> Span {
    let bytes = location.span();
    let start = bytes.byte_offset().and_then(|n| usize::try_from(n).ok());
    let len = bytes.byte_len().and_then(|n| usize::try_from(n).ok());
    if let (Some(start), Some(len)) = (start, len)
        && let Some(text) = source.text.get(start..start + len)
    {
        let len = text.trim_end().len();
        return Span {
            start,
            end: start + len,
        };
    }
    let place = source.at(location.line().max(1), location.column().max(1));
    Span {
        start: place.start,
        end: place.start,
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_i128<E: de::Error>(self, _: i128) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_u128<E: de::Error>(self, _: u128) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}
