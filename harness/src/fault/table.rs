//! Which fate applies to which event: the one table, for the plan, for whoever checks a scenario, and for the documentation.

use crate::fault::TriggerEvent;
use crate::journal::{Event, Fate, Message};

/// The kinds of fate that a plan can decide. What "it" is where the event has happened already, [`Fate`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FateKind {
    /// It happens later.
    Delay,
    /// It and what is behind it never happens.
    Park,
    /// The connection is cut in it.
    Cut,
    /// It is lost.
    Drop,
    /// It happens twice.
    Duplicate,
    /// Another response takes its place.
    Replace,
    /// A process dies.
    Halt,
}

impl FateKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 7] = [
        Self::Delay,
        Self::Park,
        Self::Cut,
        Self::Drop,
        Self::Duplicate,
        Self::Replace,
        Self::Halt,
    ];

    /// The kind of a fate; `None` of [`Fate::Go`].
    #[must_use]
    pub fn of(fate: &Fate) -> Option<Self> {
        Some(match fate {
            Fate::Go => return None,
            Fate::Delay(_) => Self::Delay,
            Fate::Park => Self::Park,
            Fate::Cut(_) => Self::Cut,
            Fate::Drop => Self::Drop,
            Fate::Duplicate => Self::Duplicate,
            Fate::Replace(_) => Self::Replace,
            Fate::Halt(_) => Self::Halt,
        })
    }

    /// The name in scenarios.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delay => "delay",
            Self::Park => "park",
            Self::Cut => "cut",
            Self::Drop => "drop",
            Self::Duplicate => "duplicate",
            Self::Replace => "replace",
            Self::Halt => "halt",
        }
    }
}

/// The fates that can apply to an event of that kind.
///
/// | event | fates |
/// |---|---|
/// | a response, sent or received | all |
/// | a request or an event of a stream, sent or received | all but replace |
/// | an effect, a session opened | delay, park, halt: it has happened, and the server's next doing is what they are about |
/// | an action of the user | delay, halt: of a user that waits for ever nothing can be said |
#[must_use]
pub fn admitted(event: TriggerEvent) -> &'static [FateKind] {
    use FateKind::{Cut, Delay, Drop, Duplicate, Halt, Park};
    match event {
        TriggerEvent::ResponseSent | TriggerEvent::ResponseReceived => &FateKind::ALL,
        TriggerEvent::RequestSent
        | TriggerEvent::RequestReceived
        | TriggerEvent::SseSent
        | TriggerEvent::SseReceived => &[Delay, Park, Cut, Drop, Duplicate, Halt],
        TriggerEvent::Effect | TriggerEvent::SessionOpened => &[Delay, Park, Halt],
        TriggerEvent::UserActs => &[Delay, Halt],
    }
}

/// Whether a fate can ever apply to an event of that kind. Whether it does to one event, [`applies`] says.
#[must_use]
pub fn admits(event: TriggerEvent, fate: &Fate) -> bool {
    FateKind::of(fate).is_none_or(|kind| admitted(event).contains(&kind))
}

/// Whether a fate applies to an event: its kind admits it. The head of an event stream does not come twice: what is behind
/// the first would be no body, and what a client then made of it would show nothing of the client.
#[must_use]
pub fn applies(fate: &Fate, event: &Event) -> bool {
    let is_head_of_stream =
        matches!(event, Event::Http { message: Message::Response(r), .. } if r.stream);
    if is_head_of_stream && *fate == Fate::Duplicate {
        return false;
    }
    TriggerEvent::of(event).map_or(fate.is_go(), |kind| admits(kind, fate))
}
