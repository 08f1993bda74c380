//! What is asked, by name: which situation of a dialect each question leads to, and how much it weighs when servers are
//! compared.

use crate::server::Situation;

/// How much of an answer is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    /// What an answer that goes well contains is the server's own business: its kind is compared.
    Kind,
    /// The words too.
    Words,
}

macro_rules! questions {
    ($($variant:ident $id:literal $asks:literal $situation:tt $compared:ident $weight:literal;)*) => {
        /// A question.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Question {
            $(#[doc = $asks] $variant,)*
        }

        impl Question {
            /// Every question, in the order in which they are asked.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $id,)*
                }
            }

            /// What is asked, in a few words.
            #[must_use]
            pub fn asks(self) -> &'static str {
                match self {
                    $(Self::$variant => $asks,)*
                }
            }

            /// The situation that it brings a server into.
            #[must_use]
            pub fn situation(self) -> Option<Situation> {
                match self {
                    $(Self::$variant => questions!(@ $situation),)*
                }
            }

            pub(super) fn compared(self) -> Compared {
                match self {
                    $(Self::$variant => Compared::$compared,)*
                }
            }

            /// What a difference here counts, against others.
            pub(super) fn weight(self) -> u32 {
                match self {
                    $(Self::$variant => $weight,)*
                }
            }
        }
    };
    (@ -) => { None };
    (@ $situation:ident) => { Some(Situation::$situation) };
}

questions! {
    Initialize "initialize" "initialize without an id" - Kind 4;
    Initialized "initialized" "notifications/initialized" AcceptedInitialized Words 2;
    List "list" "tools/list" - Kind 4;
    Ping "ping" "ping" - Kind 2;
    Call "call" "a call" - Kind 2;
    Notification "notification" "a notification" Accepted Words 1;
    Response "response" "a response that nobody waits for" AcceptedResponse Words 1;
    PostUnknown "post-unknown" "POST with an id that it never gave" PostUnknownSession Words 6;
    PostWithout "post-without" "POST without an id" PostWithoutSession Words 4;
    InitializeUnknown "initialize-unknown" "initialize with an id that it never gave" InitializeUnknownSession Words 4;
    GetUnknown "get-unknown" "GET with an id that it never gave" GetUnknownSession Words 4;
    GetWithout "get-without" "GET without an id" GetWithoutSession Words 2;
    DeleteUnknown "delete-unknown" "DELETE with an id that it never gave" DeleteUnknownSession Words 3;
    DeleteWithout "delete-without" "DELETE without an id" DeleteWithoutSession Words 2;
    Get "get" "GET in a live session" GetUnserved Kind 4;
    GetSecond "get-second" "a second GET beside the first" GetSecondStream Words 4;
    GetAgain "get-again" "GET again after the first is gone" - Kind 3;
    GetUnknownCursor "get-unknown-cursor" "GET with a Last-Event-ID that it never gave" GetUnknownCursor Words 2;
    GetWrongAccept "get-wrong-accept" "GET that accepts JSON only" GetWrongAccept Words 1;
    InitializeLive "initialize-live" "initialize with a live id" InitializeLiveSession Words 3;
    WrongAccept "wrong-accept" "POST that accepts JSON only" PostWrongAccept Words 2;
    WrongContentType "wrong-content-type" "POST of text/plain" PostWrongContentType Words 1;
    BadJson "bad-json" "POST of what is no JSON" BadJson Kind 1;
    NoMessage "no-message" "POST of JSON that is no message" PostNoMessage Kind 1;
    NoVersion "no-version" "POST without a version header" MissingVersion Words 2;
    BadVersion "bad-version" "POST with a version that there is not" UnsupportedVersion Words 2;
    OtherVersion "other-version" "POST with another session's version" OtherVersion Words 1;
    Put "put" "PUT" MethodNotAllowed Words 1;
    Options "options" "OPTIONS" Options Words 1;
    OtherPath "other-path" "POST to another path" OtherPath Words 1;
    Offer06 "offer-2025-06-18" "initialize that wants 2025-06-18" - Kind 1;
    Offer03 "offer-2025-03-26" "initialize that wants 2025-03-26" - Kind 1;
    OfferNone "offer-unknown" "initialize that wants a revision that there is not" - Kind 1;
    IdleAsked "after-rest" "POST after the rest that --idle names" - Kind 2;
    GetIdle "get-after-rest" "GET with the id of a session that expired" - Words 2;
    PostRestarted "post-restarted" "POST with the id from before the restart" - Words 4;
    GetRestarted "get-restarted" "GET with the id from before the restart" - Words 3;
    DeleteRestarted "delete-restarted" "DELETE with the id from before the restart" - Words 2;
    InitializeRestarted "initialize-restarted" "initialize with the id from before the restart" - Words 3;
    Delete "delete" "DELETE of a live session" DeleteOk Words 3;
    PostEnded "post-ended" "POST with the id of a session that was deleted" - Words 5;
    GetEnded "get-ended" "GET with the id of a session that was deleted" - Words 3;
    DeleteEnded "delete-ended" "DELETE of a session that was deleted" - Words 2;
    InitializeEnded "initialize-ended" "initialize with the id of a session that was deleted" - Words 3;
    Abandoned "abandoned" "POST whose client goes away before the answer" - Kind 3;
    PoisonedId "poisoned-id" "POST with the id `constructor`" - Kind 1;
}
