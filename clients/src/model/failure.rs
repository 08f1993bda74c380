//! Why an exchange did not give what was asked, and what the user is told of it. Whether it is worth another try is
//! decided here only as far as the failure itself tells.

use std::io;

use stalemate_wire::{SessionId, reason};

use crate::ClientError;

/// How an exchange failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Nothing of the request was sent, so it certainly did not run.
    Unsent(&'static str),
    /// The request was sent, at least in part, and no response came: it may have run.
    Unknown(&'static str),
    /// The request was sent, and the server said nothing for too long: it may have run.
    Silent,
    /// The answer will not come, and the policy waits for it whatever the limit (F7).
    Awaited,
    /// The request's limit is over.
    TimedOut,
    /// The server answered with a status that is no success, and with this JSON-RPC error message, if any.
    Refused {
        status: u16,
        message: Option<String>,
        /// Whether the policy reads from it that the request's session is lost.
        lost: bool,
    },
    /// The request was answered with a JSON-RPC error, or a tool failed.
    Answered {
        text: String,
        /// As with a refusal.
        lost: bool,
    },
    /// The peer does not speak the protocol as we know it.
    Protocol(&'static str),
    /// There is no connection that the user asked for, or not any more.
    NotConnected,
    /// Another failure ended the client object (F22).
    Dead,
}

impl Failure {
    /// The failure to open a connection. The texts are ours: those of the system differ between networks.
    pub(super) fn of_dialling(error: &io::Error) -> Self {
        Self::Unsent(match error.kind() {
            io::ErrorKind::ConnectionRefused => "connection refused",
            io::ErrorKind::ConnectionReset => "connection reset",
            io::ErrorKind::TimedOut => "connection timed out",
            _ => "connection failed",
        })
    }

    /// Whether the same request could succeed a little later, as far as this answer tells.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Unsent(_) | Self::Unknown(_) | Self::Silent | Self::TimedOut => true,
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            Self::Answered { .. }
            | Self::Awaited
            | Self::Protocol(_)
            | Self::NotConnected
            | Self::Dead => false,
        }
    }

    /// Whether it says that the session of its request is lost.
    pub(super) fn is_of_lost(&self) -> bool {
        matches!(
            self,
            Self::Refused { lost: true, .. } | Self::Answered { lost: true, .. }
        )
    }

    /// A tool's own failure.
    pub(super) fn of_tool(text: String) -> Self {
        Self::Answered { text, lost: false }
    }

    /// What the user is told; whatever equals one of `ids` is taken out (SES-04).
    pub(super) fn shown(&self, ids: &[SessionId]) -> ClientError {
        let text = match self {
            Self::Unsent(text) | Self::Unknown(text) | Self::Protocol(text) => (*text).to_owned(),
            Self::TimedOut | Self::Silent | Self::Awaited => "request timed out".to_owned(),
            Self::Refused {
                status, message, ..
            } => refusal(*status, message.as_deref()),
            Self::Answered { text, .. } => text.clone(),
            Self::NotConnected => "not connected".to_owned(),
            Self::Dead => "connection closed".to_owned(),
        };
        ClientError::new(
            ids.iter()
                .fold(text, |text, id| text.replace(id.as_str(), "[session id]")),
        )
    }
}

/// Status, reason and message; servers like to begin the message with the reason, which is said once only.
fn refusal(status: u16, message: Option<&str>) -> String {
    let reason = reason(status);
    let head = if reason.is_empty() {
        status.to_string()
    } else {
        format!("{status} {reason}")
    };
    let bare = message.map(|m| {
        m.strip_prefix(reason)
            .and_then(|rest| rest.strip_prefix(": "))
            .unwrap_or(m)
    });
    match bare {
        Some(text) if !text.is_empty() => format!("{head}: {text}"),
        _ => head,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(status: u16, message: Option<&str>) -> String {
        let ids = [SessionId::new("ead943df-8fd9").unwrap()];
        let message = message.map(str::to_owned);
        Failure::Refused {
            status,
            message,
            lost: false,
        }
        .shown(&ids)
        .message
    }

    #[test]
    fn a_refusal_is_shown_with_its_message_once() {
        assert_eq!(
            shown(400, Some("Bad Request: No valid session ID provided")),
            "400 Bad Request: No valid session ID provided"
        );
        assert_eq!(shown(502, None), "502 Bad Gateway");
        assert_eq!(shown(521, Some("")), "521");
    }

    #[test]
    fn an_id_is_never_shown() {
        assert_eq!(
            shown(404, Some("Session not found: ead943df-8fd9")),
            "404 Not Found: Session not found: [session id]"
        );
    }
}
