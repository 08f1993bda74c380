//! nginx's access log: the line of the report's `log_format`, its escaping, and `$body_bytes_sent`. Nothing is written
//! here, and there is no clock: that format has no time in it.
//!
//! ```text
//! log_format mcpdebug '$remote_addr - $request - status:$status body_bytes:$body_bytes_sent '
//!                     'accept:"$http_accept" content_type:"$http_content_type" '
//!                     'session_id:"$http_mcp_session_id" content_length:"$http_content_length"';
//! ```

use stalemate_wire::{Request, header};

use super::Framing;

/// What the line of one finished exchange is made from. No `Debug`: it carries a session id.
#[derive(Clone, Copy)]
pub struct LogRecord<'a> {
    /// The address of the peer, without a port. Behind Cloudflare that is one of [`super::EGRESS`].
    pub remote_addr: &'a str,
    /// The method of the request line.
    pub method: &'a str,
    /// The path with its query as it stood in the request line, before any rewriting.
    pub target: &'a str,
    /// The version of the request line, e.g. `HTTP/1.1`.
    pub protocol: &'a str,
    /// The status that the client got, or [`super::nginx::CLIENT_CLOSED_REQUEST`].
    pub status: u16,
    /// What a [`ChunkCounter`] counted.
    pub body_bytes_sent: u64,
    /// The request's `Accept`.
    pub accept: Option<&'a str>,
    /// The request's `Content-Type`.
    pub content_type: Option<&'a str>,
    /// The request's `Mcp-Session-Id`, whether or not it is a valid one.
    pub session_id: Option<&'a str>,
    /// The request's `Content-Length`.
    pub content_length: Option<&'a str>,
}

impl<'a> LogRecord<'a> {
    /// The record of an HTTP/1.1 request as the hop received it. Of a header that came twice the first is taken.
    #[must_use]
    pub fn new(
        remote_addr: &'a str,
        request: &'a Request,
        status: u16,
        body_bytes_sent: u64,
    ) -> Self {
        let headers = &request.headers;
        Self {
            remote_addr,
            method: request.method.as_str(),
            target: &request.path,
            protocol: "HTTP/1.1",
            status,
            body_bytes_sent,
            accept: headers.get(header::ACCEPT),
            content_type: headers.get(header::CONTENT_TYPE),
            session_id: headers.get(header::SESSION_ID),
            content_length: headers.get(header::CONTENT_LENGTH),
        }
    }

    /// The line, without its newline.
    #[must_use]
    pub fn line(&self) -> String {
        let value = |header: Option<&str>| header.map_or_else(|| "-".to_owned(), escape);
        let request = escape(&format!(
            "{} {} {}",
            self.method, self.target, self.protocol
        ));
        format!(
            "{} - {request} - status:{:03} body_bytes:{} accept:\"{}\" content_type:\"{}\" session_id:\"{}\" \
             content_length:\"{}\"",
            self.remote_addr,
            self.status,
            self.body_bytes_sent,
            value(self.accept),
            value(self.content_type),
            value(self.session_id),
            value(self.content_length),
        )
    }
}

/// A value as nginx writes it with `escape=default`: `"`, `\`, control characters, DEL and every byte above it as `\xHH`
/// with capital digits.
#[must_use]
pub fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'"' | b'\\' | 0..=0x1f | 0x7f..=0xff => out.push_str(&format!("\\x{byte:02X}")),
            _ => out.push(char::from(byte)),
        }
    }
    out
}

/// Counts `$body_bytes_sent`: what went to the client after the head, chunk framing included.
///
/// The shell makes one from the framing of the head that it sends (see [`super::HeadDecision::Forward`]), calls
/// [`Self::frame`] for every data frame at the moment it hands it to hyper's server body, and [`Self::end`] when that
/// body ends well; not when it is cut. This is exact, because hyper writes each data frame that is not empty as one
/// chunk and never joins two. (Its size line has capital digits where nginx's has small ones; the length is the same.)
///
/// nginx makes one chunk of what one read of its 4 KiB buffer brings, so a real log may count other framing bytes for a
/// body that does not fit into one read; hyper's client, too, may hand a long chunk over in several frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkCounter {
    chunked: bool,
    sent: u64,
}

impl ChunkCounter {
    /// A counter for a body that is sent with that framing; only [`Framing::Chunked`] costs bytes of its own.
    #[must_use]
    pub fn new(framing: Framing) -> Self {
        Self {
            chunked: framing == Framing::Chunked,
            sent: 0,
        }
    }

    /// A data frame of that many bytes went out. An empty one is none.
    pub fn frame(&mut self, bytes: usize) {
        if bytes == 0 {
            return;
        }
        self.sent += bytes as u64;
        if self.chunked {
            // The size in hexadecimal, its line end, and the line end after the data.
            let digits = u64::from(bytes.ilog2() / 4 + 1);
            self.sent += digits + 4;
        }
    }

    /// The body ended well.
    pub fn end(&mut self) {
        if self.chunked {
            self.sent += "0\r\n\r\n".len() as u64;
        }
    }

    /// What was counted so far, in bytes.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent
    }
}

/// The bytes that a whole body of these frames takes in chunks, the last chunk included.
#[must_use]
pub fn chunked_len(parts: impl IntoIterator<Item = usize>) -> u64 {
    let mut counter = ChunkCounter::new(Framing::Chunked);
    for bytes in parts {
        counter.frame(bytes);
    }
    counter.end();
    counter.sent()
}

#[cfg(test)]
mod tests;
