//! The JSON Schema of scenario files, for editors. It knows shapes and ranges; names are plain strings in it, because
//! which exist depends on the program.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use serde_json::Value;

use super::file::ScenarioForm;

/// The schema of one scenario file, draft 7.
#[must_use]
pub fn schema() -> Value {
    let settings = SchemaSettings::draft07().with_transform(no_null);
    let mut schema = settings
        .into_generator()
        .into_root_schema_for::<ScenarioForm>();
    schema.insert("title".to_owned(), "Stalemate scenario".into());
    schema.to_value()
}

/// A key without a value is an error, so no schema accepts null: `Option` means only that the key may be missing.
fn no_null(schema: &mut Schema) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|t| t != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("enum") {
        choices.retain(|choice| !choice.is_null());
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| choice.get("type").is_none_or(|t| t != "null"));
        if let [Value::Object(only)] = &choices[..] {
            let only = only.clone();
            schema.remove("anyOf");
            for (key, value) in only {
                let object = schema.ensure_object();
                object.entry(key).or_insert(value);
            }
        }
    }
    transform_subschemas(&mut no_null, schema);
}
