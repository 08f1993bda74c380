//! What rmcp makes of an answer that is not the expected one: refusals of a POST, challenges, overload, content types.
//! Values in, values out, but for reading a refusal's body.

use std::borrow::Cow;

use ::rmcp::model::{
    ClientJsonRpcMessage, ClientRequest, ErrorData, JsonRpcMessage, ServerJsonRpcMessage,
};
use ::rmcp::transport::streamable_http_client::{
    AuthRequiredError, HttpStatusError, InsufficientScopeError, StreamableHttpError,
    StreamableHttpPostResponse,
};
use hyper::body::{Body, Incoming};
use hyper::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};

use super::bounds::{MAX_ERROR_BODY, read_body};
use super::exchange::HttpError;

pub(super) const EVENT_STREAM: &str = "text/event-stream";
pub(super) const JSON: &str = "application/json";
/// How much of an unusable JSON body goes into an error, in bytes.
const PREVIEW: usize = 256;

pub(super) type Failure = StreamableHttpError<HttpError>;

/// What rmcp makes of a POST that was not a success.
pub(super) async fn refused(
    message: &ClientJsonRpcMessage,
    had_session: bool,
    response: Response<Incoming>,
    new_session: Option<String>,
) -> Result<StreamableHttpPostResponse, Failure> {
    let status = response.status();
    let is_json = is(&content_type(&response), JSON);
    let overload = overload(&response);
    // A 429 is never read, and a 5xx only if its body can be JSON-RPC.
    let overload = match overload {
        Some(error) if !is_json || status == StatusCode::TOO_MANY_REQUESTS => {
            return Err(error.into());
        }
        overload => overload,
    };
    let announced = response.body().size_hint().exact();
    let body = match read_body(response.into_body(), announced, MAX_ERROR_BODY).await {
        Ok(body) => String::from_utf8_lossy(&body).into_owned(),
        Err(error @ Failure::ResponseBodyTooLarge { .. }) => {
            return Err(overload.map_or(error, Failure::from));
        }
        Err(_) => "<failed to read response body>".to_owned(),
    };
    if let Some(reply) = refused_discovery(message, had_session, status, &body) {
        return Ok(reply);
    }
    // Without a challenge these two keep their status, whatever the body says.
    let unauthorized = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
    if is_json
        && !unauthorized
        && let Some(error) = json_rpc_error(&body)
    {
        return Ok(StreamableHttpPostResponse::Json(error, new_session));
    }
    Err(overload.map_or_else(
        || unexpected(format!("HTTP {status}: {body}")),
        Failure::from,
    ))
}

/// A client error to `server/discover` without a session says that the server knows no discovery. It becomes a reply
/// with the request's id, so that rmcp can fall back to `initialize`.
fn refused_discovery(
    message: &ClientJsonRpcMessage,
    had_session: bool,
    status: StatusCode,
    body: &str,
) -> Option<StreamableHttpPostResponse> {
    let JsonRpcMessage::Request(request) = message else {
        return None;
    };
    if had_session
        || !status.is_client_error()
        || matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
        || !matches!(request.request, ClientRequest::DiscoverRequest(_))
    {
        return None;
    }
    let error = match json_rpc_error(body) {
        Some(JsonRpcMessage::Error(error)) => error.error,
        _ => ErrorData::invalid_request(
            format!("server/discover rejected with HTTP {status}: {body}"),
            None,
        ),
    };
    Some(StreamableHttpPostResponse::Json(
        ServerJsonRpcMessage::error(error, Some(request.id.clone())),
        None,
    ))
}

/// The body, if it is a JSON-RPC error.
fn json_rpc_error(body: &str) -> Option<ServerJsonRpcMessage> {
    serde_json::from_str(body)
        .ok()
        .filter(|message| matches!(message, JsonRpcMessage::Error(_)))
}

/// 401 and 403 are errors of their own if they say what to do about it.
pub(super) fn check_challenge(response: &Response<Incoming>) -> Result<(), Failure> {
    let status = response.status();
    if !matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        return Ok(());
    }
    let Some(challenge) = response.headers().get(WWW_AUTHENTICATE) else {
        return Ok(());
    };
    let challenge = challenge
        .to_str()
        .map_err(|_| unexpected("invalid www-authenticate header value"))?;
    Err(if status == StatusCode::UNAUTHORIZED {
        Failure::AuthRequired(AuthRequiredError::new(challenge.to_owned()))
    } else {
        Failure::InsufficientScope(InsufficientScopeError::new(
            challenge.to_owned(),
            scope_of(challenge),
        ))
    })
}

/// The `scope` parameter of a challenge, quoted or not.
fn scope_of(challenge: &str) -> Option<String> {
    const KEY: &str = "scope=";
    let at = challenge.to_ascii_lowercase().find(KEY)?;
    let value = &challenge[at + KEY.len()..];
    if let Some(quoted) = value.strip_prefix('"') {
        return quoted.split_once('"').map(|(scope, _)| scope.to_owned());
    }
    value
        .split(|c: char| matches!(c, ',' | ';') || c.is_whitespace())
        .next()
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
}

/// 429 and 5xx keep their status and `Retry-After`, and nothing else.
pub(super) fn overload(response: &Response<Incoming>) -> Option<HttpStatusError> {
    let status = response.status();
    if status != StatusCode::TOO_MANY_REQUESTS && !status.is_server_error() {
        return None;
    }
    let retry_after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| std::str::from_utf8(value.as_bytes()).ok())
        .map(str::to_owned);
    Some(HttpStatusError::new(status.as_u16(), retry_after))
}

pub(super) fn content_type(response: &Response<Incoming>) -> Option<String> {
    let value = response.headers().get(CONTENT_TYPE)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// rmcp compares the beginning, and minds the case.
pub(super) fn is(content_type: &Option<String>, mime: &str) -> bool {
    content_type
        .as_deref()
        .is_some_and(|value| value.starts_with(mime))
}

pub(super) fn unexpected(text: impl Into<Cow<'static, str>>) -> Failure {
    Failure::UnexpectedServerResponse(text.into())
}

pub(super) fn preview(body: &[u8]) -> Cow<'static, str> {
    if body.is_empty() {
        return Cow::Borrowed("<empty>");
    }
    let text = String::from_utf8_lossy(body);
    Cow::Owned(text[..text.floor_char_boundary(PREVIEW)].to_owned())
}

#[cfg(test)]
mod tests {
    use super::{preview, scope_of};

    #[test]
    fn a_scope_is_found_quoted_and_unquoted() {
        for (challenge, scope) in [
            (
                r#"Bearer error="x", Scope="a:read a:write""#,
                Some("a:read a:write"),
            ),
            ("Bearer scope=read:data, error=\"x\"", Some("read:data")),
            ("Bearer scope=one;two", Some("one")),
            (r#"Bearer scope="unclosed"#, None),
            ("Bearer scope=, error=x", None),
            ("Bearer", None),
        ] {
            assert_eq!(scope_of(challenge).as_deref(), scope, "{challenge}");
        }
    }

    #[test]
    fn a_preview_ends_between_characters() {
        assert_eq!(preview(b""), "<empty>");
        assert_eq!(preview("é".repeat(200).as_bytes()), "é".repeat(128));
        let odd = format!("a{}", "é".repeat(200));
        assert_eq!(preview(odd.as_bytes()).len(), 255);
    }
}
