//! Writing YAML: a tree of values, and how each is laid out. Quoting is the library's.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_saphyr::{FlowMap, FlowSeq};

/// A value to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Yaml {
    /// A number.
    Number(u64),
    /// A number that may be negative.
    Signed(i64),
    /// `true` or `false`.
    Flag(bool),
    /// A text, a word or a duration.
    Text(String),
    /// A list, on one line.
    List(Vec<Yaml>),
    /// A list, each item on lines of its own.
    Items(Vec<Yaml>),
    /// A map, on one line.
    Map(Vec<(String, Yaml)>),
    /// A map with numbers as keys, on one line.
    Numbers(Vec<(u64, Yaml)>),
    /// A map, each entry on lines of its own.
    Lines(Vec<(String, Yaml)>),
}

impl Yaml {
    /// A text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Texts on one line.
    pub(crate) fn texts<T: AsRef<str>>(texts: &[T]) -> Self {
        Self::List(texts.iter().map(|text| Self::text(text.as_ref())).collect())
    }

    /// The whole document, ended by a line feed.
    pub(crate) fn document(&self) -> String {
        let options = serde_saphyr::ser_options! {
            compact_list_indent: false,
            prefer_block_scalars: false,
            // `on` is a word, and no truth value.
            yaml_12: true,
            no_lang_directive: true,
        };
        serde_saphyr::to_string_with_options(self, options)
            .expect("texts, numbers, lists and maps can all be written")
    }
}

/// The entries of a map that stand there.
#[derive(Debug, Default)]
pub(crate) struct Entries(Vec<(String, Yaml)>);

impl Entries {
    /// With that entry.
    pub(crate) fn with(mut self, key: &str, value: Yaml) -> Self {
        self.0.push((key.to_owned(), value));
        self
    }

    /// With that entry, if there is a value.
    pub(crate) fn with_some(self, key: &str, value: Option<Yaml>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// With those entries behind its own.
    pub(crate) fn and(mut self, more: Self) -> Self {
        self.0.extend(more.0);
        self
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A map on one line.
    pub(crate) fn map(self) -> Yaml {
        Yaml::Map(self.0)
    }

    /// A map with each entry on lines of its own.
    pub(crate) fn lines(self) -> Yaml {
        Yaml::Lines(self.0)
    }
}

/// Entries whose values are laid out by themselves.
struct Map<'y>(&'y [(String, Yaml)]);

impl Serialize for Map<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// A value within a line. The library's wrappers stand around the outermost only: an inner one would be taken for the next
/// value that is none.
struct Within<'y>(&'y Yaml);

impl Serialize for Within<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Yaml::Number(number) => serializer.serialize_u64(*number),
            Yaml::Signed(number) => serializer.serialize_i64(*number),
            Yaml::Flag(flag) => serializer.serialize_bool(*flag),
            Yaml::Text(text) => serializer.serialize_str(text),
            Yaml::List(items) | Yaml::Items(items) => {
                serializer.collect_seq(items.iter().map(Within))
            }
            Yaml::Map(entries) | Yaml::Lines(entries) => {
                let entries = entries.iter();
                serializer.collect_map(entries.map(|(key, value)| (key, Within(value))))
            }
            Yaml::Numbers(entries) => {
                let entries = entries.iter();
                serializer.collect_map(entries.map(|(key, value)| (key, Within(value))))
            }
        }
    }
}

impl Serialize for Yaml {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(_) | Self::Signed(_) | Self::Flag(_) | Self::Text(_) => {
                Within(self).serialize(serializer)
            }
            Self::List(_) => FlowSeq(Within(self)).serialize(serializer),
            Self::Map(_) | Self::Numbers(_) => FlowMap(Within(self)).serialize(serializer),
            Self::Items(items) => items.serialize(serializer),
            Self::Lines(entries) => Map(entries).serialize(serializer),
        }
    }
}
