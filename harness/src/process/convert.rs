//! Between hyper's messages and the message values of `wire`. Headers that hyper cannot carry are left out: they could
//! not have come from a peer.

use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, http};
use stalemate_wire::{Headers, Method, Request};

/// The request value of a head and its whole body.
#[must_use]
pub fn request(parts: &http::request::Parts, body: Vec<u8>) -> Request {
    Request {
        method: Method::parse(parts.method.as_str()),
        path: parts
            .uri
            .path_and_query()
            .map_or_else(|| "/".to_owned(), ToString::to_string),
        headers: headers(&parts.headers),
        body,
    }
}

/// The header list of a hyper message.
#[must_use]
pub fn headers(map: &HeaderMap) -> Headers {
    map.iter()
        .map(|(n, v)| {
            (
                n.as_str().to_owned(),
                String::from_utf8_lossy(v.as_bytes()).into_owned(),
            )
        })
        .collect()
}

fn header_map(headers: &Headers) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers.iter() {
        if let (Ok(name), Ok(value)) = (
            HeaderName::try_from(name),
            HeaderValue::from_bytes(value.as_bytes()),
        ) {
            map.append(name, value);
        }
    }
    map
}

/// A hyper response with that body. `transfer-encoding` is left to hyper, which frames the body.
#[must_use]
pub fn response<B>(status: u16, headers: &Headers, body: B) -> hyper::Response<B> {
    let mut response = hyper::Response::new(body);
    *response.status_mut() =
        hyper::StatusCode::from_u16(status).unwrap_or(hyper::StatusCode::BAD_GATEWAY);
    *response.headers_mut() = header_map(headers);
    response
        .headers_mut()
        .remove(hyper::header::TRANSFER_ENCODING);
    response
}

/// A hyper request of that value, its body aside.
///
/// # Errors
/// If the method or the path are such as hyper cannot carry.
pub fn outgoing<B>(request: &Request, body: B) -> Result<hyper::Request<B>, http::Error> {
    let mut outgoing = hyper::Request::builder()
        .method(request.method.as_str())
        .uri(request.path.as_str())
        .body(body)?;
    *outgoing.headers_mut() = header_map(&request.headers);
    outgoing
        .headers_mut()
        .remove(hyper::header::TRANSFER_ENCODING);
    Ok(outgoing)
}
