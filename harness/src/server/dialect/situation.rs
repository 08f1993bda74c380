//! The situations that servers answer differently, by their names in dialect files.

macro_rules! situations {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)*) => {
        /// A situation that servers answer differently.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Situation {
            $($(#[doc = $doc])+ $variant,)*
        }

        impl Situation {
            /// Every situation with its name in dialect files.
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$variant, $name)),*];

            /// What it is, in a sentence.
            #[must_use]
            pub fn told(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($doc),+).trim_ascii(),)*
                }
            }
        }
    };
}

situations! {
    /// A POST of notifications or responses was taken (POST-04).
    Accepted = "accepted",
    /// A POST of `notifications/initialized` was taken (POST-04); as `accepted` where it is missing.
    AcceptedInitialized = "accepted-initialized",
    /// A POST of responses was taken (POST-04); as `accepted` where it is missing.
    AcceptedResponse = "accepted-response",
    /// A POST whose body is no JSON.
    BadJson = "bad-json",
    /// A POST whose body is longer than `body-limit`.
    BodyTooLarge = "body-too-large",
    /// Any request after the single session has ended.
    Closed = "closed",
    /// A DELETE of a live session (SES-09, SES-10).
    DeleteOk = "delete-ok",
    /// A DELETE with an id that is not live.
    DeleteUnknownSession = "delete-unknown-session",
    /// A DELETE at a server without sessions (SES-10); as `method-not-allowed` where it is missing.
    DeleteUnserved = "delete-unserved",
    /// A DELETE without an id.
    DeleteWithoutSession = "delete-without-session",
    /// A request with the id of a live session that belongs to another token (F19).
    ForeignSession = "foreign-session",
    /// A GET with the cursor of a stream that has a connection (RES-04).
    GetCursorInUse = "get-cursor-in-use",
    /// A GET on a session that has a GET stream.
    GetSecondStream = "get-second-stream",
    /// A GET with a cursor that leads to no stream. All are such where no event is kept.
    GetUnknownCursor = "get-unknown-cursor",
    /// A GET with an id that is not live (SES-07b).
    GetUnknownSession = "get-unknown-session",
    /// A GET at a server without GET streams (GET-03); as `method-not-allowed` where it is missing.
    GetUnserved = "get-unserved",
    /// A GET without an id (SES-06).
    GetWithoutSession = "get-without-session",
    /// A GET that does not accept an event stream (GET-02).
    GetWrongAccept = "get-wrong-accept",
    /// An `initialize` with the id of a live session.
    InitializeLiveSession = "initialize-live-session",
    /// An `initialize` with an id that is not live.
    InitializeUnknownSession = "initialize-unknown-session",
    /// An `initialize` at a server that has no handshake, because no revision with one is among those that it takes.
    InitializeUnserved = "initialize-unserved",
    /// A method other than POST, GET, DELETE and OPTIONS.
    MethodNotAllowed = "method-not-allowed",
    /// A request without a version header in a session whose revision demands one (VER-01, VER-03).
    MissingVersion = "missing-version",
    /// A request other than `initialize` before the single session was opened; or with an id that is known while its
    /// transport is gone. May be missing where neither happens.
    NotInitialized = "not-initialized",
    /// An OPTIONS request.
    Options = "options",
    /// Another path than the endpoint's.
    OtherPath = "other-path",
    /// A version header with a revision that is taken, and is not the session's (VER-02).
    OtherVersion = "other-version",
    /// A POST whose JSON is no JSON-RPC message (POST-05).
    PostNoMessage = "post-no-message",
    /// A POST with an id that is not live (SES-07b).
    PostUnknownSession = "post-unknown-session",
    /// A POST without an id that is no `initialize` (SES-06).
    PostWithoutSession = "post-without-session",
    /// A POST that does not accept both JSON and an event stream (POST-02).
    PostWrongAccept = "post-wrong-accept",
    /// A POST whose body is not said to be JSON.
    PostWrongContentType = "post-wrong-content-type",
    /// An `initialize` where there are as many sessions as there may be.
    TooManySessions = "too-many-sessions",
    /// A request without a bearer token, or with one that is not good any more (AUTH-02).
    Unauthorized = "unauthorized",
    /// A version header with a revision that is not taken (VER-04).
    UnsupportedVersion = "unsupported-version",
}

impl Situation {
    /// The name in dialect files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(s, _)| *s == self)
            .map_or("", |(_, name)| name)
    }

    /// The situation whose answer is given where this one has none of its own.
    #[must_use]
    pub fn falls_back(self) -> Option<Self> {
        match self {
            Self::AcceptedInitialized | Self::AcceptedResponse => Some(Self::Accepted),
            Self::DeleteUnserved | Self::GetUnserved => Some(Self::MethodNotAllowed),
            _ => None,
        }
    }

    /// Whether a server may have nothing to say of it, although it can come into it.
    #[must_use]
    pub fn is_optional(self) -> bool {
        self == Self::NotInitialized || self.falls_back().is_some()
    }

    /// Whether a server can go on with the request as if nothing were wrong.
    #[must_use]
    pub fn can_be_accepted(self) -> bool {
        matches!(
            self,
            Self::GetCursorInUse
                | Self::GetSecondStream
                | Self::GetUnknownCursor
                | Self::GetWrongAccept
                | Self::InitializeLiveSession
                | Self::InitializeUnknownSession
                | Self::MissingVersion
                | Self::OtherVersion
                | Self::PostWrongAccept
                | Self::PostWrongContentType
                | Self::UnsupportedVersion
        )
    }
}
