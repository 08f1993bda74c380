//! Reading answers within rmcp's limits: whole bodies, and SSE streams event by event. Parsing JSON-RPC is not done here.

use std::fmt;

use ::rmcp::transport::streamable_http_client::{SseError, StreamableHttpError};
use bytes::Bytes;
use futures_util::future::ready;
use futures_util::stream::{BoxStream, StreamExt, TryStreamExt};
use http_body_util::BodyDataStream;
use hyper::body::Incoming;
use sse_stream::{Sse, SseStream};

use super::exchange::HttpError;

/// The longest JSON body that rmcp reads of a success, in bytes.
pub(super) const MAX_JSON_BODY: usize = 16 * 1024 * 1024;
/// The longest body that rmcp reads of anything else, in bytes.
pub(super) const MAX_ERROR_BODY: usize = 64 * 1024;
/// The longest SSE event by default, in bytes.
pub(super) const MAX_SSE_EVENT: usize = 16 * 1024 * 1024;

/// Reads a body to its end, unless it is announced or found to be longer than `max_size` bytes.
pub(super) async fn read_body(
    body: Incoming,
    announced: Option<u64>,
    max_size: usize,
) -> Result<Vec<u8>, StreamableHttpError<HttpError>> {
    let too_large = || StreamableHttpError::ResponseBodyTooLarge { max_size };
    if announced.is_some_and(|length| length > max_size as u64) {
        return Err(too_large());
    }
    let mut chunks = BodyDataStream::new(body);
    let mut whole = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| StreamableHttpError::Client(HttpError::body(error)))?;
        if chunk.len() > max_size - whole.len() {
            return Err(too_large());
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole)
}

/// The events of a body. It ends with an error when the body breaks off, or when an event passes `max_size` bytes.
pub(super) fn sse_events(
    body: Incoming,
    max_size: usize,
) -> BoxStream<'static, Result<Sse, SseError>> {
    let chunks = BodyDataStream::new(body)
        .map_err(|error| SseBodyError::Body(HttpError::body(error)))
        .scan(Some(EventSize::new(max_size)), |size, chunk| {
            let next = size.as_mut().map(|event| {
                chunk.and_then(|chunk: Bytes| {
                    if event.admits(&chunk) {
                        Ok(chunk)
                    } else {
                        Err(SseBodyError::EventTooLarge(event.max))
                    }
                })
            });
            if matches!(next, Some(Err(_))) {
                *size = None;
            }
            ready(next)
        });
    SseStream::from_bytes_stream(chunks).boxed()
}

#[derive(Debug)]
enum SseBodyError {
    Body(HttpError),
    EventTooLarge(usize),
}

impl fmt::Display for SseBodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body(error) => error.fmt(f),
            Self::EventTooLarge(max) => {
                write!(f, "SSE event exceeded the maximum size of {max} bytes")
            }
        }
    }
}

impl std::error::Error for SseBodyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Body(error) => error.source(),
            Self::EventTooLarge(_) => None,
        }
    }
}

/// Counts what a parser must keep of the event that is arriving: its finished lines, but for comments, and the open one.
#[derive(Debug)]
struct EventSize {
    max: usize,
    kept: usize,
    line: usize,
    comment: bool,
    after_cr: bool,
}

impl EventSize {
    fn new(max: usize) -> Self {
        Self {
            max,
            kept: 0,
            line: 0,
            comment: false,
            after_cr: false,
        }
    }

    fn admits(&mut self, chunk: &[u8]) -> bool {
        chunk.iter().all(|&byte| self.admits_byte(byte))
    }

    fn admits_byte(&mut self, byte: u8) -> bool {
        let second_half_of_crlf = std::mem::take(&mut self.after_cr) && byte == b'\n';
        match byte {
            b'\n' if second_half_of_crlf => return true,
            b'\n' | b'\r' => {
                self.after_cr = byte == b'\r';
                self.end_line();
            }
            _ => {
                if self.line == 0 {
                    self.comment = byte == b':';
                }
                self.line = self.line.saturating_add(1);
            }
        }
        self.kept.saturating_add(self.line) <= self.max
    }

    fn end_line(&mut self) {
        if self.line == 0 {
            self.kept = 0;
        } else if !self.comment {
            // One more for the newline that joins data lines.
            self.kept = self.kept.saturating_add(self.line).saturating_add(1);
        }
        self.line = 0;
        self.comment = false;
    }
}

#[cfg(test)]
mod tests {
    use super::EventSize;

    fn admitted(max: usize, chunks: &[&str]) -> bool {
        let mut size = EventSize::new(max);
        chunks.iter().all(|chunk| size.admits(chunk.as_bytes()))
    }

    #[test]
    fn an_event_may_be_as_long_as_the_limit() {
        assert!(admitted(9, &["data: ab\n\n"]));
        assert!(!admitted(8, &["data: ab\n\n"]));
    }

    #[test]
    fn the_end_of_an_event_starts_the_count_anew() {
        assert!(admitted(8, &["data: a\r", "\n\r\ndata: b\n\n"]));
        assert!(!admitted(8, &["data: a\r", "\ndata: b\n\n"]));
    }

    #[test]
    fn a_comment_counts_only_while_it_arrives() {
        assert!(admitted(8, &[": ping\n", ": ping\n", "data: a\n\n"]));
        assert!(!admitted(8, &[": keepalive\n"]));
    }

    #[test]
    fn an_unfinished_line_is_bounded_across_chunks() {
        assert!(!admitted(16, &["data: aaaaa", "aaaaaa"]));
    }
}
