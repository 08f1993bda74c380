//! The words for events in a trace.

use std::fmt::Write as _;

use stalemate_wire::{Rpc, RpcKind};

use crate::journal::{Action, CutAt, Drawn, Fate, Part, SessionEnd, SseSummary};

/// What a fate did, to a reader; nothing where all went as it should.
pub(super) fn fate(fate: &Fate) -> Option<String> {
    Some(match fate {
        Fate::Go => return None,
        Fate::Delay(ms) => format!("delayed by {ms} ms"),
        Fate::Park => "withheld from here on".to_owned(),
        Fate::Cut(CutAt::Byte(bytes)) => format!("connection cut after {bytes} bytes"),
        Fate::Cut(CutAt::Part(Part::Head)) => "connection cut in the head".to_owned(),
        Fate::Cut(CutAt::Part(Part::Body)) => "connection cut in the body".to_owned(),
        Fate::Cut(CutAt::Part(Part::End)) => "connection cut at the end".to_owned(),
        Fate::Drop => "lost".to_owned(),
        Fate::Duplicate => "sent twice".to_owned(),
        Fate::Replace(replacement) => format!("replaced by a {}", replacement.status),
        Fate::Halt(process) => format!("{process} dies here"),
    })
}

/// An event of a stream.
pub(super) fn sse(event: &SseSummary) -> String {
    let mut text = match event.rpc.first() {
        Some(rpc) => rpc_text(rpc),
        None if event.comment => "keep-alive comment".to_owned(),
        None if event.bytes == 0 => "empty event".to_owned(),
        None => format!("event of {} bytes", event.bytes),
    };
    if let Some(id) = &event.id {
        let _ = write!(text, " (event {id})");
    }
    if let Some(retry_ms) = event.retry_ms {
        let _ = write!(text, " (retry {retry_ms} ms)");
    }
    text
}

/// A JSON-RPC message.
pub(super) fn rpc_text(rpc: &Rpc) -> String {
    let id = || match &rpc.id {
        Some(serde_json::Value::String(id)) => format!(" \"{id}\""),
        Some(id) => format!(" {id}"),
        None => String::new(),
    };
    match (rpc.kind, &rpc.method, &rpc.tool, &rpc.error) {
        (_, Some(method), Some(tool), _) => format!("{method} {tool}"),
        (_, Some(method), None, _) => method.clone(),
        (RpcKind::Error, _, _, Some(error)) => {
            format!("error {} \"{}\" for id{}", error.code, error.message, id())
        }
        _ => "result".to_owned(),
    }
}

/// What the user does.
pub(super) fn acted(action: Action, server: Option<&str>) -> String {
    let server = server.unwrap_or_default();
    match action {
        Action::Add => format!("the user adds connector {server}"),
        Action::Connect => format!("the user connects {server}"),
        Action::Disconnect => format!("the user disconnects {server}"),
        Action::Delete => format!("the user deletes connector {server}"),
        Action::Reload => "the user reloads the page".to_owned(),
        Action::NewConversation => "the user opens a new conversation".to_owned(),
        Action::OpenIncognito => "the user opens a private window".to_owned(),
        Action::OpenNormal => "the user returns to the normal window".to_owned(),
    }
}

/// What the user does, as a thing that fails.
pub(super) fn noun(action: Action) -> &'static str {
    match action {
        Action::Add => "adding",
        Action::Connect => "connecting",
        Action::Disconnect => "disconnecting",
        Action::Delete => "deleting",
        Action::Reload => "reloading",
        Action::NewConversation => "opening a conversation",
        Action::OpenIncognito | Action::OpenNormal => "opening the window",
    }
}

/// What the settings page says.
pub(super) fn drawn(shown: Drawn) -> &'static str {
    match shown {
        Drawn::Connected => "connected",
        Drawn::Disconnected => "disconnected",
        Drawn::Failing => "in trouble",
        Drawn::Absent => "gone",
    }
}

/// How a session ended.
pub(super) fn ended(cause: SessionEnd) -> &'static str {
    match cause {
        SessionEnd::Deleted => "deleted",
        SessionEnd::Expired => "expires",
        SessionEnd::LifetimeOver => "reaches the end of its lifetime",
        SessionEnd::Evicted => "makes room for another one",
        SessionEnd::ExpiredByScenario => "made to expire",
        SessionEnd::ProcessEnded => "lost with the process",
        SessionEnd::RefusalKilledIt => "destroyed by a refusal",
        SessionEnd::ChildEnded => "lost with its child process",
    }
}

/// How several sessions ended.
pub(super) fn ended_all(cause: SessionEnd) -> &'static str {
    match cause {
        SessionEnd::Expired => "expire",
        SessionEnd::LifetimeOver => "reach the end of their lifetime",
        SessionEnd::Evicted => "make room for others",
        one_or_more => ended(one_or_more),
    }
}
