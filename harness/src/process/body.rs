//! A response body that a shell feeds piece by piece. What the pieces are is decided elsewhere.

use std::any::Any;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

/// A piece of a body.
#[derive(Debug)]
pub enum Piece {
    /// Bytes; one chunk where the body is chunked.
    Data(Bytes),
    /// The body breaks off here: no closing chunk, the connection is closed.
    Cut,
}

/// The feeding end of a body. Dropping it ends the body well.
pub type Feed = mpsc::UnboundedSender<Piece>;

/// A body of known length, or chunks as they come.
pub struct Outgoing {
    length: Option<u64>,
    pieces: mpsc::UnboundedReceiver<Piece>,
    on_drop: Option<Box<dyn FnOnce()>>,
    beside: Option<Box<dyn Any>>,
}

impl Outgoing {
    /// A body that is fed; of that length, or chunked.
    #[must_use]
    pub fn fed(length: Option<u64>) -> (Feed, Self) {
        let (feed, pieces) = mpsc::unbounded_channel();
        (
            feed,
            Self {
                length,
                pieces,
                on_drop: None,
                beside: None,
            },
        )
    }

    /// A whole body with its length.
    #[must_use]
    pub fn whole(bytes: Vec<u8>) -> Self {
        let length = bytes.len() as u64;
        let mut body = Self::one_chunk(bytes);
        body.length = Some(length);
        body
    }

    /// A whole body as one chunk.
    #[must_use]
    pub fn one_chunk(bytes: Vec<u8>) -> Self {
        let (feed, body) = Self::fed(None);
        if !bytes.is_empty() {
            let _ = feed.send(Piece::Data(bytes.into()));
        }
        body
    }

    /// Calls `act` if the body is dropped before its end, because the peer went away.
    #[must_use]
    pub fn if_abandoned(mut self, act: impl FnOnce() + 'static) -> Self {
        self.on_drop = Some(Box::new(act));
        self
    }

    /// Keeps something as long as the body lives, sent or not.
    #[must_use]
    pub fn beside(mut self, what: impl Any) -> Self {
        self.beside = Some(Box::new(what));
        self
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        let piece = ready!(this.pieces.poll_recv(cx));
        if !matches!(piece, Some(Piece::Data(_))) {
            this.on_drop = None;
        }
        Poll::Ready(match piece {
            Some(Piece::Data(bytes)) => Some(Ok(Frame::data(bytes))),
            // An error makes hyper break the connection off without the closing chunk.
            Some(Piece::Cut) => Some(Err(io::ErrorKind::ConnectionAborted.into())),
            None => None,
        })
    }

    fn size_hint(&self) -> SizeHint {
        self.length
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }

    fn is_end_stream(&self) -> bool {
        self.length == Some(0)
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        if let Some(act) = self.on_drop.take() {
            act();
        }
    }
}
