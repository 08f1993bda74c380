//! What a server says to one request, as values.

use serde::Serialize;
use serde_json::Value;
use stalemate_wire::{Headers, Rpc, RpcKind, header, sse, summarize};

/// The longest text of an answer that is shown, in characters.
const SHOWN: usize = 60;
/// How much of an id is shown, in characters (SES-04).
const SHOWN_OF_ID: usize = 8;

/// How the body of an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// It is whole.
    Whole,
    /// It was still open when nobody waited any longer.
    Open,
    /// The connection broke.
    Cut,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// The body, without framing.
    pub body: Vec<u8>,
    /// How it ended.
    pub end: End,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// It was answered, if not to the end.
    Answer(Answer),
    /// Nothing came in the time there was.
    Silence,
    /// The connection was closed without an answer.
    HungUp,
    /// Nobody listens.
    Refused,
}

impl Said {
    /// The answer, if there is one.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Answer(answer) => Some(answer),
            _ => None,
        }
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        Some(self.answer()?.status)
    }

    /// In a few words, with those ids shortened.
    #[must_use]
    pub fn words(&self, ids: &[String]) -> String {
        match self {
            Self::Answer(answer) => answer.words(ids),
            Self::Silence => "no answer in the time there was".to_owned(),
            Self::HungUp => "connection closed without an answer".to_owned(),
            Self::Refused => "nobody listens".to_owned(),
        }
    }
}

impl Answer {
    /// The media type, without parameters.
    #[must_use]
    pub fn media_type(&self) -> &str {
        let value = self.headers.get(header::CONTENT_TYPE).unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim()
    }

    /// Whether it is an event stream.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        self.media_type() == "text/event-stream"
    }

    /// Whether it is a success.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The events of a stream.
    #[must_use]
    pub fn events(&self) -> Vec<sse::Event> {
        let mut decoder = sse::Decoder::new();
        decoder.push(&self.body);
        let events = std::iter::from_fn(|| decoder.next_event());
        events.map(|(event, _)| event).collect()
    }

    /// The JSON-RPC messages in it.
    #[must_use]
    pub fn messages(&self) -> Vec<Value> {
        let parse = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).ok();
        if self.is_stream() {
            let events = self.events().into_iter();
            let data = events.filter_map(|event| event.data);
            return data.filter_map(|data| parse(data.as_bytes())).collect();
        }
        match parse(&self.body) {
            Some(Value::Array(items)) => items,
            Some(value) => vec![value],
            None => Vec::new(),
        }
    }

    /// The response to the request of that id.
    #[must_use]
    pub fn response_to(&self, id: u64) -> Option<Value> {
        let mut messages = self.messages().into_iter();
        messages.find(|m| m.get("method").is_none() && m["id"] == id)
    }

    /// The session id that it names.
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.headers.get(header::SESSION_ID)
    }

    fn rpc(&self) -> Option<Rpc> {
        let mut messages = self.messages().into_iter();
        messages.find_map(|m| summarize(m.to_string().as_bytes()).into_iter().next())
    }

    fn words(&self, ids: &[String]) -> String {
        let said = match self.rpc() {
            Some(rpc) => match rpc.error {
                Some(error) => format!("{} {}", error.code, error.message),
                None if rpc.kind == RpcKind::Result => "result".to_owned(),
                None => rpc.method.unwrap_or_default(),
            },
            None if self.is_stream() => String::new(),
            None => String::from_utf8_lossy(&self.body).into_owned(),
        };
        // Hidden first: what is cut off an id would not be known for it.
        let said = short(&hide(&said, ids));
        let mut words = vec![self.status.to_string()];
        if self.is_stream() {
            words.push("stream".to_owned());
        } else if !self.is_success() || self.body.is_empty() {
            words.push(format!("{} bytes", self.body.len()));
        }
        if !said.is_empty() {
            words.push(said);
        }
        words.join(", ")
    }
}

/// A text on one line, and not too long.
fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // What a terminal would act on is no text.
    let line: String = line.chars().filter(|c| !c.is_control()).collect();
    if line.chars().count() <= SHOWN {
        return line;
    }
    let cut: String = line.chars().take(SHOWN).collect();
    format!("{}…", cut.trim_end())
}

/// A text with those ids shortened.
fn hide(text: &str, ids: &[String]) -> String {
    ids.iter().fold(text.to_owned(), |text, id| {
        if id.chars().count() <= SHOWN_OF_ID {
            return text;
        }
        let shown: String = id.chars().take(SHOWN_OF_ID).collect();
        text.replace(id.as_str(), &format!("{shown}…"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, kind: &str, body: &str) -> Said {
        Said::Answer(Answer {
            status,
            headers: Headers::new().with("Content-Type", kind),
            body: body.as_bytes().to_vec(),
            end: End::Whole,
        })
    }

    #[test]
    fn what_is_shown_is_short_and_has_no_whole_id() {
        let id = "ead943df-8fd9-4839-ae58-611a949e59c4".to_owned();
        let body = format!(
            r#"{{"jsonrpc":"2.0","error":{{"code":-32001,"message":"Session not found: {id}"}},"id":null}}"#
        );
        let said = answer(404, "application/json; charset=utf-8", &body);
        assert_eq!(
            said.words(std::slice::from_ref(&id)),
            format!(
                "404, {} bytes, -32001 Session not found: ead943df…",
                body.len()
            )
        );
        let page = answer(400, "text/html", &"<b>\u{1b}[31m long</b> ".repeat(20));
        assert!(page.words(&[]).chars().count() < 100 && !page.words(&[]).contains('\u{1b}'));
        let stream = answer(
            200,
            "text/event-stream",
            "event: message\ndata: {\"result\":{},\"id\":1}\n\n",
        );
        assert_eq!(stream.words(&[]), "200, stream, result");
    }
}
