//! The HTTP client beneath rmcp's transport. It stands for rmcp's own, which is built on reqwest and cannot be given a
//! connector, and must do the same in every branch, because these branches are the SDK's verdict: what a refusal means,
//! whether a session counts as lost, and which answer ends in an error. When a request is repeated is not decided here.
//!
//! One branch differs, because rmcp keeps the type that it looks for to itself: an SSE event beyond the limit (16 MiB),
//! on a stream that had event ids or on the GET stream, makes rmcp reconnect where it would have ended the stream.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::rmcp::model::{ClientJsonRpcMessage, JsonRpcMessage};
use ::rmcp::transport::streamable_http_client::{
    SseError, StreamableHttpClient, StreamableHttpPostResponse,
};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use hyper::body::Body;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use sse_stream::Sse;
use stalemate_wire::SessionId;

use super::bounds::{MAX_JSON_BODY, MAX_SSE_EVENT, read_body, sse_events};
use super::exchange::{Exchange, HttpError};
use super::verdict::{
    EVENT_STREAM, Failure, JSON, check_challenge, content_type, is, overload, preview, refused,
    unexpected,
};
use crate::{Credentials, Dialler};

const BOTH: HeaderValue = HeaderValue::from_static("text/event-stream, application/json");
/// How long before its end a token is renewed: rmcp's `REFRESH_BUFFER_SECS`.
const REFRESH_BEFORE: Duration = Duration::from_secs(30);
const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

type Headers = HashMap<HeaderName, HeaderValue>;

/// An HTTP client for rmcp's `StreamableHttpClientTransport` that dials with a [`Dialler`].
///
/// It behaves as the client that `StreamableHttpClientTransport::from_uri` makes. Spawns on the current tokio runtime.
#[derive(Clone)]
pub struct HyperHttp {
    exchange: Exchange,
    credentials: Option<Arc<dyn Credentials>>,
    session_ids: Arc<Mutex<BTreeSet<SessionId>>>,
}

impl HyperHttp {
    /// A client whose connections all come from `dialler`, whatever URL is asked for.
    #[must_use]
    pub fn new(dialler: Dialler) -> Self {
        Self {
            credentials: dialler.credentials().cloned(),
            exchange: Exchange::new(dialler),
            session_ids: Arc::default(),
        }
    }

    /// The text with each session id that this client has seen cut to its first eight characters: servers put ids into
    /// error bodies, and rmcp passes those on.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        let ids = self
            .session_ids
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Longest first, in case that one id begins with another.
        let mut ids: Vec<&SessionId> = ids.iter().collect();
        ids.sort_by_key(|id| std::cmp::Reverse(id.as_str().len()));
        ids.iter()
            .filter(|id| id.short().len() < id.as_str().len())
            .fold(text.to_owned(), |text, id| {
                text.replace(id.as_str(), &format!("{}…", id.short()))
            })
    }

    /// Calls with the user's token, where the server asks for one, as rmcp's `AuthClient` around this client would: a token
    /// that has nearly expired is renewed first, one that is refused once, and the call made again if that gave another.
    async fn reacting<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        token: Option<String>,
        call: impl Fn(Option<String>) -> F,
    ) -> Result<T, Failure> {
        let credentials = self.credentials.as_ref().filter(|_| token.is_none());
        let Some(credentials) = credentials else {
            return call(token).await;
        };
        let mut token = credentials.token();
        if credentials.left().is_some_and(|left| left < REFRESH_BEFORE) {
            token = credentials.renew(&token);
        }
        match call(Some(token.clone())).await {
            Err(Failure::AuthRequired(challenge)) => match credentials.renew(&token) {
                fresh if fresh != token => call(Some(fresh)).await,
                _ => Err(Failure::AuthRequired(challenge)),
            },
            result => result,
        }
    }

    fn note_session(&self, id: &str) {
        if let Ok(id) = SessionId::new(id) {
            self.session_ids
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(id);
        }
    }

    async fn get(
        &self,
        uri: &str,
        session: Option<&str>,
        last_event: Option<&str>,
        token: Option<&str>,
        custom: Headers,
        max_event: usize,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, BOTH);
        let mut unbuildable = Ok(());
        for (name, value) in [(SESSION_ID, session), (LAST_EVENT_ID, last_event)] {
            unbuildable = unbuildable.and(append(&mut headers, name, value));
        }
        unbuildable = unbuildable.and(authorize(&mut headers, token));
        add_custom(&mut headers, custom)?;
        unbuildable.map_err(Failure::Client)?;
        session.inspect(|id| self.note_session(id));

        let answer = self
            .exchange
            .send(Method::GET, uri, headers, Bytes::new())
            .await
            .map_err(Failure::Client)?;
        if answer.response.status() == StatusCode::METHOD_NOT_ALLOWED {
            return Err(Failure::ServerDoesNotSupportSse);
        }
        check_challenge(&answer.response)?;
        if let Some(error) = overload(&answer.response) {
            return Err(error.into());
        }
        if let Some(error) = HttpError::of_status(&answer) {
            return Err(Failure::Client(error));
        }
        let content_type = content_type(&answer.response);
        if !is(&content_type, EVENT_STREAM) && !is(&content_type, JSON) {
            return Err(Failure::UnexpectedContentType(content_type));
        }
        Ok(sse_events(answer.response.into_body(), max_event))
    }

    async fn delete(
        &self,
        uri: &str,
        session: &str,
        token: Option<&str>,
        custom: Headers,
    ) -> Result<(), Failure> {
        let mut headers = HeaderMap::new();
        let unbuildable =
            authorize(&mut headers, token).and(append(&mut headers, SESSION_ID, Some(session)));
        add_custom(&mut headers, custom)?;
        unbuildable.map_err(Failure::Client)?;

        let answer = self
            .exchange
            .send(Method::DELETE, uri, headers, Bytes::new())
            .await
            .map_err(Failure::Client)?;
        if answer.response.status() == StatusCode::METHOD_NOT_ALLOWED {
            return Ok(());
        }
        HttpError::of_status(&answer).map_or(Ok(()), |error| Err(Failure::Client(error)))
    }

    async fn post(
        &self,
        uri: &str,
        message: ClientJsonRpcMessage,
        session: Option<&str>,
        token: Option<&str>,
        custom: Headers,
        max_event: usize,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, BOTH);
        let mut unbuildable = authorize(&mut headers, token);
        add_custom(&mut headers, custom)?;
        unbuildable = unbuildable.and(append(&mut headers, SESSION_ID, session));
        unbuildable.map_err(Failure::Client)?;
        let body = serde_json::to_vec(&message)
            .map_err(|error| Failure::Client(HttpError::builder(error)))?;
        headers
            .entry(CONTENT_TYPE)
            .or_insert(HeaderValue::from_static(JSON));
        session.inspect(|id| self.note_session(id));

        let answer = self
            .exchange
            .send(Method::POST, uri, headers, body.into())
            .await
            .map_err(Failure::Client)?;
        let response = answer.response;
        let status = response.status();
        check_challenge(&response)?;
        if matches!(status, StatusCode::ACCEPTED | StatusCode::NO_CONTENT) {
            return Ok(StreamableHttpPostResponse::Accepted);
        }
        if status == StatusCode::NOT_FOUND && session.is_some() {
            return Err(Failure::SessionExpired);
        }
        let content_type = content_type(&response);
        let new_session = response
            .headers()
            .get(SESSION_ID)
            .and_then(|id| id.to_str().ok())
            .map(str::to_owned);
        new_session.iter().for_each(|id| self.note_session(id));
        if !status.is_success() {
            return refused(&message, session.is_some(), response, new_session).await;
        }

        let awaits_reply = matches!(message, JsonRpcMessage::Request(_));
        let announced = response.body().size_hint().exact();
        if announced == Some(0) && !awaits_reply {
            return Ok(StreamableHttpPostResponse::Accepted);
        }
        if is(&content_type, EVENT_STREAM) {
            let events = sse_events(response.into_body(), max_event);
            return Ok(StreamableHttpPostResponse::Sse(events, new_session));
        }
        if !is(&content_type, JSON) {
            return Err(Failure::UnexpectedContentType(content_type));
        }
        let body = read_body(response.into_body(), announced, MAX_JSON_BODY).await?;
        match serde_json::from_slice(&body) {
            Ok(reply) => Ok(StreamableHttpPostResponse::Json(reply, new_session)),
            // Nothing was asked, so nothing is missing.
            Err(_) if !awaits_reply => Ok(StreamableHttpPostResponse::Accepted),
            Err(error) => Err(unexpected(format!(
                "could not parse JSON response as ServerJsonRpcMessage: {error}: {}",
                preview(&body)
            ))),
        }
    }
}

fn append(headers: &mut HeaderMap, name: HeaderName, value: Option<&str>) -> Result<(), HttpError> {
    if let Some(value) = value {
        headers.append(name, value.parse().map_err(HttpError::builder)?);
    }
    Ok(())
}

fn authorize(headers: &mut HeaderMap, token: Option<&str>) -> Result<(), HttpError> {
    let bearer = token.map(|token| format!("Bearer {token}"));
    append(headers, AUTHORIZATION, bearer.as_deref())
}

/// Adds the caller's headers, sorted, since a map has no order and the bytes on the wire must have one.
fn add_custom(headers: &mut HeaderMap, custom: Headers) -> Result<(), Failure> {
    let mut custom: Vec<_> = custom.into_iter().collect();
    custom.sort_by(|(a, _), (b, _)| a.as_str().cmp(b.as_str()));
    for (name, value) in custom {
        // The version header is the transport's own, and comes this way.
        if name == ACCEPT || name == SESSION_ID || name == LAST_EVENT_ID {
            return Err(Failure::ReservedHeaderConflict(name.to_string()));
        }
        headers.append(name, value);
    }
    Ok(())
}

impl StreamableHttpClient for HyperHttp {
    type Error = HttpError;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        auth_header: Option<String>,
        custom_headers: Headers,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        self.post_message_with_max_sse_event_size(
            uri,
            message,
            session_id,
            auth_header,
            custom_headers,
            MAX_SSE_EVENT,
        )
        .await
    }

    async fn post_message_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        auth_header: Option<String>,
        custom_headers: Headers,
        max_sse_event_size: usize,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        self.reacting(auth_header, |token| {
            let (message, custom) = (message.clone(), custom_headers.clone());
            let (uri, session) = (&uri, session_id.as_deref());
            async move {
                let token = token.as_deref();
                self.post(uri, message, session, token, custom, max_sse_event_size)
                    .await
            }
        })
        .await
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session_id: Arc<str>,
        auth_header: Option<String>,
        custom_headers: Headers,
    ) -> Result<(), Failure> {
        self.reacting(auth_header, |token| {
            let (uri, session, custom) = (&uri, &session_id, custom_headers.clone());
            async move { self.delete(uri, session, token.as_deref(), custom).await }
        })
        .await
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        auth_header: Option<String>,
        custom_headers: Headers,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, Failure> {
        self.get_stream_with_max_sse_event_size(
            uri,
            session_id,
            last_event_id,
            auth_header,
            custom_headers,
            MAX_SSE_EVENT,
        )
        .await
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        auth_header: Option<String>,
        custom_headers: Headers,
        max_sse_event_size: usize,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, Failure> {
        self.reacting(auth_header, |token| {
            let (uri, session) = (&uri, session_id.as_deref());
            let (event, custom) = (last_event_id.as_deref(), custom_headers.clone());
            async move {
                let token = token.as_deref();
                self.get(uri, session, event, token, custom, max_sse_event_size)
                    .await
            }
        })
        .await
    }
}
