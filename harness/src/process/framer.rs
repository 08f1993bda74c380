//! Splits one direction of an HTTP/1.1 connection into units that can be observed, held, changed or cut: a whole
//! request, a whole response, the head of an event stream, one event of it, its end. The bytes of a unit are exactly what
//! was written. Pure: what becomes of a unit is the tap's business.

use stalemate_wire::{Headers, Method, Request, Response, header, sse};

/// Which messages flow in this direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From client to server.
    Requests,
    /// From server to client.
    Responses,
}

/// A message that a unit completes.
#[derive(Clone, Debug, PartialEq)]
pub enum Framed {
    /// A whole request.
    Request(Request),
    /// A whole response.
    Response(Response),
    /// The head of an event stream.
    StreamHead(Response),
    /// An event of the stream.
    Sse(sse::Event),
    /// The end of the stream, or of a message that stopped short of what its framing promised.
    End {
        /// Whether it ended as promised.
        clean: bool,
    },
}

/// A piece of the byte stream and what it completes: mostly one message, none for bytes that are no HTTP.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// The bytes, as written.
    pub bytes: Vec<u8>,
    /// What they complete.
    pub framed: Vec<Framed>,
    /// The ordinal of the exchange on the connection, from 0.
    pub ordinal: u32,
}

#[derive(Debug)]
enum State {
    /// Collecting a head.
    Head,
    /// Collecting a body whose message is held until it is whole.
    Whole {
        head: Head,
        body: Body,
        data: Vec<u8>,
    },
    /// Passing a stream's events on.
    Stream { body: Body, decoder: sse::Decoder },
    /// The bytes are no HTTP/1.1; they pass unseen.
    Opaque,
}

#[derive(Debug)]
enum Head {
    Request(Request),
    Response(Response),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Body {
    Length(u64),
    /// Chunked, before a size line.
    ChunkSize,
    /// Chunked, inside a chunk with that many bytes of data and line end to come.
    ChunkData(u64),
    /// Chunked, after the last chunk: trailers until an empty line.
    Trailers,
    /// Until the connection ends.
    UntilClose,
}

/// The framer of one direction.
#[derive(Debug)]
pub struct Framer {
    direction: Direction,
    state: State,
    /// Bytes that arrived and are not part of a finished unit: `pending[..consumed]` is understood already.
    pending: Vec<u8>,
    consumed: usize,
    ordinal: u32,
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
            pending: Vec::new(),
            consumed: 0,
            ordinal: 0,
        }
    }

    /// Adds bytes and returns the units that they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Unit> {
        self.pending.extend_from_slice(bytes);
        let mut units = Vec::new();
        while let Some(unit) = self.next_unit() {
            units.push(unit);
        }
        units
    }

    /// Ends the direction: what was held back, and whether a message was left unfinished.
    pub fn finish(&mut self) -> Option<Unit> {
        let bytes = std::mem::take(&mut self.pending);
        self.consumed = 0;
        let state = std::mem::replace(&mut self.state, State::Opaque);
        let framed = match state {
            State::Head if bytes.is_empty() => return None,
            State::Head => vec![Framed::End { clean: false }],
            State::Opaque => Vec::new(),
            State::Whole {
                head: Head::Response(mut response),
                body: Body::UntilClose,
                data,
            } => {
                response.body = data;
                vec![Framed::Response(response)]
            }
            State::Whole { .. } => vec![Framed::End { clean: false }],
            State::Stream { body, .. } => vec![Framed::End {
                clean: body == Body::UntilClose,
            }],
        };
        let unit = Unit {
            bytes,
            framed,
            ordinal: self.ordinal,
        };
        // The end of the connection is the good end of a message that has no other.
        if matches!(
            unit.framed[..],
            [Framed::Response(_) | Framed::End { clean: true }]
        ) {
            self.ordinal += 1;
        }
        Some(unit)
    }

    /// Whether a message has begun and not ended.
    #[must_use]
    pub fn in_message(&self) -> bool {
        match self.state {
            State::Head => !self.pending.is_empty(),
            State::Opaque => false,
            State::Whole { .. } | State::Stream { .. } => true,
        }
    }

    /// How many exchanges this direction has finished.
    #[must_use]
    pub fn finished(&self) -> u32 {
        self.ordinal
    }

    fn unit(&mut self, framed: Vec<Framed>) -> Unit {
        let bytes = self.pending.drain(..self.consumed).collect();
        self.consumed = 0;
        Unit {
            bytes,
            framed,
            ordinal: self.ordinal,
        }
    }

    fn last_unit(&mut self, framed: Vec<Framed>) -> Unit {
        let unit = self.unit(framed);
        self.state = State::Head;
        self.ordinal += 1;
        unit
    }

    fn next_unit(&mut self) -> Option<Unit> {
        match std::mem::replace(&mut self.state, State::Opaque) {
            State::Head => self.head(),
            State::Whole {
                head,
                mut body,
                mut data,
            } => loop {
                match self.body(&mut body, &mut data) {
                    Part::Last => return Some(self.whole(head, data)),
                    Part::Piece => {}
                    Part::Nothing => {
                        self.state = State::Whole { head, body, data };
                        return None;
                    }
                }
            },
            State::Stream {
                mut body,
                mut decoder,
            } => loop {
                let mut data = Vec::new();
                let part = self.body(&mut body, &mut data);
                decoder.push(&data);
                let mut framed: Vec<Framed> = Vec::new();
                while let Some((event, _)) = decoder.next_event() {
                    framed.push(Framed::Sse(event));
                }
                if part == Part::Last {
                    framed.push(Framed::End { clean: true });
                    return Some(self.last_unit(framed));
                }
                // What one chunk completes is a unit, so that a fate applies to that and no more. An event that has not
                // ended is held back, so that it applies to all of it.
                if part == Part::Nothing || !framed.is_empty() {
                    self.state = State::Stream { body, decoder };
                    return (!framed.is_empty()).then(|| self.unit(framed));
                }
            },
            State::Opaque => {
                self.consumed = self.pending.len();
                (self.consumed > 0).then(|| self.unit(Vec::new()))
            }
        }
    }

    fn head(&mut self) -> Option<Unit> {
        let parsed = match self.direction {
            Direction::Requests => parse_request(&self.pending),
            Direction::Responses => parse_response(&self.pending),
        };
        match parsed {
            Parsed::Partial if self.pending.len() <= HEAD_MAX => {
                self.state = State::Head;
                None
            }
            Parsed::Partial | Parsed::Bad => self.next_unit(),
            Parsed::Interim(len) => {
                self.consumed = len;
                self.state = State::Head;
                Some(self.unit(Vec::new()))
            }
            Parsed::Head(len, head, body) => {
                self.consumed = len;
                if let Head::Response(response) = &head
                    && is_stream(response)
                {
                    let unit = self.unit(vec![Framed::StreamHead(response.clone())]);
                    self.state = State::Stream {
                        body,
                        decoder: sse::Decoder::new(),
                    };
                    return Some(unit);
                }
                self.state = State::Whole {
                    head,
                    body,
                    data: Vec::new(),
                };
                self.next_unit()
            }
        }
    }

    fn whole(&mut self, head: Head, data: Vec<u8>) -> Unit {
        let framed = match head {
            Head::Request(request) => Framed::Request(Request {
                body: data,
                ..request
            }),
            Head::Response(response) => Framed::Response(Response {
                body: data,
                ..response
            }),
        };
        self.last_unit(vec![framed])
    }

    /// Consumes the next piece of the body and appends its data. A chunk is a piece; where there are no chunks, whatever
    /// there is.
    fn body(&mut self, body: &mut Body, data: &mut Vec<u8>) -> Part {
        loop {
            let rest = &self.pending[self.consumed..];
            match body {
                Body::Length(left) => {
                    let n = rest.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    data.extend_from_slice(&rest[..n]);
                    self.consumed += n;
                    *left -= n as u64;
                    return if *left == 0 {
                        Part::Last
                    } else {
                        Part::Nothing
                    };
                }
                Body::UntilClose => {
                    data.extend_from_slice(rest);
                    self.consumed = self.pending.len();
                    return Part::Nothing;
                }
                Body::ChunkSize => match httparse::parse_chunk_size(rest) {
                    Ok(httparse::Status::Complete((len, 0))) => {
                        self.consumed += len;
                        *body = Body::Trailers;
                    }
                    Ok(httparse::Status::Complete((len, size))) => {
                        self.consumed += len;
                        *body = Body::ChunkData(size + 2);
                    }
                    Ok(httparse::Status::Partial) => return Part::Nothing,
                    Err(_) => {
                        *body = Body::UntilClose;
                    }
                },
                Body::ChunkData(left) => {
                    if rest.is_empty() {
                        return Part::Nothing;
                    }
                    let n = rest.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    // The last two of the bytes to come are the chunk's line end.
                    let of_data =
                        n.min(usize::try_from(left.saturating_sub(2)).unwrap_or(usize::MAX));
                    data.extend_from_slice(&rest[..of_data]);
                    self.consumed += n;
                    *left -= n as u64;
                    if *left == 0 {
                        *body = Body::ChunkSize;
                        return Part::Piece;
                    }
                }
                Body::Trailers => {
                    let Some(end) = rest.windows(2).position(|w| w == b"\r\n") else {
                        return Part::Nothing;
                    };
                    self.consumed += end + 2;
                    if end == 0 {
                        return Part::Last;
                    }
                }
            }
        }
    }
}

/// How far a look at a body got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// All that there is is consumed, and the body is not whole.
    Nothing,
    /// A chunk is whole.
    Piece,
    /// The body is whole.
    Last,
}

enum Parsed {
    Partial,
    Bad,
    /// A 1xx response of that length.
    Interim(usize),
    Head(usize, Head, Body),
}

fn headers(parsed: &[httparse::Header<'_>]) -> Headers {
    parsed
        .iter()
        .map(|h| {
            (
                h.name.to_owned(),
                String::from_utf8_lossy(h.value).into_owned(),
            )
        })
        .collect()
}

fn parse_request(bytes: &[u8]) -> Parsed {
    let mut storage = [httparse::EMPTY_HEADER; 100];
    let mut request = httparse::Request::new(&mut storage);
    match request.parse(bytes) {
        Err(_) => Parsed::Bad,
        Ok(httparse::Status::Partial) => Parsed::Partial,
        Ok(httparse::Status::Complete(len)) => {
            let headers = headers(request.headers);
            let body = framing(&headers).unwrap_or(Body::Length(0));
            let method = Method::parse(request.method.unwrap_or_default());
            let path = request.path.unwrap_or_default().to_owned();
            Parsed::Head(
                len,
                Head::Request(Request {
                    method,
                    path,
                    headers,
                    body: Vec::new(),
                }),
                body,
            )
        }
    }
}

fn parse_response(bytes: &[u8]) -> Parsed {
    let mut storage = [httparse::EMPTY_HEADER; 100];
    let mut response = httparse::Response::new(&mut storage);
    match response.parse(bytes) {
        Err(_) => Parsed::Bad,
        Ok(httparse::Status::Partial) => Parsed::Partial,
        Ok(httparse::Status::Complete(len)) => {
            let status = response.code.unwrap_or(0);
            let headers = headers(response.headers);
            let body = match status {
                100..=199 => return Parsed::Interim(len),
                204 | 304 => Body::Length(0),
                _ => framing(&headers).unwrap_or(Body::UntilClose),
            };
            Parsed::Head(
                len,
                Head::Response(Response {
                    status,
                    headers,
                    body: Vec::new(),
                }),
                body,
            )
        }
    }
}

fn framing(headers: &Headers) -> Option<Body> {
    if headers
        .get(header::TRANSFER_ENCODING)
        .is_some_and(|v| v.eq_ignore_ascii_case("chunked"))
    {
        return Some(Body::ChunkSize);
    }
    headers
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.trim().parse().ok())
        .map(Body::Length)
}

fn is_stream(response: &Response) -> bool {
    response
        .headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|v| v.starts_with("text/event-stream"))
}

#[cfg(test)]
mod tests;
