//! What a hop is told to change in the messages that pass it, whatever product it is: headers hidden, renamed or added,
//! statuses exchanged, requests redirected. The product's own work comes first.

use std::collections::BTreeMap;
use std::sync::Arc;

use stalemate_wire::marks::took;
use stalemate_wire::{Headers, Request, Response};

use super::headers::is_any;
use super::{
    BodyEnd, BrokenBody, ForwardRequest, Framing, HeadDecision, Hop, HopOptions, LogRecord,
    Upstream, UpstreamFailure,
};

/// Headers that say where a message ends or what becomes of its connection: they are the product's alone.
pub const FRAMING: [&str; 4] = [
    "connection",
    "content-length",
    "keep-alive",
    "transfer-encoding",
];

/// What is changed in one direction. A header is hidden, then what is left is renamed, then others are added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderEdits {
    /// Names of headers that do not pass, whatever their case; each once, none of [`FRAMING`].
    pub hide: Vec<String>,
    /// New names by old ones, whose case does not matter. The new one is written as it stands here.
    pub rename: BTreeMap<String, String>,
    /// Headers at the end of each head.
    pub add: BTreeMap<String, String>,
}

impl HeaderEdits {
    /// Whether nothing is changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn apply(&self, headers: &Headers) -> Headers {
        let hidden: Vec<&str> = self.hide.iter().map(String::as_str).collect();
        let kept = headers.iter().filter(|(name, _)| !is_any(name, &hidden));
        let renamed = kept.map(|(name, value)| {
            let mut pairs = self.rename.iter();
            let new = pairs.find(|(old, _)| old.eq_ignore_ascii_case(name));
            (new.map_or(name, |(_, new)| new), value)
        });
        let added = self.add.iter().map(|(name, value)| (&**name, &**value));
        renamed.chain(added).collect()
    }
}

/// What a hop is told to change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    /// The headers of a request that goes on upstream.
    pub request: HeaderEdits,
    /// The headers of a response of the upstream. The hop's own pages keep theirs.
    pub response: HeaderEdits,
    /// By the upstream's status, 200 to 599, the one that the client gets with the same body. Neither is 204 or 304.
    pub statuses: BTreeMap<u16, u16>,
    /// Where requests are sent instead of upstream.
    pub redirect: Option<Redirect>,
}

impl Edits {
    /// Whether nothing is changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn status(&self, upstream: u16) -> u16 {
        self.statuses.get(&upstream).copied().unwrap_or(upstream)
    }
}

/// An answer that sends the client to another path of the same host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// 301, 302, 307 or 308.
    pub status: u16,
    /// Where it leads.
    pub to: RedirectTo,
}

/// The statuses that a [`Redirect`] can have.
pub const REDIRECTS: [u16; 4] = [301, 302, 307, 308];

/// Where a redirect leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedirectTo {
    /// To the same path with a slash at its end, as frameworks do that have their route there, and nginx for a location
    /// that ends in a slash. What comes with the slash goes upstream without it.
    Slash,
    /// To that path, which begins with a slash. What comes there goes to the endpoint.
    Path(String),
}

impl Redirect {
    /// The path that a request is sent to; `None` if it came where it should.
    fn target(&self, path: &str) -> Option<String> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let to = match &self.to {
            RedirectTo::Slash => format!("{}/", path.trim_end_matches('/')),
            RedirectTo::Path(to) => to.clone(),
        };
        let query = if query.is_empty() {
            ""
        } else {
            &format!("?{query}")
        };
        (to != path).then(|| to + query)
    }

    /// The redirect of a request; `None` if it came where it should.
    fn answer(&self, request: &Request, page: impl Fn(u16) -> Response) -> Option<Response> {
        let target = self.target(&request.path)?;
        took("hop", "a request is redirected");
        let host = request.headers.get("host");
        let location = host.map_or(target.clone(), |host| format!("http://{host}{target}"));
        let mut answer = page(self.status);
        answer.headers.push("Location", location);
        Some(answer)
    }
}

/// A hop with edits.
pub(super) struct Edited {
    inner: Arc<dyn Hop>,
    edits: Edits,
    /// The path of the endpoint upstream.
    endpoint: Option<String>,
}

impl Edited {
    /// That hop, with these edits if there are any.
    pub(super) fn around(inner: Arc<dyn Hop>, options: &HopOptions) -> Arc<dyn Hop> {
        if options.edits.is_empty() {
            return inner;
        }
        Arc::new(Self {
            inner,
            edits: options.edits.clone(),
            endpoint: options.upstream_path.clone(),
        })
    }

    /// The path upstream of a request that came where it was sent to.
    fn arrived(&self, path: &str) -> String {
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, format!("?{query}")),
            None => (path, String::new()),
        };
        let path = match self.edits.redirect.as_ref().map(|redirect| &redirect.to) {
            None => path,
            Some(RedirectTo::Slash) => path.trim_end_matches('/'),
            Some(RedirectTo::Path(_)) => self.endpoint.as_deref().unwrap_or(path),
        };
        format!("{path}{query}")
    }
}

impl Hop for Edited {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn answer(&self, request: &ForwardRequest<'_>) -> Option<Response> {
        let refused = self.inner.answer(request);
        refused.or_else(|| {
            let redirect = self.edits.redirect.as_ref()?;
            redirect.answer(request.request, |status| self.inner.page(status))
        })
    }

    fn forward(&self, request: &ForwardRequest<'_>) -> Request {
        let mut onward = self.inner.forward(request);
        onward.headers = self.edits.request.apply(&onward.headers);
        onward.path = self.arrived(&onward.path);
        onward
    }

    fn upstream(&self) -> Upstream {
        self.inner.upstream()
    }

    fn on_failure(&self, failure: UpstreamFailure) -> Response {
        self.inner.on_failure(failure)
    }

    fn page(&self, status: u16) -> Response {
        self.inner.page(status)
    }

    fn on_head(&self, status: u16, headers: &Headers) -> HeadDecision {
        let changed = self.edits.status(status);
        if changed != status {
            took("hop", "a status is exchanged");
        }
        match self.inner.on_head(status, headers) {
            HeadDecision::Forward {
                status,
                mut headers,
                release,
            } => {
                let has_body = Framing::of(status, &headers) != Framing::NoBody;
                // What a status without a body leaves unsaid must be said with any other.
                if !has_body && changed != status {
                    headers.push("Content-Length", "0");
                }
                HeadDecision::Forward {
                    status: changed,
                    headers: self.edits.response.apply(&headers),
                    release,
                }
            }
            HeadDecision::Replace(page) => HeadDecision::Replace(Response {
                status: if changed == status {
                    page.status
                } else {
                    changed
                },
                ..page
            }),
        }
    }

    fn on_broken_body(&self, why: BrokenBody, framing: Framing) -> BodyEnd {
        self.inner.on_broken_body(why, framing)
    }

    fn access_log(&self, record: &LogRecord<'_>) -> Option<String> {
        self.inner.access_log(record)
    }
}

#[cfg(test)]
mod tests;
