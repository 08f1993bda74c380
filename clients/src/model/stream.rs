//! GETs: the stream of a session, a task that opens it, listens, and opens it again as the policy says; and what is left
//! of a POST's stream that broke. A dead stream is noticed here only if its connection tells; listening in silence has no
//! limit, because most servers send no keep-alive.

use std::rc::Rc;
use std::time::Duration;

use stalemate_wire::header;
use stalemate_wire::sse::Event;
use tokio::time::Instant;

use super::failure::Failure;
use super::http::{Conn, Events, Head, Next, is_event_stream};
use super::policy::Reopen;
use super::session::Core;
use crate::Health;

/// A stream that lived this long was a good one: the waits begin anew. A shorter one does not reset them, or a server that
/// accepts and closes at once would be asked for ever (F8).
const STEADY: Duration = Duration::from_secs(10);

/// How an opening went.
enum Opened {
    /// It is open; its connection lives as long as the events are read.
    Stream(Conn, Events),
    /// The server has no stream to offer (405, or something that is no event stream).
    None,
    /// The session is lost.
    Lost { status: u16 },
    /// It may work later.
    Later,
    /// The session is not in use any more.
    Over,
}

/// How far a stream was read, and what the server said of reading on.
#[derive(Default)]
pub(super) struct Place {
    /// The last event id.
    cursor: Option<String>,
    /// The last `retry`.
    retry: Option<Duration>,
}

impl Place {
    /// Notes an event that came.
    pub(super) fn pass(&mut self, event: &Event) {
        if let Some(id) = &event.id {
            self.cursor = (!id.is_empty()).then(|| id.clone());
        }
        if let Some(ms) = event.retry_ms {
            self.retry = Some(Duration::from_millis(ms));
        }
    }
}

/// Keeps the stream of that generation open until the session ends or the policy says that it is enough. `by_connect`:
/// the user asked for the first opening, so it does not wait.
pub(super) async fn keep_open(core: Rc<Core>, generation: u64, by_connect: bool) {
    let mut place = Place::default();
    let mut wait: Option<Duration> = None;
    if by_connect {
        core.count_attempt();
    } else {
        core.admit().await;
    }
    loop {
        match open(&core, generation, place.cursor.as_deref()).await {
            Opened::Stream(conn, mut events) => {
                let since = Instant::now();
                core.stream_accepted();
                listen(&core, &mut events, &mut place).await;
                drop((events, conn));
                if since.elapsed() >= STEADY {
                    wait = None;
                }
            }
            Opened::None => {
                let stream = &mut core.state.borrow_mut().stream;
                stream.unsupported |= !stream.accepted;
                return;
            }
            // Some servers answer 400 to a cursor that they do not know (F12): ask once without before believing that it
            // was the session.
            Opened::Lost { status: 400 } if place.cursor.is_some() => place.cursor = None,
            Opened::Lost { status } => return core.stream_refused(generation, status),
            // What stands between is disturbed: a refusal before it says nothing of one after it.
            Opened::Later => core.state.borrow_mut().stream.refusals = 0,
            Opened::Over => return,
        }
        let Reopen::Backoff(backoff) = core.policy.reopen_stream else {
            return;
        };
        let next = wait.map_or(backoff.first, |w| backoff.after(w));
        wait = Some(next);
        core.wait_to_ask(next, &place).await;
    }
}

/// One GET, up to the head of its response.
async fn open(core: &Rc<Core>, generation: u64, cursor: Option<&str>) -> Opened {
    let dialled = core.http.dial().await;
    core.stream_dialled.notify_one();
    let Ok(mut conn) = dialled else {
        core.set_health(Health::Failing);
        return Opened::Later;
    };
    let Some(session) = core.current_of(generation) else {
        return Opened::Over;
    };
    let mut head = core.head(&session);
    if core.policy.omit_id_on_get {
        head.id = None;
    }
    let cursor = cursor.filter(|_| !core.policy.ignore_cursor);
    let mut extra = vec![(header::ACCEPT, "text/event-stream")];
    extra.extend(cursor.map(|c| (header::LAST_EVENT_ID, c)));
    let Ok(request) = core.http.request("GET", &extra, &head, Vec::new()) else {
        return Opened::None;
    };
    let sent = tokio::time::timeout(core.policy.stream_head_timeout, conn.send(request));
    let response = match sent.await.unwrap_or(Err(Failure::TimedOut)) {
        Ok(response) => response,
        Err(_) => {
            core.set_health(Health::Failing);
            return Opened::Later;
        }
    };
    let status = response.status().as_u16();
    if response.status().is_success() {
        if !is_event_stream(&response) {
            return Opened::None;
        }
        core.set_health(Health::Working);
        return Opened::Stream(conn, Events::new(response.into_body()));
    }
    if status == 405 {
        return Opened::None;
    }
    core.set_health(Health::Failing);
    let heeded = !core.policy.stream_ignores_loss;
    if session.id.is_some() && core.policy.is_lost(status) && heeded {
        return Opened::Lost { status };
    }
    Opened::Later
}

/// Takes in events until the stream is over. A clean end is the server's right (GET-06); a cut is a failure.
async fn listen(core: &Rc<Core>, events: &mut Events, place: &mut Place) {
    loop {
        match events.next().await {
            Next::Event(event) => {
                place.pass(&event);
                core.take_in_event(event);
            }
            Next::End => return,
            Next::Cut => return core.set_health(Health::Failing),
        }
    }
}

impl Core {
    /// Waits before a GET that follows the end of a stream; not less than the server asked for (POLL-05).
    async fn wait_to_ask(&self, wait: Duration, place: &Place) {
        let retry = place.retry.filter(|_| !self.policy.ignore_retry);
        tokio::time::sleep(retry.map_or(wait, |r| r.max(wait))).await;
        self.admit().await;
    }

    /// The rest of a POST's stream that broke, by a GET (RES-07); `None` if there is no way to get it. The limit of the
    /// request that waits for it is the limit of this.
    pub(super) async fn resume_stream(
        self: &Rc<Self>,
        head: &Head,
        place: &Place,
    ) -> Option<(Conn, Events)> {
        let cursor = place.cursor.as_deref()?;
        let session = self
            .current()
            .filter(|s| s.id.is_some() && s.id == head.id)?;
        let Reopen::Backoff(backoff) = self.policy.reopen_stream else {
            return None;
        };
        if self.policy.ignore_cursor {
            return None;
        }
        let mut wait = backoff.first;
        loop {
            self.wait_to_ask(wait, place).await;
            match open(self, session.generation, Some(cursor)).await {
                Opened::Stream(conn, events) => return Some((conn, events)),
                Opened::Later => wait = backoff.after(wait),
                // It may be the cursor that is not known (F12).
                Opened::None | Opened::Over | Opened::Lost { status: 400 } => return None,
                Opened::Lost { .. } => {
                    if self.lose(session.generation) {
                        self.start_reinit();
                    }
                    return None;
                }
            }
        }
    }

    /// The server accepted a GET.
    fn stream_accepted(&self) {
        let stream = &mut self.state.borrow_mut().stream;
        stream.accepted = true;
        stream.refusals = 0;
    }

    /// A GET was refused as if its session were lost. The first time that leads to a re-initialization, as for any request
    /// with the id (SES-08). If the GET of the fresh session is refused as well, it was not the session: a server that
    /// never accepted one has no streams and says so with the wrong status, and asking on would kill one session after
    /// the other.
    fn stream_refused(self: &Rc<Self>, generation: u64, status: u16) {
        let again = {
            let stream = &mut self.state.borrow_mut().stream;
            stream.refusals += 1;
            let again = stream.refusals > 1;
            stream.unsupported |= again && !stream.accepted;
            again
        };
        // A second 400 speaks for an odd GET; a 404 or 410 ends the use of the id in any case (SES-08).
        if again && status == 400 {
            return;
        }
        if self.lose(generation) && !again {
            self.start_reinit();
        }
    }
}
