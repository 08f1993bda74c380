//! A tap around one end of a connection: it frames both directions, tells the recorder what passes, and carries out the
//! fates. The same tap stands around models, real SDKs and real servers. It decides nothing.

mod left;

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use bytes::Buf;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::io::poll_read_buf;

use crate::journal::{ConnEnd, Event, Exchange, Fate, Message, Side};
use crate::process::framer::{Direction, Unit};
use crate::process::lane::{Item, Lane, poll_head};
use crate::process::link::{Identity, Link, Resolve};
use crate::process::recorder::Recorder;
use crate::process::state::{Process, TapControl};
use crate::process::summary;

/// One end of a connection.
pub struct Tap<S: 'static> {
    inner: Option<S>,
    recorder: Recorder,
    process: Arc<Process>,
    control: Arc<TapControl>,
    link: Arc<OnceLock<Link>>,
    resolve: Option<Resolve>,
    out: Lane,
    inn: Lane,
    /// Whether this end dialled, and requests leave here.
    dialled: bool,
    /// Whether this end tells of the connection's end, so that it is told once.
    tells_end: bool,
    end_noted: bool,
    break_noted: bool,
    /// Whether nobody uses it any more, and it waits for its process to go on.
    left: bool,
}

/// Queued bytes above which a tap takes no more from its writer.
const QUEUE_MAX: usize = 256 * 1024;
/// Room for what one read may bring, in bytes.
const READ_MIN: usize = 4 * 1024;

impl<S: 'static> Tap<S> {
    /// A tap around one end, which is at that process.
    pub fn new(inner: S, recorder: Recorder, process: Arc<Process>, identity: Identity) -> Self {
        let dialled = matches!(identity, Identity::Dialled(_));
        let tells_end = !matches!(identity, Identity::Looked(_));
        let (link, resolve) = match identity {
            Identity::Dialled(link) | Identity::Given(link) => (OnceLock::from(link), None),
            Identity::Looked(resolve) => (OnceLock::new(), Some(resolve)),
        };
        let control = Arc::new(TapControl::default());
        process.add_tap(&control);
        let (out, inn) = if dialled {
            (Direction::Requests, Direction::Responses)
        } else {
            (Direction::Responses, Direction::Requests)
        };
        Self {
            inner: Some(inner),
            recorder,
            process,
            control,
            link: Arc::new(link),
            resolve,
            out: Lane::new(out),
            inn: Lane::new(inn),
            dialled,
            tells_end,
            end_noted: false,
            break_noted: false,
            left: false,
        }
    }

    /// A view of the link that stays after the tap was given away.
    pub fn link_cell(&self) -> Arc<OnceLock<Link>> {
        Arc::clone(&self.link)
    }

    fn link(&self) -> Option<&Link> {
        if self.link.get().is_none()
            && let Some(link) = self.resolve.as_ref().and_then(|resolve| resolve())
        {
            let _ = self.link.set(link);
        }
        self.link.get()
    }

    /// Passes every unit that the bytes so far complete.
    fn pass_all(&mut self, side: Side) {
        if side == Side::Received {
            let _ = self.link();
            self.inn.listen(self.link.get());
        }
        loop {
            let lane = match side {
                Side::Sent => &mut self.out,
                Side::Received => &mut self.inn,
            };
            let Some(unit) = lane.framer.next_unit() else {
                return;
            };
            self.pass(side, unit);
        }
    }

    /// Tells the recorder of the unit's messages and queues what becomes of it.
    fn pass(&mut self, side: Side, unit: Unit) {
        let ended = match side {
            Side::Sent => self.out.ended,
            Side::Received => self.inn.ended,
        };
        // What stands behind a cut or a park does not happen, nor does anything at a process that has halted.
        if ended || self.process.is_halted() {
            return;
        }
        let fate = self.judge(side, &unit);
        if side == Side::Sent {
            let is_sent_whole = match &fate {
                Fate::Go | Fate::Delay(_) => true,
                Fate::Halt(_) => !self.process.is_halted(),
                _ => false,
            };
            self.out.tell(self.link.get(), &unit, is_sent_whole);
        }
        let halted = self.process.is_halted();
        let lane = match side {
            Side::Sent => &mut self.out,
            Side::Received => &mut self.inn,
        };
        match fate {
            // Another process's halt does nothing here.
            Fate::Halt(_) if !halted => lane.queue.push_back(Item::Bytes(unit.bytes)),
            Fate::Go => lane.queue.push_back(Item::Bytes(unit.bytes)),
            Fate::Delay(ms) => {
                lane.queue.push_back(Item::Wait(ms));
                lane.queue.push_back(Item::Bytes(unit.bytes));
            }
            Fate::Park | Fate::Halt(_) => {
                lane.ended = true;
                lane.queue.push_back(Item::Park);
            }
            Fate::Cut(at) => {
                let keep = at.after(&unit.bytes);
                lane.queue.push_back(Item::Bytes(unit.bytes.slice(..keep)));
                lane.queue.push_back(Item::Cut);
                lane.ended = true;
            }
            Fate::Replace(replacement) => {
                // The stream that was to follow has nowhere to go.
                let mut messages = unit.messages.iter();
                let closes = messages.any(|m| matches!(m, Message::Response(r) if r.stream));
                let bytes = summary::encode(&replacement, closes);
                lane.queue.push_back(Item::Bytes(bytes.into()));
                if closes {
                    lane.queue.push_back(Item::Cut);
                    lane.ended = true;
                }
            }
            Fate::Drop => {}
            Fate::Duplicate => {
                lane.queue.push_back(Item::Bytes(unit.bytes.clone()));
                lane.queue.push_back(Item::Bytes(unit.bytes.clone()));
                // A whole message that comes twice is one more exchange at both ends.
                if lane.framer.finished() > unit.ordinal {
                    lane.framer.repeat();
                    self.note_again(side, unit);
                }
            }
        }
    }

    /// What comes a second time is seen a second time; the other end sees what leaves twice by itself.
    fn note_again(&self, side: Side, unit: Unit) {
        let Some(link) = self.link.get().filter(|_| side == Side::Received) else {
            return;
        };
        for message in unit.messages {
            self.recorder
                .note(self.event(link, side, unit.ordinal + 1, message));
        }
    }

    /// A message as this end sees it.
    fn event(&self, link: &Link, side: Side, ordinal: u32, message: Message) -> Event {
        let (at, peer) = if self.dialled {
            (&link.from, &link.to)
        } else {
            (&link.to, &link.from)
        };
        Event::Http {
            exchange: Exchange {
                conn: link.conn,
                ordinal,
            },
            at: Arc::clone(at),
            peer: Arc::clone(peer),
            side,
            object: link.object,
            server: Arc::clone(&link.server),
            message,
        }
    }

    fn judge(&self, side: Side, unit: &Unit) -> Fate {
        let Some(link) = self.link() else {
            return Fate::Go;
        };
        let mut fate = Fate::Go;
        for message in &unit.messages {
            let event = self.event(link, side, unit.ordinal, message.clone());
            let decided = self.recorder.at(event);
            if fate == Fate::Go {
                fate = decided;
            }
            if self.process.is_halted() {
                break;
            }
        }
        fate
    }

    /// Whether an exchange has begun here and not ended.
    fn in_exchange(&self) -> bool {
        let (requests, responses) = if self.dialled {
            (&self.out, &self.inn)
        } else {
            (&self.inn, &self.out)
        };
        requests.framer.finished() > responses.framer.finished()
            || requests.framer.in_message()
            || responses.framer.in_message()
    }

    fn note_end(&mut self, how: Option<ConnEnd>) {
        // A halted process observes nothing.
        if self.end_noted || !self.tells_end || self.process.is_halted() {
            return;
        }
        self.end_noted = true;
        let how = how.unwrap_or(if self.in_exchange() {
            ConnEnd::Cut
        } else {
            ConnEnd::Closed
        });
        if let Some(link) = self.link.get() {
            let (from, to) = (Arc::clone(&link.from), Arc::clone(&link.to));
            self.recorder.note(Event::ConnEnded {
                conn: link.conn,
                from,
                to,
                how,
            });
        }
    }

    /// Tells of a message that was left unfinished by a break which this end noticed. A FIN is told by the framer; that
    /// this end closed by itself is told by the connection's end alone.
    fn note_broken(&mut self) {
        let told = self.break_noted || self.inn.finished || self.end_noted;
        if told || self.process.is_halted() || !self.inn.framer.in_message() {
            return;
        }
        self.break_noted = true;
        if let Some(link) = self.link.get() {
            let (ordinal, end) = (self.inn.framer.finished(), self.inn.framer.broken_off());
            self.recorder
                .note(self.event(link, Side::Received, ordinal, end));
        }
    }

    fn reset<T>(&mut self) -> Poll<io::Result<T>> {
        self.note_broken();
        self.note_end(Some(ConnEnd::Cut));
        self.inner = None;
        Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
    }

    /// Whether this end may act now. Pending while the process is stalled, and for ever once it has halted.
    fn poll_may_act(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.control.register(cx.waker());
        if self.process.is_halted() || self.process.is_stalled() {
            return Poll::Pending;
        }
        if self.control.is_cut() || self.inner.is_none() {
            return self.reset();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Tap<S> {
    /// Writes what is queued; ready when the queue is empty.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(poll_head(&mut self.out.queue, cx));
            let Some(inner) = self.inner.as_mut() else {
                return self.reset();
            };
            match self.out.queue.front_mut() {
                None => return Pin::new(inner).poll_flush(cx),
                Some(Item::Bytes(bytes)) => {
                    if !bytes.is_empty() {
                        match ready!(Pin::new(inner).poll_write(cx, bytes)) {
                            Ok(n) => bytes.advance(n),
                            Err(error) => {
                                self.note_end(Some(ConnEnd::Cut));
                                return Poll::Ready(Err(error));
                            }
                        }
                        continue;
                    }
                    self.out.queue.pop_front();
                }
                Some(_) => return self.reset(),
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Tap<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        loop {
            ready!(this.poll_may_act(cx))?;
            // What a fate has delayed leaves in time even if its writer only reads by then.
            if !this.out.queue.is_empty()
                && let Poll::Ready(Err(error)) = this.poll_drain(cx)
            {
                return Poll::Ready(Err(error));
            }
            ready!(poll_head(&mut this.inn.queue, cx));
            match this.inn.queue.front_mut() {
                Some(Item::Bytes(bytes)) => {
                    let n = buf.remaining().min(bytes.len());
                    buf.put_slice(&bytes.split_to(n));
                    if bytes.is_empty() {
                        this.inn.queue.pop_front();
                    }
                    if n > 0 {
                        return Poll::Ready(Ok(()));
                    }
                }
                Some(_) => return this.reset(),
                None if this.inn.finished => {
                    // Who asked may have closed only its own direction and wait for the answer: then the end is told when
                    // this end goes.
                    if this.dialled || !this.in_exchange() {
                        this.note_end(None);
                    }
                    return Poll::Ready(Ok(()));
                }
                None => {
                    let Some(inner) = this.inner.as_mut() else {
                        return this.reset();
                    };
                    let pending = this.inn.framer.pending();
                    pending.reserve(READ_MIN);
                    match ready!(poll_read_buf(Pin::new(inner), cx, pending)) {
                        Err(error) => {
                            this.note_broken();
                            this.note_end(Some(ConnEnd::Cut));
                            return Poll::Ready(Err(error));
                        }
                        Ok(0) => {
                            this.inn.finished = true;
                            this.inn.framer.stop_listening();
                            this.pass_all(Side::Received);
                            if let Some(unit) = this.inn.framer.finish() {
                                this.pass(Side::Received, unit);
                            }
                        }
                        Ok(_) => this.pass_all(Side::Received),
                    }
                }
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Tap<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_may_act(cx))?;
        if this.out.queued_bytes() > QUEUE_MAX {
            ready!(this.poll_drain(cx))?;
        }
        this.out.framer.pending().extend_from_slice(buf);
        this.pass_all(Side::Sent);
        // A fate may have halted the process: then not even what was queued leaves.
        if !this.process.is_halted()
            && let Poll::Ready(Err(error)) = this.poll_drain(cx)
        {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_may_act(cx))?;
        this.poll_drain(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_may_act(cx))?;
        if !this.out.finished {
            this.out.finished = true;
            if let Some(unit) = this.out.framer.finish() {
                this.pass(Side::Sent, unit);
            }
        }
        ready!(this.poll_drain(cx))?;
        match this.inner.as_mut() {
            Some(inner) => Pin::new(inner).poll_shutdown(cx),
            None => Poll::Ready(Ok(())),
        }
    }
}
