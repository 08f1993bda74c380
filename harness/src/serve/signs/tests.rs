//! What is told from made-up messages.

use std::sync::Arc;

use serde_json::json;
use stalemate_wire::RpcError;

use super::*;
use crate::journal::{CLIENT, ConnId, RequestSummary, ResponseSummary, SseSummary};

const CALL: CallId = CallId(3);

fn http(at_ms: u64, ordinal: u32, side: Side, message: Message) -> Entry {
    let event = Event::Http {
        exchange: Exchange {
            conn: ConnId(1),
            ordinal,
        },
        at: Arc::from(CLIENT),
        peer: Arc::from("nginx"),
        side,
        object: None,
        server: Arc::from("memory"),
        message,
    };
    Entry::new(at_ms, event)
}

fn rpc(kind: RpcKind, id: u64) -> Rpc {
    Rpc {
        kind,
        method: None,
        id: Some(json!(id)),
        tool: None,
        revision: None,
        error: None,
        cancels: None,
        empty: false,
    }
}

/// A call under that id, with or without its nonce.
fn call(ordinal: u32, id: u64, nonce: Option<CallId>) -> Entry {
    let request = RequestSummary {
        method: Method::Post,
        path: "/mcp".to_owned(),
        session: Some("an-id-that-is-secret".to_owned()),
        token: None,
        version: None,
        cursor: None,
        accept: None,
        bytes: 10,
        rpc: vec![Rpc {
            method: Some("tools/call".to_owned()),
            tool: Some("search_nodes".to_owned()),
            ..rpc(RpcKind::Request, id)
        }],
        call: nonce,
    };
    http(
        u64::from(ordinal),
        ordinal,
        Side::Sent,
        Message::Request(Arc::new(request)),
    )
}

fn answer(ordinal: u32, status: u16, rpc: Vec<Rpc>) -> Entry {
    let response = ResponseSummary {
        status,
        session: None,
        content_type: None,
        stream: false,
        bytes: 10,
        rpc,
        call: None,
    };
    let message = Message::Response(Arc::new(response));
    http(u64::from(ordinal), ordinal, Side::Received, message)
}

fn error(id: u64) -> Rpc {
    Rpc {
        error: Some(RpcError {
            code: -32000,
            message: "no such session".to_owned(),
        }),
        ..rpc(RpcKind::Error, id)
    }
}

fn of(entries: &[Entry]) -> Came {
    called(entries, "memory", Some(CALL), "search_nodes")
}

#[test]
fn a_call_is_known_by_its_nonce_and_else_by_its_tool() {
    let result = || answer(0, 200, vec![rpc(RpcKind::Result, 7)]);
    assert_eq!(of(&[call(0, 7, Some(CALL))]), Came::Nothing);
    assert_eq!(of(&[call(0, 7, Some(CALL)), result()]), Came::Answer);
    assert_eq!(of(&[call(0, 7, None), result()]), Came::Answer);
    assert_eq!(of(&[call(0, 7, Some(CallId(4))), result()]), Came::Nothing);
    let of_another = answer(0, 200, vec![rpc(RpcKind::Result, 8)]);
    assert_eq!(of(&[call(0, 7, Some(CALL)), of_another]), Came::Nothing);
    let elsewhere = called(
        &[call(0, 7, Some(CALL)), result()],
        "bluesky",
        Some(CALL),
        "search_nodes",
    );
    assert_eq!(elsewhere, Came::Nothing);
}

#[test]
fn a_result_may_come_on_any_stream() {
    let event = SseSummary {
        id: None,
        retry_ms: None,
        bytes: 10,
        comment: false,
        rpc: vec![rpc(RpcKind::Result, 7)],
        call: None,
        digest: None,
    };
    let event = http(5, 9, Side::Received, Message::Sse(Arc::new(event)));
    assert_eq!(of(&[call(0, 7, Some(CALL)), event]), Came::Answer);
}

#[test]
fn what_is_tried_again_is_not_refused_yet() {
    let refused = || answer(0, 400, vec![error(7)]);
    let words = Came::Refusal("400 no such session".to_owned());
    let mut entries = vec![call(0, 7, Some(CALL)), refused()];
    assert_eq!(of(&entries), words);
    entries.push(call(1, 8, Some(CALL)));
    assert_eq!(of(&entries), Came::Nothing);
    entries.push(answer(1, 200, vec![rpc(RpcKind::Result, 8)]));
    assert_eq!(of(&entries), Came::Answer);
    let told = answer(0, 200, vec![error(7)]);
    let words = Came::Refusal("no such session".to_owned());
    assert_eq!(of(&[call(0, 7, Some(CALL)), told]), words);
    let broken = http(1, 0, Side::Received, Message::end(false));
    let words = Came::Refusal("the connection broke".to_owned());
    assert_eq!(of(&[call(0, 7, Some(CALL)), broken]), words);
}

#[test]
fn ids_are_found_to_be_shortened() {
    let ids = session_ids(&[call(0, 7, None)]);
    assert_eq!(
        ids.into_iter().collect::<Vec<_>>(),
        ["an-id-that-is-secret"]
    );
}
