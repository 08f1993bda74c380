//! The knobs, listed for whoever asks what there is, or what makes up a model.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;

use super::knobs::{self, AppForm, OwnForm};
use crate::app::Model;
use crate::yaml::write::{Entries, Yaml};

/// The keys of the knobs of a client and of the application around it, with what each says.
#[must_use]
pub fn knobs() -> Vec<(String, String)> {
    let mut all = keys_of::<OwnForm>();
    all.extend(keys_of::<AppForm>());
    all
}

fn keys_of<F: JsonSchema>() -> Vec<(String, String)> {
    let schema = SchemaGenerator::default().into_root_schema_for::<F>();
    let properties = schema.get("properties").and_then(Value::as_object);
    let says = |value: &Value| Some(value.get("description")?.as_str()?.to_owned());
    properties
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), says(value)?)))
        .filter(|(key, _)| !["like", "name"].contains(&key.as_str()))
        .collect()
}

/// The knobs in which a model differs from another, each as a file has it.
#[must_use]
pub fn knobs_of(model: &Model, from: &Model) -> Vec<String> {
    let Yaml::Map(entries) = knobs::written(Entries::default(), model, from).map() else {
        return Vec::new();
    };
    let line = |entry| Yaml::Lines(vec![entry]).document().trim().to_owned();
    entries.into_iter().map(line).collect()
}
