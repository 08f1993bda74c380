//! A knob: a value of a model that a file can set, how it is read, and how it is written. The macro names a table of them once:
//! for the form, for what it does to a model, and for writing back. What the values look like is in `values`.

use schemars::JsonSchema;

use crate::yaml::decode::Decode;
use crate::yaml::write::Yaml;

/// A value that a file can set.
pub(crate) trait Knob: PartialEq + Sized {
    /// What stands in the file.
    type Form: Decode + JsonSchema;

    /// The value that the form means.
    fn read(form: &Self::Form) -> Self;

    /// As the file has it.
    fn written(&self) -> Yaml;
}

/// A form with knobs: further keys first, then each knob with the field of the model that it sets.
macro_rules! knobs {
    (
        $(#[$meta:meta])* $form:ident of $model:ty, $what:literal;
        required { $($required:tt)* }
        optional { $($optional:tt)* }
        knobs { $($(#[$doc:meta])* $key:literal $field:ident: $type:ty = $($path:ident).+,)* }
    ) => {
        $crate::yaml::forms::record! {
            $(#[$meta])* $form, $what;
            required { $($required)* }
            optional {
                $($optional)*
                $($(#[$doc])* $key $field: $crate::yaml::decode::At<<$type as $crate::scenario::client::knob::Knob>::Form>,)*
            }
        }

        impl $form {
            /// Sets the knobs that stand there.
            fn apply(&self, model: &mut $model) {
                $(if let Some(form) = &self.$field {
                    model.$($path).+ = <$type as $crate::scenario::client::knob::Knob>::read(&form.value);
                })*
            }

            /// The knobs in which a model differs from another, as the file has them.
            fn differing(
                mut entries: $crate::yaml::write::Entries,
                model: &$model,
                from: &$model,
            ) -> $crate::yaml::write::Entries {
                $(if model.$($path).+ != from.$($path).+ {
                    let value = <$type as $crate::scenario::client::knob::Knob>::written(&model.$($path).+);
                    entries = entries.with($key, value);
                })*
                entries
            }

            /// The place of a knob that stands there.
            fn place(&self, key: &str) -> Option<$crate::yaml::source::Span> {
                match key {
                    $($key => self.$field.as_ref().map(|form| form.span),)*
                    _ => None,
                }
            }
        }
    };
}

pub(super) use knobs;
