//! Macros that write the shape of a form once, for decoding and for the JSON Schema. Which forms
//! there are, is the business of whoever reads a kind of file.

/// A form with named fields. A required field that is missing is reported; every field is an `Option`, so that what
/// could be read is checked all the same. `faulty` says whether there was any error in it, `given`
/// which keys stood there.
macro_rules! record {
    (
        $(#[$meta:meta])* $name:ident, $what:literal;
        required { $($(#[$rmeta:meta])* $rkey:literal $rfield:ident: $rty:ty,)* }
        optional { $($(#[$ometa:meta])* $okey:literal $ofield:ident: $oty:ty,)* }
    ) => {
        $(#[$meta])*
        #[derive(Debug, schemars::JsonSchema)]
        #[schemars(deny_unknown_fields)]
        pub(crate) struct $name {
            #[schemars(skip)]
            #[allow(dead_code, reason = "most forms are whole enough without it")]
            pub(crate) faulty: bool,
            #[schemars(skip)]
            #[allow(dead_code, reason = "most forms are whole enough without it")]
            pub(crate) given: Vec<&'static str>,
            $($(#[$rmeta])* #[schemars(rename = $rkey, required)] pub(crate) $rfield: Option<$rty>,)*
            $($(#[$ometa])* #[schemars(rename = $okey)] pub(crate) $ofield: Option<$oty>,)*
        }

        impl $crate::yaml::decode::Decode for $name {
            const WHAT: &'static str = "a map";

            fn decode(
                node: &$crate::yaml::tree::Node,
                report: &mut $crate::yaml::report::Report<'_>,
            ) -> Option<Self> {
                let keys = [$($rkey,)* $($okey,)*];
                let before = report.count();
                let fields = $crate::yaml::fields::Fields::of(node, $what, &keys, report)?;
                let mut form = Self {
                    faulty: false,
                    given: fields.given(),
                    $($rfield: fields.required($rkey, report),)*
                    $($ofield: fields.optional($okey, report),)*
                };
                form.faulty = report.count() > before;
                Some(form)
            }
        }
    };
}

/// A form that is a map with exactly one key out of several; each comes with an example.
macro_rules! choice {
    (
        $(#[$meta:meta])* $name:ident, $what:literal, $noun:literal;
        $($(#[$vmeta:meta])* $key:literal $variant:ident($ty:ty) = $example:literal,)*
    ) => {
        $(#[$meta])*
        #[derive(Debug, schemars::JsonSchema)]
        pub(crate) enum $name {
            $($(#[$vmeta])* #[schemars(rename = $key)] $variant($ty),)*
        }

        impl $crate::yaml::decode::Decode for $name {
            const WHAT: &'static str = concat!("a map with one ", $noun);

            fn decode(
                node: &$crate::yaml::tree::Node,
                report: &mut $crate::yaml::report::Report<'_>,
            ) -> Option<Self> {
                let keys = &[$(($key, $example),)*];
                let choice = $crate::yaml::choice::Choice { what: $what, noun: $noun, keys };
                let (key, value) = choice.entry(node, report)?;
                match key {
                    $($key => $crate::yaml::decode::Decode::decode(value, report).map(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

/// A closed set of words with its enumeration.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident, $what:literal; $($variant:ident = $word:literal,)*) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name {
            $(#[doc = $word] $variant,)*
        }

        impl $crate::yaml::word::Word for $name {
            const WHAT: &'static str = $what;

            fn words() -> Vec<(&'static str, Self)> {
                vec![$(($word, Self::$variant),)*]
            }
        }
    };
}

/// Names the choices of types that know nothing of files, with what all of one type are called.
macro_rules! words_for {
    ($($type:ident, $what:literal; $($word:literal $variant:ident,)*)*) => {
        $(impl $crate::yaml::word::Word for $type {
            const WHAT: &'static str = $what;

            fn words() -> Vec<(&'static str, Self)> {
                vec![$(($word, Self::$variant),)*]
            }
        })*
    };
}

pub(crate) use {choice, record, words, words_for};
