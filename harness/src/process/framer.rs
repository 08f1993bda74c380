//! Splits one direction of an HTTP/1.1 connection into units that can be observed, held, changed or cut: a whole
//! request, a whole response, the head of an event stream, one event of it, its end. The bytes of a unit are exactly what
//! was written. Pure: what becomes of a unit is the tap's business.

mod body;
mod head;

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use stalemate_wire::sse;

use self::body::{Body, Part};
use self::head::{Head, Parsed, parse};
use crate::journal::Message;
use crate::process::passage::{Passage, Taken, Told};
use crate::process::summary;

/// Which messages flow in this direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From client to server.
    Requests,
    /// From server to client.
    Responses,
}

/// A piece of the byte stream and what it completes: mostly one message, none for bytes that are no HTTP.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// The bytes, as written.
    pub bytes: Bytes,
    /// What they complete.
    pub messages: Vec<Message>,
    /// The ordinal of the exchange on the connection, from 0.
    pub ordinal: u32,
}

/// How far a direction has come.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// Collecting a head.
    Head,
    /// Collecting a body whose message is held until it is whole.
    Whole {
        head: Head,
        body: Body,
        /// Where the body begins among the pending bytes.
        start: usize,
        /// The body's data, where chunks stand between its pieces.
        data: Vec<u8>,
    },
    /// Passing a stream's events on.
    Stream { body: Body, decoder: sse::Decoder },
    /// The bytes are no HTTP/1.1; they pass unseen.
    Opaque,
}

/// What the two ends of a connection tell each other of it. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Passages {
    requests: Passage<State>,
    responses: Passage<State>,
}

impl Passages {
    /// That of one direction.
    pub(super) fn of(&self, direction: Direction) -> Passage<State> {
        match direction {
            Direction::Requests => self.requests.clone(),
            Direction::Responses => self.responses.clone(),
        }
    }
}

/// The framer of one direction.
#[derive(Debug)]
pub struct Framer {
    direction: Direction,
    state: State,
    /// Bytes that arrived and are not part of a finished unit: `pending[..consumed]` is understood already.
    pending: BytesMut,
    consumed: usize,
    ordinal: u32,
    /// The direction has ended in the middle of a message.
    unfinished: bool,
    /// What the other end tells of this direction; the state is kept as if every unit had been read here.
    told: Option<Passage<State>>,
}

/// The longest head that is taken for one, in bytes.
const HEAD_MAX: usize = 64 * 1024;

impl Framer {
    /// A framer at the start of a connection.
    #[must_use]
    pub fn new(direction: Direction) -> Self {
        Self {
            direction,
            state: State::Head,
            pending: BytesMut::new(),
            consumed: 0,
            ordinal: 0,
            unfinished: false,
            told: None,
        }
    }

    /// Takes the units from what the other end tells, as long as the bytes are the same.
    pub(super) fn listen(&mut self, passage: Passage<State>) {
        self.told = Some(passage);
    }

    /// What is told of a unit that this framer has just made; nothing of bytes that are no HTTP.
    pub(super) fn told(&self, unit: &Unit) -> Option<Told<State>> {
        if matches!(self.state, State::Opaque) {
            return None;
        }
        Some(Told {
            bytes: unit.bytes.clone(),
            messages: unit.messages.clone(),
            ends_exchange: self.ordinal > unit.ordinal,
            then: self.state.clone(),
        })
    }

    /// No more bytes come, so what has arrived of a unit is framed here, if it was told as a whole.
    pub(super) fn stop_listening(&mut self) {
        self.told = None;
    }

    fn told_unit(&mut self) -> Option<Unit> {
        if self.pending.is_empty() {
            return None;
        }
        let taken = self.told.as_ref()?.take(&self.pending);
        match taken {
            Taken::Unit(told) => {
                self.consumed = told.bytes.len();
                let unit = self.unit(told.messages);
                self.state = told.then;
                self.ordinal += u32::from(told.ends_exchange);
                Some(unit)
            }
            Taken::Part if matches!(self.state, State::Head) => None,
            // Of a stream, what has arrived may be whole events.
            Taken::Part | Taken::Untold => {
                self.told = None;
                None
            }
        }
    }

    /// Where bytes are added; [`next_unit`](Self::next_unit) tells what they complete.
    pub fn pending(&mut self) -> &mut BytesMut {
        &mut self.pending
    }

    /// Ends the direction: what was held back, and whether a message was left unfinished.
    pub fn finish(&mut self) -> Option<Unit> {
        let bytes = std::mem::take(&mut self.pending).freeze();
        self.consumed = 0;
        let state = std::mem::replace(&mut self.state, State::Opaque);
        let mut ends_exchange = false;
        let messages = match state {
            State::Head if bytes.is_empty() => return None,
            State::Head => vec![Message::end(false)],
            State::Opaque => Vec::new(),
            // The end of the connection is the good end of a message that has no other.
            State::Whole {
                head: Head::Response(response),
                body,
                start,
                data,
            } if body.ends_with_connection() => {
                ends_exchange = true;
                let data = if body.is_plain() {
                    &bytes[start..]
                } else {
                    &data
                };
                vec![summary::whole_response(response, data)]
            }
            State::Whole { head, .. } => vec![broken(&head)],
            State::Stream { body, .. } => {
                let clean = body.ends_with_connection();
                ends_exchange = clean;
                vec![Message::end(clean)]
            }
        };
        let is_broken = |m: &Message| matches!(m, Message::End { clean: false, .. });
        self.unfinished = messages.iter().any(is_broken);
        let unit = Unit {
            bytes,
            messages,
            ordinal: self.ordinal,
        };
        if ends_exchange {
            self.ordinal += 1;
        }
        Some(unit)
    }

    /// Whether a message has begun and not ended, or never will.
    #[must_use]
    pub fn in_message(&self) -> bool {
        match self.state {
            State::Head => !self.pending.is_empty(),
            State::Opaque => self.unfinished,
            State::Whole { .. } | State::Stream { .. } => true,
        }
    }

    /// The message that has just ended passes once more, so that what comes next is counted after it.
    pub(super) fn repeat(&mut self) {
        self.ordinal += 1;
    }

    /// The end of the message that has begun, if it is broken off here.
    pub(super) fn broken_off(&self) -> Message {
        match &self.state {
            State::Whole { head, .. } => broken(head),
            State::Head | State::Stream { .. } | State::Opaque => Message::end(false),
        }
    }

    /// How many exchanges this direction has finished.
    #[must_use]
    pub fn finished(&self) -> u32 {
        self.ordinal
    }

    fn unit(&mut self, messages: Vec<Message>) -> Unit {
        let bytes = self.pending.split_to(self.consumed).freeze();
        self.consumed = 0;
        Unit {
            bytes,
            messages,
            ordinal: self.ordinal,
        }
    }

    fn last_unit(&mut self, messages: Vec<Message>) -> Unit {
        let unit = self.unit(messages);
        self.state = State::Head;
        self.ordinal += 1;
        unit
    }

    /// The next unit that the bytes so far complete.
    pub fn next_unit(&mut self) -> Option<Unit> {
        if self.told.is_some() {
            let unit = self.told_unit();
            if unit.is_some() || self.told.is_some() {
                return unit;
            }
        }
        self.read_unit()
    }

    fn read_unit(&mut self) -> Option<Unit> {
        match std::mem::replace(&mut self.state, State::Opaque) {
            State::Head => self.head(),
            State::Whole {
                head,
                mut body,
                start,
                mut data,
            } => loop {
                let keeps = !body.is_plain();
                let part = body.next(&self.pending, &mut self.consumed, |piece| {
                    if keeps {
                        data.extend_from_slice(piece);
                    }
                });
                match part {
                    Part::Last => {
                        let message = head.with_body(if keeps {
                            &data
                        } else {
                            &self.pending[start..self.consumed]
                        });
                        return Some(self.last_unit(vec![message]));
                    }
                    Part::Piece => {}
                    Part::Nothing => {
                        self.state = State::Whole {
                            head,
                            body,
                            start,
                            data,
                        };
                        return None;
                    }
                }
            },
            State::Stream { body, decoder } => self.stream(body, decoder),
            State::Opaque => {
                self.consumed = self.pending.len();
                (self.consumed > 0).then(|| self.unit(Vec::new()))
            }
        }
    }

    fn stream(&mut self, mut body: Body, mut decoder: sse::Decoder) -> Option<Unit> {
        loop {
            let part = body.next(&self.pending, &mut self.consumed, |data| decoder.push(data));
            let mut messages: Vec<Message> = Vec::new();
            while let Some((event, _)) = decoder.next_event() {
                messages.push(summary::event(event));
            }
            if part == Part::Last {
                messages.push(Message::end(true));
                return Some(self.last_unit(messages));
            }
            // What one chunk completes is a unit, so that a fate applies to that and no more. An event that has not
            // ended is held back, so that it applies to all of it.
            if part == Part::Nothing || !messages.is_empty() {
                self.state = State::Stream { body, decoder };
                return (!messages.is_empty()).then(|| self.unit(messages));
            }
        }
    }

    fn head(&mut self) -> Option<Unit> {
        match parse(self.direction, &self.pending) {
            Parsed::Partial if self.pending.len() <= HEAD_MAX => {
                self.state = State::Head;
                None
            }
            Parsed::Partial | Parsed::Bad => self.read_unit(),
            Parsed::Interim(len) => {
                self.consumed = len;
                self.state = State::Head;
                Some(self.unit(Vec::new()))
            }
            Parsed::Head(len, head, body) => {
                self.consumed = len;
                if let Head::Response(response) = &head
                    && response.stream
                {
                    let message = Message::Response(Arc::new(response.clone()));
                    let unit = self.unit(vec![message]);
                    self.state = State::Stream {
                        body,
                        decoder: sse::Decoder::new(),
                    };
                    return Some(unit);
                }
                self.state = State::Whole {
                    head,
                    body,
                    start: len,
                    data: Vec::new(),
                };
                self.read_unit()
            }
        }
    }
}

/// The end of a message of which no more than the head came whole.
fn broken(head: &Head) -> Message {
    Message::End {
        clean: false,
        status: match head {
            Head::Response(response) => Some(response.status),
            Head::Request(_) => None,
        },
    }
}

#[cfg(test)]
mod tests;
