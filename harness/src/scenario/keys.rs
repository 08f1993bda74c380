//! The words of a scenario file, listed for whoever asks what there is: steps, hops and keys, with what each says. They come
//! from the schema, so nothing is said twice.

use std::collections::BTreeMap;

use serde_json::Value;

use super::schema::schema;

/// What kind of word it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyKind {
    /// The verb of a step.
    Step,
    /// The name of a hop.
    Hop,
    /// A key of a map.
    Key,
}

/// A word of a scenario file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// What kind of word it is.
    pub kind: KeyKind,
    /// The word.
    pub name: String,
    /// What it says.
    pub says: String,
    /// In which maps it stands; empty for steps and hops.
    pub within: Vec<String>,
    /// The keys of the map that it can have as its value.
    pub keys: Vec<String>,
}

/// Every word, steps first, then hops, then keys, each by name. A word that says different things in different maps is
/// several.
#[must_use]
pub fn keys() -> Vec<Key> {
    let schema = schema();
    let definitions = schema["definitions"].as_object();
    let mut all = choices(&schema, "StepForm", KeyKind::Step);
    all.extend(choices(&schema, "HopWithOptions", KeyKind::Hop));
    let mut within: BTreeMap<(String, String), (Vec<String>, Vec<String>)> = BTreeMap::new();
    let maps = definitions.into_iter().flatten();
    let maps = maps.map(|(name, form)| (form, text(form).unwrap_or_else(|| spoken(name))));
    for (form, what) in maps.chain([(&schema, "A scenario.".to_owned())]) {
        for (key, value) in form["properties"].as_object().into_iter().flatten() {
            if let Some(says) = text(value) {
                let (stands, keys) = within.entry((key.clone(), says)).or_default();
                stands.push(what.clone());
                keys.extend(keys_below(&schema, value));
                keys.sort();
                keys.dedup();
            }
        }
    }
    all.extend(
        within
            .into_iter()
            .map(|((name, says), (within, keys))| Key {
                kind: KeyKind::Key,
                name,
                says,
                within,
                keys,
            }),
    );
    all.sort();
    all
}

/// The words of a form that is one of several maps with one key each.
fn choices(schema: &Value, form: &str, kind: KeyKind) -> Vec<Key> {
    let choices = schema["definitions"][form]["oneOf"].as_array();
    let choices = choices.into_iter().flatten();
    choices
        .filter_map(|choice| {
            let (name, value) = choice["properties"].as_object()?.iter().next()?;
            Some(Key {
                kind,
                name: name.clone(),
                says: text(choice)?,
                within: Vec::new(),
                keys: keys_below(schema, value),
            })
        })
        .collect()
}

/// The keys of the map that a value can be, by reference, or as one of several shapes.
fn keys_below(schema: &Value, value: &Value) -> Vec<String> {
    let shape = match value["$ref"].as_str() {
        Some(path) => schema.pointer(path.trim_start_matches('#')),
        None => Some(value),
    };
    let Some(shape) = shape else {
        return Vec::new();
    };
    let own = shape["properties"].as_object().into_iter().flatten();
    let mut keys: Vec<String> = own.map(|(key, _)| key.clone()).collect();
    let parts = ["anyOf", "allOf"].into_iter();
    for part in parts.filter_map(|key| shape[key].as_array()).flatten() {
        keys.extend(keys_below(schema, part));
    }
    keys
}

fn text(schema: &Value) -> Option<String> {
    let text = schema["description"].as_str()?;
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The name of a form in words: `DialectSessions` is "dialect sessions".
fn spoken(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}
