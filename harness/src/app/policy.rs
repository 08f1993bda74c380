//! The policies of a connector application: the knobs of the incident, and the profiles that set them. What a client
//! does on the wire is the client's own policy, not here.

use stalemate_clients::model::Policy;

/// A client that is a model, with what stands around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// What it does on the wire.
    pub client: Policy,
    /// The application around it; `None` for a program around a bare client.
    pub application: Option<AppPolicy>,
}

/// What a session id is kept by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKey {
    /// By the connection: every conversation has a client object and a session of its own; nothing is stored.
    Conversation,
    /// By the connector's record: deleting the connector ends it.
    Connector,
    /// By account and URL: it outlives the connector's record (F3).
    AccountAndUrl,
    /// By account alone: connectors get each other's ids.
    Account,
}

/// What pressing Disconnect does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disconnects {
    /// It ends the session and clears what is stored.
    Commits,
    /// The page says so, until it is reloaded; nothing else happens.
    OnlyDrawn,
}

/// What deleting a connector does to what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletes {
    /// It is purged.
    Purges,
    /// It stays.
    Keeps,
}

/// Where the settings page takes "connected" from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// From the stored record: connected while a session is stored (F5).
    Stored,
    /// From how the connector's last exchange went.
    LastExchange,
}

/// When an application lists a server's tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lists {
    /// In each conversation.
    PerConversation,
    /// Once; then the list is shown from a cache (F5).
    Once,
    /// Never: a tool is called by its name.
    Never,
}

impl Lists {
    /// Whether they are listed in a conversation, if a list is there or not.
    #[must_use]
    pub fn now(self, is_there: bool) -> bool {
        match self {
            Self::PerConversation => true,
            Self::Once => !is_there,
            Self::Never => false,
        }
    }
}

/// The policy of a connector application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppPolicy {
    /// What a session id is kept by.
    pub key: SessionKey,
    /// What Disconnect does.
    pub disconnects: Disconnects,
    /// What Delete does.
    pub deletes: Deletes,
    /// When the tools are listed.
    pub lists: Lists,
    /// Whether the list from before is shown where listing fails, as if it had not (F5).
    pub list_kept: bool,
    /// Whether a conversation's session is ended with it, where each has its own (SES-09).
    pub ends_conversations: bool,
    /// Where the settings page takes its status from.
    pub status: Status,
}

impl AppPolicy {
    /// The application of the incident.
    pub const STALE_CACHE: Self = Self {
        key: SessionKey::AccountAndUrl,
        disconnects: Disconnects::OnlyDrawn,
        deletes: Deletes::Keeps,
        lists: Lists::Once,
        list_kept: false,
        ends_conversations: true,
        status: Status::Stored,
    };

    /// An application that keeps its promises.
    pub const SOUND: Self = Self {
        key: SessionKey::Connector,
        disconnects: Disconnects::Commits,
        deletes: Deletes::Purges,
        lists: Lists::PerConversation,
        list_kept: false,
        ends_conversations: true,
        status: Status::LastExchange,
    };
}

impl AppPolicy {
    /// Applications that are sound but for one thing each, with their names: what a check must be able to catch.
    #[must_use]
    pub fn broken() -> Vec<(&'static str, Self)> {
        let sound = Self::SOUND;
        vec![
            (
                "broken/delete-keeps-the-session",
                Self {
                    deletes: Deletes::Keeps,
                    key: SessionKey::AccountAndUrl,
                    ..sound
                },
            ),
            (
                "broken/disconnect-only-drawn",
                Self {
                    disconnects: Disconnects::OnlyDrawn,
                    ..sound
                },
            ),
            (
                "broken/status-from-the-store",
                Self {
                    status: Status::Stored,
                    ..sound
                },
            ),
            (
                "broken/leaves-conversations",
                Self {
                    key: SessionKey::Conversation,
                    ends_conversations: false,
                    ..sound
                },
            ),
            (
                "broken/sessions-by-account",
                Self {
                    key: SessionKey::Account,
                    ..sound
                },
            ),
        ]
    }
}
