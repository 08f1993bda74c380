//! The words for the choices that a client's policy, and that of an application around it, know.

use stalemate_clients::model::{
    Anew, Answerless, BelievedId, FailedReinit, Fault, Killed, LostShown, Reinit, Resume,
    SessionPer, TokenRenewal,
};
use stalemate_wire::Revision;

use crate::app::{Deletes, Disconnects, Lists, SessionKey, Status};
use crate::yaml::forms::words_for;
use crate::yaml::word::Word;

words_for! {
    Anew, "things that end a row of failures";
        "lasted" Lasted,
        "opened" Opened,
        "ended-well" EndedWell,
    Answerless, "things that can become of such a call";
        "fails" Fails,
        "waits" Waits,
        "waits-for-ever" WaitsForEver,
    BelievedId, "answers here";
        "initialize" Initialize,
        "success" Success,
        "any" Any,
    FailedReinit, "things that can follow";
        "tried-again" TriedAgain,
        "goes-on-without-id" GoesOnWithoutId,
    Fault, "failures";
        "other-status" OtherStatus,
        "refused" Refused,
        "reset" Reset,
        "silence" Silence,
        "cut-json" CutJson,
    Killed, "remedies";
        "connect" UntilConnect,
        "another-object" ForGood,
    LostShown, "ways to show it";
        "error" Error,
        "tool-error" ToolError,
        "result" Result,
    Reinit, "things that a lost session can lead to";
        "never" Never,
        "then-fail" ThenFail,
        "then-resend" ThenResend,
    Resume, "things that a connect can do";
        "initializes" Initializes,
        "opens-stream" OpensStream,
        "silent" Silent,
    SessionPer, "lifetimes";
        "connection" Connection,
        "batch" Batch,
    SessionKey, "keys of a session";
        "conversation" Conversation,
        "connector" Connector,
        "account-and-url" AccountAndUrl,
        "account" Account,
    Disconnects, "things that a disconnect can do";
        "commits" Commits,
        "only-drawn" OnlyDrawn,
    Deletes, "things that deleting can do";
        "purges" Purges,
        "keeps" Keeps,
    Lists, "times of listing";
        "per-conversation" PerConversation,
        "once" Once,
        "never" Never,
    TokenRenewal, "times of renewing a token";
        "on-connect" OnConnect,
        "on-refusal" OnRefusal,
        "on-expiry" OnExpiry,
    Status, "sources of a status";
        "stored" Stored,
        "last-exchange" LastExchange,
}

impl Word for Revision {
    const WHAT: &'static str = "revisions with sessions";

    fn words() -> Vec<(&'static str, Self)> {
        Self::ALL.map(|r| (r.as_str(), r)).to_vec()
    }
}
