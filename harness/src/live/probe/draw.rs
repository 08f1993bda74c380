//! What a random sequence is made of: what is asked, with whose id, and the numbers of a seed.

/// Whose id a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Whose {
    /// The first session's, be it live or not.
    First,
    /// The second session's.
    Second,
    /// One that nobody gave.
    Unknown,
    /// None.
    Nobody,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ask {
    Initialize,
    Initialized,
    List,
    Ping,
    Call,
    Get,
    Hold,
    Delete,
    NoVersion,
    BadVersion,
    WrongAccept,
    WrongType,
    BadJson,
    NoMessage,
    Response,
    Put,
}

impl Ask {
    /// What sessions consist of, each as often as it stands here; then the rest.
    pub(super) const DRAWN: [Self; 26] = [
        Self::Initialize,
        Self::Initialized,
        Self::List,
        Self::List,
        Self::List,
        Self::Ping,
        Self::Ping,
        Self::Call,
        Self::Get,
        Self::Get,
        Self::Hold,
        Self::Hold,
        Self::Delete,
        Self::Delete,
        Self::Initialize,
        Self::List,
        Self::NoVersion,
        Self::BadVersion,
        Self::WrongAccept,
        Self::WrongType,
        Self::BadJson,
        Self::NoMessage,
        Self::Response,
        Self::Put,
        Self::Call,
        Self::Delete,
    ];

    pub(super) fn is_core(self) -> bool {
        matches!(
            self,
            Self::Initialize
                | Self::Initialized
                | Self::List
                | Self::Ping
                | Self::Get
                | Self::Hold
                | Self::Delete
        )
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Initialize => "initialize",
            Self::Initialized => "notifications/initialized",
            Self::List => "tools/list",
            Self::Ping => "ping",
            Self::Call => "a call",
            Self::Get => "GET",
            Self::Hold => "GET that stays",
            Self::Delete => "DELETE",
            Self::NoVersion => "POST without a version header",
            Self::BadVersion => "POST with a version that there is not",
            Self::WrongAccept => "POST that accepts JSON only",
            Self::WrongType => "POST of text/plain",
            Self::BadJson => "POST of what is no JSON",
            Self::NoMessage => "POST of JSON that is no message",
            Self::Response => "a response that nobody waits for",
            Self::Put => "PUT",
        }
    }
}

impl Whose {
    pub(super) const DRAWN: [Self; 10] = [
        Self::First,
        Self::First,
        Self::First,
        Self::First,
        Self::Second,
        Self::Second,
        Self::Second,
        Self::Unknown,
        Self::Unknown,
        Self::Nobody,
    ];

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::First | Self::Second => "with the id of a session of its own",
            Self::Unknown => "with an id that was never given",
            Self::Nobody => "without an id",
        }
    }
}

/// The numbers of a seed.
pub(super) struct Draws(pub(super) u64);

impl Draws {
    /// The next of some things.
    pub(super) fn one<T: Copy>(&mut self, of: &[T]) -> T {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        let length = of.len() as u64;
        of[usize::try_from(mixed % length).unwrap_or(0)]
    }
}
