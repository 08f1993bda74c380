//! nginx 1.22.1 as Debian 12 ships it, as a reverse proxy with one upstream address: `proxy_pass` and its defaults, the
//! error pages byte for byte, what it does to headers, and when a broken upstream shows. Measured against the real one;
//! where a capture does not show it, read from its source.
//!
//! Not in here: `Date` (there is no clock; the upstream's is hidden all the same), several upstream addresses and
//! `proxy_next_upstream` (see `upstreams`), `proxy_redirect`, `X-Accel-Redirect`, and the padding of error pages for
//! Chrome and Internet Explorer. What it refuses by itself is in `limits`, and what no location matches in `location`.

mod limits;
mod location;

use stalemate_wire::marks::took;
use stalemate_wire::{Headers, Request, Response, header, reason};

use super::headers::is_any;
use super::{
    ForwardRequest, Framing, HeadDecision, Hop, HopOptions, LogRecord, Release, Upstream,
    UpstreamFailure,
};

/// The status that the access log has where the client left before it got a head. It is never sent.
pub const CLIENT_CLOSED_REQUEST: u16 = 499;

/// How long a client's idle connection is kept, in milliseconds (`keepalive_timeout`). The shell's server side closes
/// it then, whatever the peer's pool thinks.
pub const KEEPALIVE_TIMEOUT_MS: u64 = 75_000;

/// One buffer of `proxy_buffers`, in bytes. (The first one of a response also has the head in it, which is not modelled.)
pub const BUFFER_BYTES: usize = 4096;

/// `proxy_connect_timeout` and `proxy_read_timeout`, in milliseconds.
pub(super) const TIMEOUT_MS: u64 = 60_000;

/// `client_max_body_size`, in bytes.
pub const MAX_BODY_BYTES: u64 = 1 << 20;

/// How long a kept connection to the upstream may be idle, in milliseconds (`keepalive_timeout` in `upstream`).
pub const UPSTREAM_KEEPALIVE_MS: u64 = 60_000;

const SERVER: &str = "nginx/1.22.1";

/// Request headers that nginx sets itself or does not pass on.
const OWN_REQUEST_HEADERS: [&str; 8] = [
    "host",
    "connection",
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    "te",
    "keep-alive",
    "expect",
    "upgrade",
];

/// Response headers that do not go through the header list: nginx sets, consumes or hides them.
const OWN_RESPONSE_HEADERS: [&str; 13] = [
    "server",
    "date",
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    "connection",
    "keep-alive",
    "x-pad",
    "x-accel-expires",
    "x-accel-redirect",
    "x-accel-limit-rate",
    X_ACCEL_BUFFERING,
    "x-accel-charset",
];
const X_ACCEL_BUFFERING: &str = "x-accel-buffering";

/// The decisions of nginx.
#[derive(Clone, Debug)]
pub struct Nginx {
    options: HopOptions,
}

impl Nginx {
    /// An nginx with these options.
    #[must_use]
    pub fn new(options: &HopOptions) -> Self {
        Self {
            options: options.clone(),
        }
    }

    fn path(&self, path: &str) -> String {
        let Some(upstream_path) = &self.options.upstream_path else {
            return path.to_owned();
        };
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let rest = location::rest(&self.options, path).unwrap_or_default();
        match query {
            "" => format!("{upstream_path}{rest}"),
            query => format!("{upstream_path}{rest}?{query}"),
        }
    }

    fn release(&self, framing: Framing, x_accel_buffering: Option<&str>) -> Release {
        let buffering = match x_accel_buffering {
            Some(value) if value.eq_ignore_ascii_case("no") => false,
            Some(value) if value.eq_ignore_ascii_case("yes") => true,
            _ => self.options.buffering,
        };
        let (arm, release) = match framing {
            _ if !buffering => ("nginx passes an answer on unbuffered", Release::AtOnce),
            Framing::NoBody | Framing::Length(0) => {
                ("nginx passes an empty answer on", Release::AtOnce)
            }
            // The pipe passes on each chunk that is whole, and marks it to be flushed; only the head has waited.
            Framing::Chunked => (
                "nginx holds a head until the first chunk",
                Release::FirstByte { replaceable: false },
            ),
            // A buffer that is not full is passed on when the length is reached or the upstream closes.
            Framing::Length(_) | Framing::UntilClose => (
                "nginx fills a buffer before it passes it on",
                Release::Buffers {
                    bytes: BUFFER_BYTES,
                },
            ),
        };
        took("hop", arm);
        release
    }
}

impl Hop for Nginx {
    fn name(&self) -> &'static str {
        "nginx"
    }

    fn answer(&self, request: &ForwardRequest<'_>) -> Option<Response> {
        limits::refusal(request.request, self.options.max_body_bytes)
            .or_else(|| location::elsewhere(&self.options, request.request))
    }

    fn forward(&self, request: &ForwardRequest<'_>) -> Request {
        let Request {
            path,
            headers: received,
            body,
            ..
        } = request.request;
        let mut headers = Headers::new().with("Host", self.options.upstream_host.as_str());
        if !self.options.keepalive {
            headers.push("Connection", "close");
        }
        // A chunked body was read whole, so that its length is known now.
        if received.get(header::CONTENT_LENGTH).is_some()
            || received.get(header::TRANSFER_ENCODING).is_some()
        {
            headers.push("Content-Length", body.len().to_string());
        }
        for (name, value) in received.iter() {
            if is_valid(name) && !is_any(name, &OWN_REQUEST_HEADERS) {
                headers.push(name, value);
            }
        }
        request.with(&self.path(path), headers)
    }

    fn upstream(&self) -> Upstream {
        Upstream {
            http10: self.options.http10,
            ..Upstream::of_nginx(&self.options)
        }
    }

    fn on_failure(&self, failure: UpstreamFailure) -> Response {
        took(
            "hop",
            match failure.status() {
                504 => "nginx says 504",
                _ => "nginx says 502",
            },
        );
        error_page(failure.status())
    }

    fn page(&self, status: u16) -> Response {
        error_page(status)
    }

    fn on_head(&self, status: u16, headers: &Headers) -> HeadDecision {
        let framing = Framing::of(status, headers);
        let mut forwarded = Headers::new().with("Server", SERVER);
        let content_type = headers.get(header::CONTENT_TYPE);
        if let Some(content_type) = content_type.filter(|_| status != 204) {
            forwarded.push("Content-Type", content_type);
        }
        match framing {
            Framing::NoBody => {}
            Framing::Length(length) => forwarded.push("Content-Length", length.to_string()),
            Framing::Chunked | Framing::UntilClose => {
                forwarded.push("Transfer-Encoding", "chunked");
            }
        }
        forwarded.push("Connection", "keep-alive");
        for (name, value) in headers.iter() {
            if !is_any(name, &OWN_RESPONSE_HEADERS) {
                forwarded.push(name, value);
            }
        }
        HeadDecision::Forward {
            status,
            headers: forwarded,
            release: self.release(framing, headers.get(X_ACCEL_BUFFERING)),
        }
    }

    fn access_log(&self, record: &LogRecord<'_>) -> Option<String> {
        Some(record.line())
    }
}

/// The page that nginx makes itself: 157 bytes for 502, 167 for 504.
fn error_page(status: u16) -> Response {
    let title = format!("{status} {}", phrase(status));
    page(status, &title, &title, "")
}

/// A page of nginx; `more` stands between its heading and its end. After what may have left bytes behind the connection is
/// closed.
fn page(status: u16, title: &str, heading: &str, more: &str) -> Response {
    let body = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{heading}</h1></center>\r\n{more}\
         <hr><center>{SERVER}</center>\r\n</body>\r\n</html>\r\n"
    )
    .into_bytes();
    let closes = matches!(status, 400 | 413 | 414);
    Response {
        status,
        headers: Headers::new()
            .with("Server", SERVER)
            .with("Content-Type", "text/html")
            .with("Content-Length", body.len().to_string())
            .with("Connection", if closes { "close" } else { "keep-alive" }),
        body,
    }
}

/// nginx's own words for a status.
fn phrase(status: u16) -> &'static str {
    match status {
        405 => "Not Allowed",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Large",
        other => reason(other),
    }
}

/// Whether nginx keeps a request header of that name: letters, digits and hyphens only, so no underscores
/// (`ignore_invalid_headers on`, `underscores_in_headers off`).
fn is_valid(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests;
