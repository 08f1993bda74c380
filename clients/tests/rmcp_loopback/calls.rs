//! Each method of the HTTP client by itself, against each answer.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use reqwest::header::{HeaderName, HeaderValue};
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, ClientJsonRpcMessage, ClientResult, DiscoverRequest,
    DiscoverRequestParams, InitializedNotification, RequestId,
};
use rmcp::transport::streamable_http_client::{
    SseError, StreamableHttpClient, StreamableHttpPostResponse,
};
use sse_stream::Sse;
use stalemate_clients::rmcp::HyperHttp;
use tokio::task::JoinSet;

use crate::answer::Answer;
use crate::answers;
use crate::server::{Server, listed};
use crate::{described, dialler, difference};

/// No answer here is meant to hang.
const LIMIT: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug)]
enum Call {
    PostRequest,
    PostRequestWithoutSession,
    PostNotification,
    PostResponse,
    PostDiscover,
    PostDiscoverWithSession,
    PostWithHeaders,
    PostReservedHeader,
    PostBadToken,
    PostSmallEvents,
    Get,
    GetResumed,
    GetWithHeaders,
    GetBadSession,
    Delete,
    DeleteWithHeaders,
    DeleteReservedHeader,
}

/// For every answer.
const PLAIN: &[Call] = &[
    Call::PostRequest,
    Call::PostRequestWithoutSession,
    Call::PostNotification,
    Call::PostResponse,
    Call::PostDiscover,
    Call::PostDiscoverWithSession,
    Call::Get,
    Call::Delete,
];

/// What depends on the request alone, for one good answer.
const SPECIAL: &[Call] = &[
    Call::PostWithHeaders,
    Call::PostReservedHeader,
    Call::PostBadToken,
    Call::PostSmallEvents,
    Call::GetResumed,
    Call::GetWithHeaders,
    Call::GetBadSession,
    Call::DeleteWithHeaders,
    Call::DeleteReservedHeader,
];

fn tool_call() -> ClientJsonRpcMessage {
    let params = CallToolRequestParams::new("read_graph");
    ClientJsonRpcMessage::request(CallToolRequest::new(params).into(), RequestId::Number(4))
}

fn discover() -> ClientJsonRpcMessage {
    let request = DiscoverRequest::new(DiscoverRequestParams {});
    ClientJsonRpcMessage::request(request.into(), RequestId::Number(0))
}

fn headers(names: &[&'static str]) -> HashMap<HeaderName, HeaderValue> {
    names
        .iter()
        .map(|name| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static("one"),
            )
        })
        .collect()
}

const CUSTOM: &[&str] = &["x-b", "mcp-protocol-version", "x-a", "content-type"];

async fn play<C: StreamableHttpClient>(client: &C, call: Call, server: &Server) -> String {
    let uri: Arc<str> = server.url().into();
    let session: Option<Arc<str>> = Some("session-0123456789".into());
    let token = || Some("token".to_owned());
    let none = HashMap::new;
    let post = async |message, session, token, headers, max_event| {
        let answer = client.post_message_with_max_sse_event_size(
            uri.clone(),
            message,
            session,
            token,
            headers,
            max_event,
        );
        match answer.await {
            Ok(StreamableHttpPostResponse::Accepted) => "accepted".to_owned(),
            Ok(StreamableHttpPostResponse::Json(message, session)) => {
                let message = serde_json::to_string(&message).expect("it was JSON");
                format!("JSON {message}, session {session:?}")
            }
            Ok(StreamableHttpPostResponse::Sse(events, session)) => {
                format!("{}, session {session:?}", drain(events, server).await)
            }
            Ok(_) => unreachable!("rmcp has three kinds of answers"),
            Err(error) => described(&error, &server.address),
        }
    };
    let get = async |session, last_event, token, headers| {
        let answer = client.get_stream(uri.clone(), session, last_event, token, headers);
        match answer.await {
            Ok(events) => drain(events, server).await,
            Err(error) => described(&error, &server.address),
        }
    };
    let delete = async |token, headers| {
        let session = Arc::from("session-0123456789");
        match client
            .delete_session(uri.clone(), session, token, headers)
            .await
        {
            Ok(()) => "deleted".to_owned(),
            Err(error) => described(&error, &server.address),
        }
    };
    const MAX: usize = 1 << 24;
    match call {
        Call::PostRequest => post(tool_call(), session, None, none(), MAX).await,
        Call::PostRequestWithoutSession => post(tool_call(), None, None, none(), MAX).await,
        Call::PostNotification => {
            let message =
                ClientJsonRpcMessage::notification(InitializedNotification::default().into());
            post(message, session, None, none(), MAX).await
        }
        Call::PostResponse => {
            let message =
                ClientJsonRpcMessage::response(ClientResult::empty(()), RequestId::Number(3));
            post(message, session, None, none(), MAX).await
        }
        Call::PostDiscover => post(discover(), None, None, none(), MAX).await,
        Call::PostDiscoverWithSession => post(discover(), session, None, none(), MAX).await,
        Call::PostWithHeaders => post(tool_call(), session, token(), headers(CUSTOM), MAX).await,
        Call::PostReservedHeader => {
            let bad_token = Some("a\nb".to_owned());
            post(tool_call(), session, bad_token, headers(&["accept"]), MAX).await
        }
        Call::PostBadToken => {
            let bad_token = Some("a\nb".to_owned());
            post(tool_call(), session, bad_token, none(), MAX).await
        }
        Call::PostSmallEvents => post(tool_call(), session, None, none(), 20).await,
        Call::Get => get(session, None, None, none()).await,
        Call::GetResumed => get(None, Some("1/0".to_owned()), None, none()).await,
        Call::GetWithHeaders => get(session, None, token(), headers(CUSTOM)).await,
        Call::GetBadSession => get(Some("a\u{7f}".into()), None, None, none()).await,
        Call::Delete => delete(None, none()).await,
        Call::DeleteWithHeaders => delete(token(), headers(CUSTOM)).await,
        Call::DeleteReservedHeader => delete(None, headers(&["last-event-id"])).await,
    }
}

/// The events of a stream up to its end or its first error, where rmcp stops too.
async fn drain(mut events: BoxStream<'static, Result<Sse, SseError>>, server: &Server) -> String {
    let mut text = "stream".to_owned();
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => text += &format!("\n  {event:?}"),
            Err(error) => {
                return text + &format!("\n  {}", described(&error, &server.address));
            }
        }
    }
    text + "\n  end"
}

async fn outcome<C: StreamableHttpClient>(
    make: impl Fn(&Server) -> C,
    answer: Answer,
    call: Call,
) -> String {
    let server = Server::start(Arc::new(move |_, _| answer.clone())).await;
    let client = make(&server);
    let outcome = tokio::time::timeout(LIMIT, play(&client, call, &server)).await;
    let outcome = outcome.unwrap_or_else(|_| "hangs".to_owned());
    format!("{outcome}\n{}", listed(&server.seen()))
}

/// What rmcp's own default client is, but for environment and redirects.
fn stock(_: &Server) -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(0)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("no TLS to fail")
}

fn ours(server: &Server) -> HyperHttp {
    HyperHttp::new(dialler(&server.address))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_ends_as_with_the_stock_client() {
    let answers = answers::all();
    let plain = answers
        .into_iter()
        .filter(|answer| !answer.is_followed())
        .flat_map(|answer| PLAIN.iter().map(move |call| (answer.clone(), *call)));
    let special = SPECIAL
        .iter()
        .map(|call| (answers::result_as_stream(), *call));
    let rows: Vec<_> = plain.chain(special).collect();
    let count = rows.len();

    let mut differences = Vec::new();
    // In batches, since each row opens files.
    for batch in rows.chunks(64) {
        let mut running = JoinSet::new();
        for (answer, call) in batch.iter().cloned() {
            running.spawn(async move {
                let name = format!("{} to {call:?}", answer.name);
                let stock = outcome(stock, answer.clone(), call).await;
                let ours = outcome(ours, answer, call).await;
                difference(&name, &stock, &ours)
            });
        }
        differences.extend(running.join_all().await.into_iter().flatten());
    }
    crate::assert_none(differences, count);
}

#[tokio::test]
async fn captured_answers_keep_their_lengths() {
    let server = Server::start(Arc::new(|_, _| answers::accepted())).await;
    play(&ours(&server), Call::PostRequest, &server).await;
    let request = &server.seen()[0];
    for (name, length) in [
        ("supergateway 3.4.3 400/105", 105),
        ("supergateway 3.4.3 400/29", 29),
        ("supergateway 4.0.0 404/81", 81),
        ("supergateway 4.0.0 404/17", 17),
        ("server-everything 400 without id", 95),
        ("python 404 server-error", 91),
        ("rmcp 404", 28),
        ("406", 142),
        ("409", 116),
        ("502 nginx", 157),
        ("504 nginx", 167),
    ] {
        let bytes = answers::named(name).render(request);
        let head = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        assert_eq!(bytes.len() - head.expect("a head") - 4, length, "{name}");
    }
}
