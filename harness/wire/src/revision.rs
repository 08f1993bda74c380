//! The protocol revisions that have sessions. 2024-11-05 (HTTP+SSE) and 2026-07-28 (sessionless) are deliberately absent:
//! there is no session to lose in either.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A revision of the specification with streamable HTTP sessions, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Revision {
    /// Introduced streamable HTTP and `Mcp-Session-Id`.
    #[serde(rename = "2025-03-26")]
    V2025_03_26,
    /// Introduced the `MCP-Protocol-Version` header (VER-01).
    #[serde(rename = "2025-06-18")]
    V2025_06_18,
    /// Introduced polling (POLL-01 to POLL-06); the last revision with sessions.
    #[serde(rename = "2025-11-25")]
    V2025_11_25,
}

impl Revision {
    /// What a server assumes when the version header is absent (VER-03).
    pub const ASSUMED: Self = Self::V2025_03_26;
    /// The newest revision with sessions.
    pub const LATEST: Self = Self::V2025_11_25;
    /// All of them, oldest first.
    pub const ALL: [Self; 3] = [Self::V2025_03_26, Self::V2025_06_18, Self::V2025_11_25];

    /// The revision of that date, if it is one with sessions.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == text)
    }

    /// The date that names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
        }
    }

    /// Whether clients must send the version header after initialization (VER-01).
    #[must_use]
    pub fn has_version_header(self) -> bool {
        self >= Self::V2025_06_18
    }

    /// Whether streams are primed and `retry` is binding (POLL-01, POLL-05).
    #[must_use]
    pub fn has_polling(self) -> bool {
        self >= Self::V2025_11_25
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
