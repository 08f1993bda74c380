//! Server-sent events: an encoder and an incremental decoder that keeps the raw bytes of each event, so that a tap can
//! forward exactly what was sent. Reconnecting and `retry` waits are the client's business.

use serde::{Deserialize, Serialize};

/// One event, as its fields stand on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The `event` field; absent means `message`.
    pub event: Option<String>,
    /// The `data` lines joined by newlines; `None` where there was no data field. An empty `Some` is a priming event
    /// (POLL-01).
    pub data: Option<String>,
    /// The `id` field (RES-01).
    pub id: Option<String>,
    /// The `retry` field in milliseconds (POLL-04).
    pub retry_ms: Option<u64>,
    /// Comment lines without their colon, e.g. `keepalive`.
    pub comments: Vec<String>,
}

/// A field of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// `event`.
    Event,
    /// `data`.
    Data,
    /// `id`.
    Id,
    /// `retry`.
    Retry,
}

/// How a server spells an event. The standard leaves the order of the fields and the line end open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Style {
    /// The fields in their order, each once.
    pub order: [Field; 4],
    /// Whether lines end in CR LF.
    pub crlf: bool,
}

impl Default for Style {
    /// `event`, `data`, `id`, `retry`, each with a line feed.
    fn default() -> Self {
        Self {
            order: [Field::Event, Field::Data, Field::Id, Field::Retry],
            crlf: false,
        }
    }
}

impl Event {
    /// A `message` event with that data.
    #[must_use]
    pub fn message(data: impl Into<String>) -> Self {
        Self {
            event: Some("message".into()),
            data: Some(data.into()),
            ..Self::default()
        }
    }

    /// The bytes of the event in the default style, with its closing blank line.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.encode_as(&Style::default())
    }

    /// The bytes of the event in that style, with its closing blank line. Comments come first.
    #[must_use]
    pub fn encode_as(&self, style: &Style) -> Vec<u8> {
        let end = if style.crlf { "\r\n" } else { "\n" };
        let mut out = String::new();
        for comment in &self.comments {
            out.push_str(&format!(":{comment}{end}"));
        }
        for field in style.order {
            match field {
                Field::Event => {
                    if let Some(event) = &self.event {
                        out.push_str(&format!("event: {event}{end}"));
                    }
                }
                Field::Data => {
                    for line in self.data.iter().flat_map(|data| data.split('\n')) {
                        out.push_str(&format!("data: {line}{end}"));
                    }
                }
                Field::Id => {
                    if let Some(id) = &self.id {
                        out.push_str(&format!("id: {id}{end}"));
                    }
                }
                Field::Retry => {
                    if let Some(retry) = self.retry_ms {
                        out.push_str(&format!("retry: {retry}{end}"));
                    }
                }
            }
        }
        out.push_str(end);
        out.into_bytes()
    }

    fn parse(block: &[u8]) -> Self {
        let mut event = Self::default();
        let text = String::from_utf8_lossy(block);
        for line in text.split(['\n', '\r']).filter(|l| !l.is_empty()) {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let bare = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "" => event.comments.push(value.to_owned()),
                "event" => event.event = Some(bare.to_owned()),
                "data" => match &mut event.data {
                    Some(data) => {
                        data.push('\n');
                        data.push_str(bare);
                    }
                    None => event.data = Some(bare.to_owned()),
                },
                "id" if !bare.contains('\0') => event.id = Some(bare.to_owned()),
                "retry" => event.retry_ms = bare.parse().ok(),
                _ => {}
            }
        }
        event
    }
}

/// Splits a byte stream into events. Accepts LF, CR LF and CR line ends, in any mixture.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
}

impl Decoder {
    /// A decoder at the start of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds received bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole event with its raw bytes (closing blank line included), if one has arrived.
    pub fn next_event(&mut self) -> Option<(Event, Vec<u8>)> {
        let end = block_end(&self.buffer)?;
        let raw: Vec<u8> = self.buffer.drain(..end).collect();
        Some((Event::parse(&raw), raw))
    }

    /// The bytes of an event that is not complete yet.
    #[must_use]
    pub fn rest(&self) -> &[u8] {
        &self.buffer
    }

    /// Takes the bytes of an event that never became complete.
    pub fn take_rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.buffer)
    }
}

/// The index behind the first blank line, or `None` if there is none yet. A CR at the very end may be half a CR LF, so it
/// does not close a line until the next byte is here.
fn block_end(bytes: &[u8]) -> Option<usize> {
    let mut line_is_empty = true;
    let mut i = 0;
    while i < bytes.len() {
        let width = match bytes[i] {
            b'\n' => 1,
            b'\r' if i + 1 == bytes.len() => return None,
            b'\r' if bytes[i + 1] == b'\n' => 2,
            b'\r' => 1,
            _ => {
                line_is_empty = false;
                i += 1;
                continue;
            }
        };
        i += width;
        if line_is_empty {
            return Some(i);
        }
        line_is_empty = true;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_and_decoding_agree() {
        let event = Event {
            id: Some("0/1".into()),
            retry_ms: Some(3000),
            ..Event::message("a\nb")
        };
        let mut decoder = Decoder::new();
        for byte in event.encode() {
            assert_eq!(decoder.next_event(), None);
            decoder.push(&[byte]);
        }
        assert_eq!(decoder.next_event(), Some((event.clone(), event.encode())));
        assert!(decoder.rest().is_empty());
    }

    #[test]
    fn a_style_orders_fields_and_ends_lines() {
        let event = Event {
            id: Some("7".into()),
            retry_ms: Some(9),
            comments: vec![" c".into()],
            ..Event::message("a\nb")
        };
        let style = Style {
            order: [Field::Id, Field::Retry, Field::Event, Field::Data],
            crlf: true,
        };
        let bytes = event.encode_as(&style);
        assert_eq!(
            String::from_utf8_lossy(&bytes),
            ": c\r\nid: 7\r\nretry: 9\r\nevent: message\r\ndata: a\r\ndata: b\r\n\r\n"
        );
        let mut decoder = Decoder::new();
        decoder.push(&bytes);
        assert_eq!(decoder.next_event(), Some((event, bytes)));
    }

    #[test]
    fn every_line_end_closes_an_event() {
        for text in ["data: x\n\n", "data: x\r\n\r\n", "data: x\r\r\n"] {
            let mut decoder = Decoder::new();
            decoder.push(text.as_bytes());
            let (event, raw) = decoder.next_event().expect(text);
            assert_eq!(
                (event.data.as_deref(), raw.as_slice()),
                (Some("x"), text.as_bytes())
            );
        }
    }

    #[test]
    fn priming_and_keepalive_events_are_kept_apart() {
        let mut decoder = Decoder::new();
        decoder.push(b"data:\nid: 0/0\nretry: 3000\n\n: keepalive\n\n");
        let (priming, _) = decoder.next_event().unwrap();
        assert_eq!(
            (priming.data.as_deref(), priming.id.as_deref()),
            (Some(""), Some("0/0"))
        );
        let (keepalive, _) = decoder.next_event().unwrap();
        assert_eq!(
            (keepalive.data, keepalive.comments),
            (None, vec![" keepalive".to_owned()])
        );
    }
}
