//! Heads: from bytes to the part of a summary that a head says, without keeping the headers that nobody asks for.

use stalemate_wire::{Method, header};

use super::Direction;
use super::body::Body;
use crate::journal::{Message, RequestSummary, ResponseSummary, token_name};
use crate::process::summary;

/// The most headers that a message may have to be taken for one.
const HEADERS_MAX: usize = 100;

/// A head whose body is to come.
#[derive(Clone, Debug)]
pub(in crate::process) enum Head {
    Request(Box<RequestSummary>),
    Response(ResponseSummary),
}

impl Head {
    /// The whole message.
    pub(super) fn with_body(self, body: &[u8]) -> Message {
        match self {
            Self::Request(request) => summary::whole_request(*request, body),
            Self::Response(response) => summary::whole_response(response, body),
        }
    }
}

/// What bytes at the beginning of a message are.
pub(super) enum Parsed {
    Partial,
    Bad,
    /// A 1xx response of that length.
    Interim(usize),
    Head(usize, Head, Body),
}

/// Looks for a head.
pub(super) fn parse(direction: Direction, bytes: &[u8]) -> Parsed {
    let mut storage = [const { std::mem::MaybeUninit::uninit() }; HEADERS_MAX];
    match direction {
        Direction::Requests => {
            let mut request = httparse::Request::new(&mut []);
            match request.parse_with_uninit_headers(bytes, &mut storage) {
                Err(_) => Parsed::Bad,
                Ok(httparse::Status::Partial) => Parsed::Partial,
                Ok(httparse::Status::Complete(len)) => {
                    let headers = Found(request.headers);
                    let body = headers.framing().unwrap_or(Body::Length(0));
                    let request = RequestSummary {
                        method: Method::parse(request.method.unwrap_or_default()),
                        path: request.path.unwrap_or_default().to_owned(),
                        session: headers.get(header::SESSION_ID),
                        token: headers
                            .get(header::AUTHORIZATION)
                            .and_then(|h| token_name(&h)),
                        version: headers.get(header::PROTOCOL_VERSION),
                        cursor: headers.get(header::LAST_EVENT_ID),
                        accept: headers.get(header::ACCEPT),
                        bytes: 0,
                        rpc: Vec::new(),
                        call: None,
                    };
                    Parsed::Head(len, Head::Request(Box::new(request)), body)
                }
            }
        }
        Direction::Responses => {
            let mut response = httparse::Response::new(&mut []);
            let config = httparse::ParserConfig::default();
            match config.parse_response_with_uninit_headers(&mut response, bytes, &mut storage) {
                Err(_) => Parsed::Bad,
                Ok(httparse::Status::Partial) => Parsed::Partial,
                Ok(httparse::Status::Complete(len)) => {
                    let status = response.code.unwrap_or(0);
                    let headers = Found(response.headers);
                    let body = match status {
                        100..=199 => return Parsed::Interim(len),
                        204 | 304 => Body::Length(0),
                        _ => headers.framing().unwrap_or(Body::UntilClose),
                    };
                    let content_type = headers.get(header::CONTENT_TYPE);
                    let stream = content_type.as_deref();
                    let stream = stream.is_some_and(|v| v.starts_with("text/event-stream"));
                    let response = ResponseSummary {
                        status,
                        session: headers.get(header::SESSION_ID),
                        content_type,
                        stream,
                        bytes: 0,
                        rpc: Vec::new(),
                        call: None,
                    };
                    Parsed::Head(len, Head::Response(response), body)
                }
            }
        }
    }
}

/// The headers of a head.
struct Found<'a>(&'a [httparse::Header<'a>]);

impl Found<'_> {
    fn raw(&self, name: &str) -> Option<&[u8]> {
        let mut found = self.0.iter().filter(|h| h.name.eq_ignore_ascii_case(name));
        found.next().map(|h| h.value)
    }

    fn get(&self, name: &str) -> Option<String> {
        let value = self.raw(name)?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    fn framing(&self) -> Option<Body> {
        let chunked = self.raw(header::TRANSFER_ENCODING);
        if chunked.is_some_and(|v| v.eq_ignore_ascii_case(b"chunked")) {
            return Some(Body::ChunkSize);
        }
        let length = std::str::from_utf8(self.raw(header::CONTENT_LENGTH)?).ok()?;
        length.trim().parse().ok().map(Body::Length)
    }
}
