//! A balancer: what it does to the messages, which is next to nothing. Which of a server's processes gets a request, and
//! which the next one if that fails, is in `upstreams`.

use stalemate_wire::{Headers, Request, Response};

use super::headers::{onward_told, passed_on};
use super::{
    ForwardRequest, HeadDecision, Hop, HopOptions, LogRecord, Release, Upstream, UpstreamFailure,
};

/// What a balancer does to messages: it ends connections, says for whom it asks, and passes everything else on.
#[derive(Clone, Debug)]
pub struct Balancer {
    upstream: Upstream,
}

impl Balancer {
    /// A balancer with the time-outs of these options; the rest of them is nginx's.
    #[must_use]
    pub fn new(options: &HopOptions) -> Self {
        Self {
            upstream: Upstream::of_nginx(options),
        }
    }
}

impl Hop for Balancer {
    fn name(&self) -> &'static str {
        "balancer"
    }

    fn forward(&self, request: &ForwardRequest<'_>) -> Request {
        let mut headers = onward_told(request);
        if !self.upstream.keep_alive {
            headers.push("Connection", "close");
        }
        request.with(&request.request.path, headers)
    }

    fn upstream(&self) -> Upstream {
        self.upstream
    }

    fn on_failure(&self, failure: UpstreamFailure) -> Response {
        self.page(failure.status())
    }

    fn on_head(&self, status: u16, headers: &Headers) -> HeadDecision {
        passed_on(status, headers, Release::AtOnce)
    }

    fn access_log(&self, _record: &LogRecord<'_>) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests;
