//! Cloudflare's edge in front of one origin: its error codes, its own pages, held heads, added headers. From its public
//! documentation and public measurements; nobody outside has its source.
//!
//! Made up, because the real bytes are not known: the bodies of the error pages (short HTML under the real titles) and
//! the place of `Server` among the response headers. Left out: `CF-Ray`, `CF-Visitor`, `CF-IPCountry`, `CDN-Loop` and
//! the `Accept-Encoding` that it sets upstream, compression, caching, challenges, HTTP/2 towards the client, and the
//! limits that are not about reading (write 30 s, acknowledgements 90 s).

use stalemate_wire::marks::took;
use stalemate_wire::{Headers, Request, Response};

use super::headers::{chunk, end_to_end, forwarded_for, onward};
use super::{
    ForwardRequest, Framing, HeadDecision, Hop, HopOptions, LogRecord, Release, Upstream,
    UpstreamFailure,
};

/// The addresses that requests leave from, as the report's log shows them: two requests of one client came from both.
pub const EGRESS: [&str; 2] = ["172.70.34.132", "104.23.209.43"];

const SERVER: &str = "cloudflare";
const CONNECT_TIMEOUT_MS: u64 = 19_000;
/// The documentation says 100 s in one place and 120 s in another; a measurement said 125 s.
const READ_TIMEOUT_MS: u64 = 100_000;
const IDLE_TIMEOUT_MS: u64 = 900_000;

/// Request headers that Cloudflare writes itself.
const ADDED: [&str; 3] = ["cf-connecting-ip", "x-forwarded-for", "x-forwarded-proto"];

/// The decisions of Cloudflare's edge.
#[derive(Clone, Debug)]
pub struct Cloudflare {
    upstream: Upstream,
}

impl Cloudflare {
    /// An edge with the time-outs of these options; the rest of them is nginx's.
    #[must_use]
    pub fn new(options: &HopOptions) -> Self {
        Self {
            upstream: Upstream {
                keep_alive: true,
                idle_timeout_ms: IDLE_TIMEOUT_MS,
                ..Upstream::once(options, CONNECT_TIMEOUT_MS, READ_TIMEOUT_MS)
            },
        }
    }
}

impl Hop for Cloudflare {
    fn name(&self) -> &'static str {
        "cloudflare"
    }

    fn forward(&self, request: &ForwardRequest<'_>) -> Request {
        let mut headers = onward(request, &ADDED);
        headers.push("CF-Connecting-IP", request.remote_addr);
        headers.push("X-Forwarded-For", forwarded_for(request));
        headers.push("X-Forwarded-Proto", "https");
        request.with(&request.request.path, headers)
    }

    fn upstream(&self) -> Upstream {
        self.upstream
    }

    fn on_failure(&self, failure: UpstreamFailure) -> Response {
        let (arm, page) = match failure {
            UpstreamFailure::Refused => ("the edge says 521", page(521, "Web server is down")),
            UpstreamFailure::ConnectTimeout => {
                ("the edge says 522", page(522, "Connection timed out"))
            }
            UpstreamFailure::ClosedBeforeHead => (
                "the edge says 520",
                page(520, "Web server is returning an unknown error"),
            ),
            UpstreamFailure::ReadTimeout => ("the edge says 524", page(524, "A timeout occurred")),
        };
        took("hop", arm);
        page
    }

    fn on_head(&self, status: u16, headers: &Headers) -> HeadDecision {
        match status {
            502 => {
                took("hop", "the edge replaces a 502");
                return HeadDecision::Replace(page(502, "Bad gateway"));
            }
            504 => {
                took("hop", "the edge replaces a 504");
                return HeadDecision::Replace(page(504, "Gateway time-out"));
            }
            _ => {}
        }
        let mut forwarded: Headers = end_to_end(headers)
            .filter(|(name, _)| !name.eq_ignore_ascii_case("server"))
            .collect();
        let release = match Framing::of(status, headers) {
            Framing::NoBody | Framing::Length(_) => Release::AtOnce,
            Framing::Chunked | Framing::UntilClose => {
                chunk(&mut forwarded);
                Release::FirstByte { replaceable: true }
            }
        };
        forwarded.push("Connection", "keep-alive");
        forwarded.push("Server", SERVER);
        HeadDecision::Forward {
            status,
            headers: forwarded,
            release,
        }
    }

    fn access_log(&self, _record: &LogRecord<'_>) -> Option<String> {
        None
    }
}

/// A page under Cloudflare's name. Its bytes are ours, its status and its title are real.
fn page(status: u16, title: &str) -> Response {
    let body = format!(
        "<!DOCTYPE html>\n<html>\n<head><title>{status}: {title}</title></head>\n<body>\n\
         <h1>Error {status}</h1>\n<p>{title}</p>\n<p>Cloudflare</p>\n</body>\n</html>\n"
    )
    .into_bytes();
    Response {
        status,
        headers: Headers::new()
            .with("Content-Type", "text/html; charset=UTF-8")
            .with("Content-Length", body.len().to_string())
            .with("Connection", "keep-alive")
            .with("Server", SERVER),
        body,
    }
}

#[cfg(test)]
mod tests;
