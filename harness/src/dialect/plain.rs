//! From what a file says to the values of a core and back. A dialect may be written as another one and what differs, so
//! that each part can be read whole, laid over what is there, and compared with another.

use std::collections::BTreeSet;

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use crate::yaml::collection::List;
use crate::yaml::decode::Decode;
use crate::yaml::duration::{Duration, TimeoutForm, written};
use crate::yaml::fields::Fields;
use crate::yaml::report::Report;
use crate::yaml::scalar::{AnyText, Flag, Signed, Text, Whole};
use crate::yaml::tree::{Kind, Node};
use crate::yaml::word::{self, One, Word};
use crate::yaml::write::{Entries, Yaml};

/// The word that says of an optional part that there is none. It is for what another dialect has.
pub(super) const NONE: &str = "none";

/// What is read as one type and kept as another.
pub(super) trait Plain<V>: Decode {
    /// The value.
    fn plain(self) -> V;

    /// The value as files have it.
    fn written(value: &V) -> Yaml;

    /// Puts what is read in place of `value`, or of the parts of it that stand there.
    fn overlay(value: &mut V, node: &Node, report: &mut Report<'_>) {
        if let Some(read) = Self::decode(node, report) {
            *value = read.plain();
        }
    }

    /// What must be laid over `base` to get `value`; `None` if they are the same.
    fn difference(value: &V, base: &V) -> Option<Yaml>
    where
        V: PartialEq,
    {
        (value != base).then(|| Self::written(value))
    }
}

/// What stands under an optional key of a whole part.
pub(super) fn optional<T: Plain<V>, V>(node: &Node, report: &mut Report<'_>) -> Option<V> {
    if says_none(node) {
        return None;
    }
    T::decode(node, report).map(T::plain)
}

/// As [`Plain::overlay`], for an optional part.
pub(super) fn overlay_optional<T: Plain<V>, V>(
    value: &mut Option<V>,
    node: &Node,
    report: &mut Report<'_>,
) {
    match value {
        Some(value) if !says_none(node) => T::overlay(value, node, report),
        _ => *value = optional::<T, V>(node, report),
    }
}

/// As [`Plain::difference`], for an optional part.
pub(super) fn difference_optional<T: Plain<V>, V: PartialEq>(
    value: Option<&V>,
    base: Option<&V>,
) -> Option<Yaml> {
    match (value, base) {
        (None, None) => None,
        (None, Some(_)) => Some(Yaml::text(NONE)),
        (Some(value), None) => Some(T::written(value)),
        (Some(value), Some(base)) => T::difference(value, base),
    }
}

/// What can stand under an optional key.
pub(super) fn schema_optional(schema: Schema) -> Schema {
    // Among texts the word is one already.
    if schema.as_value() == &json!({"type": "string"}) {
        return schema;
    }
    json_schema!({"anyOf": [schema, {"type": "string", "enum": [NONE]}]})
}

pub(super) fn says_none(node: &Node) -> bool {
    matches!(&node.kind, Kind::Text(text) if text == NONE)
}

impl Plain<String> for Text {
    fn plain(self) -> String {
        self
    }

    fn written(value: &String) -> Yaml {
        Yaml::text(value)
    }
}

impl Plain<String> for AnyText {
    fn plain(self) -> String {
        self.0
    }

    fn written(value: &String) -> Yaml {
        Yaml::text(value)
    }
}

impl Plain<bool> for Flag {
    fn plain(self) -> bool {
        self.0
    }

    fn written(value: &bool) -> Yaml {
        Yaml::Flag(*value)
    }
}

impl Plain<i64> for Signed {
    fn plain(self) -> i64 {
        self.0
    }

    fn written(value: &i64) -> Yaml {
        Yaml::Signed(*value)
    }
}

/// Whole numbers of a core's own types.
macro_rules! whole {
    ($($type:ty),*) => {
        $(impl<const LEAST: u64, const MOST: u64> Plain<$type> for Whole<LEAST, MOST> {
            fn plain(self) -> $type {
                <$type>::try_from(self.0).unwrap_or(<$type>::MAX)
            }

            fn written(value: &$type) -> Yaml {
                Yaml::Number(u64::try_from(*value).unwrap_or_default())
            }
        })*
    };
}

whole!(u16, i32, usize);

impl Plain<u64> for Duration {
    fn plain(self) -> u64 {
        self.0
    }

    fn written(value: &u64) -> Yaml {
        Yaml::text(written(*value))
    }
}

impl Plain<Option<u64>> for TimeoutForm {
    fn plain(self) -> Option<u64> {
        self.ms()
    }

    fn written(value: &Option<u64>) -> Yaml {
        Yaml::text(value.map_or_else(|| "never".to_owned(), written))
    }
}

impl<W: Word + PartialEq> Plain<W> for One<W> {
    fn plain(self) -> W {
        self.0
    }

    fn written(value: &W) -> Yaml {
        Yaml::text(word::name(*value))
    }
}

/// Lists of a core's own types.
macro_rules! list {
    ($([$($bound:ident)?] $type:ty),*) => {
        $(impl<T: Plain<V>, V $(: $bound)?> Plain<$type> for List<T> {
            fn plain(self) -> $type {
                self.items.into_iter().map(T::plain).collect()
            }

            fn written(value: &$type) -> Yaml {
                Yaml::List(value.iter().map(T::written).collect())
            }
        })*
    };
}

list!([] Vec<V>, [Ord] BTreeSet<V>);

/// A type with named fields.
pub(super) trait Shape: Sized {
    /// Its keys.
    const KEYS: &'static [&'static str];

    /// Lays the values of the keys that stand there over this value.
    fn lay(&mut self, fields: &Fields<'_>, report: &mut Report<'_>);

    /// All of it, as files have it; what means the same where it is missing is left out.
    fn whole(&self) -> Entries;

    /// The keys in which it differs from `base`.
    fn differing(&self, base: &Self) -> Entries;

    /// The schema of each key.
    fn properties(generator: &mut SchemaGenerator) -> Map<String, Value>;
}

/// The schema of a key, with what is said of it.
pub(super) fn described(schema: Schema, lines: &[&str]) -> Value {
    let mut schema = schema.to_value();
    let text = lines.concat();
    // A reference takes no words beside it.
    if schema.get("$ref").is_some() {
        schema = json!({"allOf": [schema]});
    }
    if let Some(object) = schema.as_object_mut() {
        object.insert("description".to_owned(), text.trim().into());
    }
    schema
}

/// The schema of a map of which no key must stand there.
pub(super) fn schema_of<S: Shape>(generator: &mut SchemaGenerator) -> Schema {
    let properties = S::properties(generator);
    json_schema!({"type": "object", "properties": properties, "additionalProperties": false})
}

/// Describes a type with named fields: the keys that must be there, those that may be missing (`Option`), and those that
/// mean something else where they are missing. Each field names the type that its value is read as.
macro_rules! shape {
    (
        $type:ident, $what:literal;
        required { $($(#[doc = $rdoc:literal])+ $rkey:literal $rfield:ident: $rtype:ty,)* }
        optional { $($(#[doc = $odoc:literal])+ $okey:literal $ofield:ident: $otype:ty,)* }
        otherwise { $($(#[doc = $ddoc:literal])+ $dkey:literal $dfield:ident: $dtype:ty = $default:expr,)* }
    ) => {
        impl $crate::yaml::decode::Decode for $type {
            const WHAT: &'static str = "a map";

            fn decode(
                node: &$crate::yaml::tree::Node,
                report: &mut $crate::yaml::report::Report<'_>,
            ) -> Option<Self> {
                use $crate::dialect::plain::{Plain, Shape};
                let fields = $crate::yaml::fields::Fields::of(node, $what, Self::KEYS, report)?;
                $(let $rfield = fields.required::<$rtype>($rkey, report);)*
                $(let $ofield = fields.node($okey, <$otype>::WHAT, report);
                let $ofield = $ofield.and_then(|node| $crate::dialect::plain::optional::<$otype, _>(node, report));)*
                $(let $dfield = fields.optional::<$dtype>($dkey, report);)*
                Some(Self {
                    $($rfield: $rfield?.plain(),)*
                    $($ofield,)*
                    $($dfield: $dfield.map_or_else(|| $default, Plain::plain),)*
                })
            }
        }

        impl $crate::dialect::plain::Plain<$type> for $type {
            fn plain(self) -> Self {
                self
            }

            fn written(value: &Self) -> $crate::yaml::write::Yaml {
                $crate::dialect::plain::Shape::whole(value).map()
            }

            fn overlay(
                value: &mut Self,
                node: &$crate::yaml::tree::Node,
                report: &mut $crate::yaml::report::Report<'_>,
            ) {
                use $crate::dialect::plain::Shape;
                if let Some(fields) = $crate::yaml::fields::Fields::of(node, $what, Self::KEYS, report) {
                    value.lay(&fields, report);
                }
            }

            fn difference(value: &Self, base: &Self) -> Option<$crate::yaml::write::Yaml> {
                let entries = $crate::dialect::plain::Shape::differing(value, base);
                (!entries.is_empty()).then(|| entries.map())
            }
        }

        impl $crate::dialect::plain::Shape for $type {
            const KEYS: &'static [&'static str] = &[$($rkey,)* $($okey,)* $($dkey,)*];

            fn lay(
                &mut self,
                fields: &$crate::yaml::fields::Fields<'_>,
                report: &mut $crate::yaml::report::Report<'_>,
            ) {
                use $crate::yaml::decode::Decode;
                $(if let Some(node) = fields.node($rkey, <$rtype>::WHAT, report) {
                    <$rtype as $crate::dialect::plain::Plain<_>>::overlay(&mut self.$rfield, node, report);
                })*
                $(if let Some(node) = fields.node($okey, <$otype>::WHAT, report) {
                    $crate::dialect::plain::overlay_optional::<$otype, _>(&mut self.$ofield, node, report);
                })*
                $(if let Some(node) = fields.node($dkey, <$dtype>::WHAT, report) {
                    <$dtype as $crate::dialect::plain::Plain<_>>::overlay(&mut self.$dfield, node, report);
                })*
            }

            fn whole(&self) -> $crate::yaml::write::Entries {
                $crate::yaml::write::Entries::default()
                    $(.with($rkey, <$rtype as $crate::dialect::plain::Plain<_>>::written(&self.$rfield)))*
                    $(.with_some($okey, self.$ofield.as_ref().map(<$otype as $crate::dialect::plain::Plain<_>>::written)))*
                    $(.with_some(
                        $dkey,
                        (self.$dfield != $default)
                            .then(|| <$dtype as $crate::dialect::plain::Plain<_>>::written(&self.$dfield)),
                    ))*
            }

            fn differing(&self, base: &Self) -> $crate::yaml::write::Entries {
                $crate::yaml::write::Entries::default()
                    $(.with_some(
                        $rkey,
                        <$rtype as $crate::dialect::plain::Plain<_>>::difference(&self.$rfield, &base.$rfield),
                    ))*
                    $(.with_some(
                        $okey,
                        $crate::dialect::plain::difference_optional::<$otype, _>(
                            self.$ofield.as_ref(),
                            base.$ofield.as_ref(),
                        ),
                    ))*
                    $(.with_some(
                        $dkey,
                        <$dtype as $crate::dialect::plain::Plain<_>>::difference(&self.$dfield, &base.$dfield),
                    ))*
            }

            fn properties(
                generator: &mut schemars::SchemaGenerator,
            ) -> serde_json::Map<String, serde_json::Value> {
                let mut all = serde_json::Map::new();
                $(let schema = generator.subschema_for::<$rtype>();
                all.insert($rkey.to_owned(), $crate::dialect::plain::described(schema, &[$($rdoc),+]));)*
                $(let schema = generator.subschema_for::<$otype>();
                let schema = $crate::dialect::plain::schema_optional(schema);
                all.insert($okey.to_owned(), $crate::dialect::plain::described(schema, &[$($odoc),+]));)*
                $(let schema = generator.subschema_for::<$dtype>();
                all.insert($dkey.to_owned(), $crate::dialect::plain::described(schema, &[$($ddoc),+]));)*
                all
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                concat!("Dialect", stringify!($type)).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::dialect::plain::schema_of::<Self>(generator)
            }
        }
    };
}

pub(super) use shape;
