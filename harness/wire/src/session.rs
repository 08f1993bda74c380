//! The session id. It is a credential (SES-04): `Debug` and `short` show its first eight characters only. Comparing and
//! carrying ids is all that this module does; minting them belongs to a server.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A session id of visible ASCII, 0x21 to 0x7E (SES-03).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SessionId(String);

/// Why a text is no session id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidSessionId;

impl fmt::Display for InvalidSessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a session id is one or more visible ASCII characters, 0x21 to 0x7E (SES-03)")
    }
}

impl std::error::Error for InvalidSessionId {}

impl SessionId {
    /// Checks a text against SES-03.
    ///
    /// # Errors
    /// [`InvalidSessionId`] if it is empty or has a character outside 0x21 to 0x7E.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidSessionId> {
        let text = text.into();
        if text.is_empty() || !text.bytes().all(|b| (0x21..=0x7E).contains(&b)) {
            return Err(InvalidSessionId);
        }
        Ok(Self(text))
    }

    /// The whole id, for putting it on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first eight characters, for showing it.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[..self.0.len().min(8)]
    }
}

impl TryFrom<String> for SessionId {
    type Error = InvalidSessionId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl From<SessionId> for String {
    fn from(id: SessionId) -> Self {
        id.0
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({}…)", self.short())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_visible_ascii_is_an_id() {
        assert!(SessionId::new("ead943df-8fd9-4839-ae58-611a949e59c4").is_ok());
        for bad in ["", "a b", "tab\t", "ümlaut", "\u{7f}"] {
            assert_eq!(SessionId::new(bad), Err(InvalidSessionId), "{bad:?}");
        }
    }

    #[test]
    fn debug_hides_most_of_the_id() {
        let id = SessionId::new("ead943df-8fd9-4839-ae58-611a949e59c4").unwrap();
        assert_eq!(format!("{id:?}"), "SessionId(ead943df…)");
    }
}
