//! An answer as the scripted server writes it, byte by byte. `$ID` stands for the request's id, `$RESULT` for a fitting
//! result, `$SESSION` for a session id.

use crate::server::Seen;

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) name: &'static str,
    pub(crate) status: &'static str,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    pub(crate) body: Body,
    pub(crate) then: Then,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// With `Content-Length`.
    Whole(String),
    /// Chunked, and the last chunk is sent.
    Chunked(String),
    /// Chunked, and the last chunk is not sent.
    Cut(String),
    /// As it stands, without a length.
    Raw(&'static str),
    /// Not even a head.
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    KeepAlive,
    Close,
    Hold,
}

impl Answer {
    /// Whether rmcp reads it as a stream. The stream for notifications is then reopened, at once or after a while.
    pub(crate) fn is_stream(&self) -> bool {
        let reads = |value: &str| {
            value.starts_with("text/event-stream") || value.starts_with("application/json")
        };
        self.status == "200 OK"
            && self
                .headers
                .iter()
                .any(|(name, value)| *name == "Content-Type" && reads(value))
    }

    /// Whether rmcp's default client follows it. A bare reqwest client has another policy.
    pub(crate) fn is_followed(&self) -> bool {
        self.status.starts_with("307") || self.status.starts_with("308")
    }

    pub(crate) fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// The bytes for that request.
    pub(crate) fn render(&self, request: &Seen) -> Vec<u8> {
        let message = request.message();
        let result = match request.kind().as_str() {
            "initialize" => {
                r#"{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"scripted","version":"1"}}"#
            }
            _ => r#"{"content":[{"type":"text","text":"done"}]}"#,
        };
        let session = match request.header("mcp-session-id") {
            Some(id) => id.to_owned(),
            None => format!("session-for-{}", message["id"]),
        };
        let fill = |text: &str| {
            text.replace("$ID", &message["id"].to_string())
                .replace("$RESULT", result)
                .replace("$SESSION", &session)
        };
        let mut head = format!("HTTP/1.1 {}\r\n", self.status);
        for (name, value) in &self.headers {
            head += &format!("{name}: {}\r\n", fill(value));
        }
        let text = match &self.body {
            Body::Whole(body) => {
                let body = fill(body);
                format!("{head}Content-Length: {}\r\n\r\n{body}", body.len())
            }
            Body::Chunked(body) => format!(
                "{head}Transfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n",
                chunk(&fill(body))
            ),
            Body::Cut(body) => format!(
                "{head}Transfer-Encoding: chunked\r\n\r\n{}",
                chunk(&fill(body))
            ),
            Body::Raw(body) => format!("{head}\r\n{}", fill(body)),
            Body::Nothing => String::new(),
        };
        text.into_bytes()
    }
}

fn chunk(body: &str) -> String {
    match body {
        "" => String::new(),
        body => format!("{:x}\r\n{body}\r\n", body.len()),
    }
}

pub(crate) fn whole(
    name: &'static str,
    status: &'static str,
    headers: &[(&'static str, &'static str)],
    body: impl Into<String>,
) -> Answer {
    Answer {
        name,
        status,
        headers: headers.to_vec(),
        body: Body::Whole(body.into()),
        then: Then::KeepAlive,
    }
}

pub(crate) fn json(name: &'static str, status: &'static str, body: impl Into<String>) -> Answer {
    whole(name, status, &[("Content-Type", "application/json")], body)
}

pub(crate) fn stream(name: &'static str, body: Body, then: Then) -> Answer {
    Answer {
        name,
        status: "200 OK",
        headers: vec![
            ("Content-Type", "text/event-stream"),
            ("Mcp-Session-Id", "$SESSION"),
        ],
        body,
        then,
    }
}
