//! What the hops do alike to header lists. Which of it a product does, and in what order it writes, is the product's.

use stalemate_wire::{Headers, header};

use super::{ForwardRequest, Framing, HeadDecision, Release};

/// Headers that are about one connection, and end at a proxy (RFC 9110, 7.6.1).
const HOP_BY_HOP: [&str; 6] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    header::TRANSFER_ENCODING,
    "upgrade",
];

/// The headers that outlive a hop: not those about a connection, nor those that `Connection` names.
pub(super) fn end_to_end(headers: &Headers) -> impl Iterator<Item = (&str, &str)> {
    let named: Vec<&str> = headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("connection"))
        .flat_map(|(_, value)| value.split(','))
        .map(str::trim)
        .collect();
    headers
        .iter()
        .filter(move |(name, _)| !is_any(name, &HOP_BY_HOP) && !is_any(name, &named))
}

/// The headers of a request that goes on: those that outlive the hop but for `own`, which the hop writes itself, and a
/// length where there were chunks, because the body was read whole.
pub(super) fn onward(request: &ForwardRequest<'_>, own: &[&str]) -> Headers {
    let received = &request.request.headers;
    let mut headers: Headers = end_to_end(received)
        .filter(|(name, _)| !is_any(name, own))
        .collect();
    if received.get(header::TRANSFER_ENCODING).is_some() {
        headers.remove(header::CONTENT_LENGTH);
        headers.push("Content-Length", request.request.body.len().to_string());
    }
    headers
}

/// Tells the end of a body by chunks, whatever told it before.
pub(super) fn chunk(headers: &mut Headers) {
    headers.remove(header::CONTENT_LENGTH);
    headers.push("Transfer-Encoding", "chunked");
}

/// The `X-Forwarded-For` that goes on: what the request came with, and its sender's address at the end.
pub(super) fn forwarded_for(request: &ForwardRequest<'_>) -> String {
    let headers = request.request.headers.iter();
    headers
        .filter(|(name, _)| name.eq_ignore_ascii_case("x-forwarded-for"))
        .map(|(_, value)| value)
        .chain([request.remote_addr])
        .collect::<Vec<_>>()
        .join(", ")
}

/// As [`onward`], with the sender's address told in `X-Forwarded-For`.
pub(super) fn onward_told(request: &ForwardRequest<'_>) -> Headers {
    let mut headers = onward(request, &["x-forwarded-for"]);
    headers.push("X-Forwarded-For", forwarded_for(request));
    headers
}

/// A head that goes on as it came, but for what is about the connection.
pub(super) fn passed_on(status: u16, headers: &Headers, release: Release) -> HeadDecision {
    let mut forwarded: Headers = end_to_end(headers).collect();
    if let Framing::Chunked | Framing::UntilClose = Framing::of(status, headers) {
        chunk(&mut forwarded);
    }
    HeadDecision::Forward {
        status,
        headers: forwarded,
        release,
    }
}

/// Whether a header's name is among those.
pub(super) fn is_any(name: &str, names: &[&str]) -> bool {
    names.iter().any(|other| name.eq_ignore_ascii_case(other))
}
