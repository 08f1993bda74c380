//! Until when a fault that fires more than once lasts: the words for it, and what they mean.

use crate::fault::Until;
use crate::journal::Action;
use crate::yaml::forms::words;
use crate::yaml::write::Yaml;

words! {
    /// When a fault that lasts is over.
    UntilWord, "ends of a fault";
    Calm = "calm", End = "end", Add = "add", Connect = "connect", Disconnect = "disconnect", Delete = "delete",
    Reload = "reload", NewConversation = "new-conversation", OpenIncognito = "open-incognito", OpenNormal = "open-normal",
}

impl UntilWord {
    /// What it means.
    pub(super) fn meant(self) -> Until {
        let acts = |action: Action| Until::Acts(action);
        match self {
            Self::Calm => Until::Calm,
            Self::End => Until::End,
            Self::Add => acts(Action::Add),
            Self::Connect => acts(Action::Connect),
            Self::Disconnect => acts(Action::Disconnect),
            Self::Delete => acts(Action::Delete),
            Self::Reload => acts(Action::Reload),
            Self::NewConversation => acts(Action::NewConversation),
            Self::OpenIncognito => acts(Action::OpenIncognito),
            Self::OpenNormal => acts(Action::OpenNormal),
        }
    }
}

/// As the file has it.
pub(super) fn written(until: Until) -> Yaml {
    Yaml::text(match until {
        Until::Calm => "calm",
        Until::End => "end",
        Until::Acts(action) => action.as_str(),
    })
}
