//! The macro in which a verb is defined once: its key and shape in the file, what it means, how it is written, and what it
//! says of the order of steps. The verbs themselves are in `mod`; who carries them out is the script of a run and its
//! driver.

/// Defines the verbs, each so:
///
/// ```text
/// /// What happens.
/// "key" Variant(Shape) = "an example", (what the variant of StepAction holds);
///     means |form, check| [the actions that one entry of the file is];
///     written StepAction::Variant(held) => the value of the key;
///     then |form, timeline| what it says of the order;
/// ```
///
/// `means` may use `?`: nothing comes of a step in which there is an error.
macro_rules! verbs {
    ($(
        $(#[$doc:meta])*
        $key:literal $verb:ident($form:ty) = $example:literal $(, $held:tt)?;
            means |$argument:ident, $check:ident| $means:expr;
            written $pattern:pat => $written:expr;
            then |$walked:ident, $timeline:ident| $then:expr;
    )*) => {
        choice! {
            /// One step.
            StepForm, "a step", "verb";
            $($(#[$doc])* $key $verb($form) = $example,)*
        }

        /// What a step does. A `stall`, `cut` or `partition` of several processes becomes one step for each, all with the
        /// same line, and no virtual time is waited between them.
        #[derive(Clone, Debug, PartialEq)]
        pub enum StepAction {
            $($(#[$doc])* $verb $($held)?,)*
        }

        impl StepForm {
            /// The actions that it is; `None` after an error.
            fn means(&self, checker: &mut Checker<'_, '_>) -> Option<Vec<StepAction>> {
                match self {
                    $(Self::$verb(argument) => {
                        fn means($argument: &$form, $check: &mut Checker<'_, '_>) -> Option<Vec<StepAction>> {
                            Some(Vec::from($means))
                        }
                        means(argument, checker)
                    })*
                }
            }

            /// What it says of the order of steps.
            fn walk<'f>(&'f self, timeline: &mut Timeline<'f, '_, '_>) {
                match self {
                    $(Self::$verb($walked) => {
                        let $timeline = timeline;
                        $then
                    })*
                }
            }
        }

        impl StepAction {
            /// The verb and its argument, as the file has them.
            fn written(&self) -> (&'static str, Yaml) {
                match self {
                    $($pattern => ($key, $written),)*
                }
            }
        }
    };
}

pub(crate) use verbs;
