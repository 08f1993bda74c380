//! GETs: the stream of a session, a task that opens it, listens, and opens it again as the policy says; and what is left
//! of a POST's stream that broke. A dead stream is noticed here only if its connection tells; listening in silence has no
//! limit, because most servers send no keep-alive.

use std::rc::Rc;
use std::time::Duration;

use hyper::Response;
use hyper::body::Incoming;
use stalemate_wire::marks::took;
use stalemate_wire::sse::Event;
use stalemate_wire::{header, summarize};
use tokio::time::Instant;

use super::failure::Failure;
use super::http::{Conn, Events, Head, Next, is_event_stream, whole};
use super::knobs::{Anew, LostSignal, Reinit, Reopen, Reopening};
use super::reinit::OF;
use super::session::{Core, Session};
use crate::Health;

/// A stream that lived this long was a good one: the waits begin anew. A shorter one does not reset them, or a server that
/// accepts and closes at once would be asked for ever (F8).
const STEADY: Duration = Duration::from_secs(10);

/// How an opening went.
enum Opened {
    /// It is open; its connection lives as long as the events are read.
    Stream(Conn, Events),
    /// The server has no stream to offer (405).
    None,
    /// It seems to have none, and does not say so as it should: the next session asks anew.
    Page,
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
    if by_connect {
        core.count_attempt();
    } else {
        core.admit().await;
    }
    let mut row = Row::default();
    let mut is_first = true;
    loop {
        match open(&core, generation, place.cursor.as_deref()).await {
            Opened::Stream(conn, mut events) => {
                let since = Instant::now();
                core.stream_accepted();
                let ended_well = listen(&core, &mut events, &mut place).await;
                drop((events, conn));
                core.stream_answered(true);
                let Reopen::After(reopening) = core.policy.reopen_stream else {
                    return;
                };
                match reopening.anew {
                    Anew::Lasted if since.elapsed() < STEADY => {}
                    Anew::EndedWell if !ended_well => row.fail(),
                    Anew::Lasted | Anew::Opened | Anew::EndedWell => row = Row::default(),
                }
            }
            Opened::None => {
                took(OF, "a server has no stream");
                core.stream_answered(false);
                let stream = &mut core.state.borrow_mut().stream;
                stream.unsupported |= !stream.accepted;
                return;
            }
            Opened::Page => {
                took(OF, "a page in place of a stream is taken for no stream");
                return core.stream_answered(false);
            }
            // Some servers answer 400 to a cursor that they do not know (F12): ask once without before believing that it
            // was the session.
            Opened::Lost { status: 400 } if place.cursor.is_some() => {
                took(OF, "a refused cursor is left out");
                place.cursor = None;
            }
            Opened::Lost { status } => {
                core.stream_answered(true);
                return core.stream_refused(generation, status);
            }
            Opened::Later => {
                took(OF, "a stream does not open, and may later");
                core.stream_answered(true);
                core.disturbed();
                row.fail();
            }
            Opened::Over => return,
        }
        let Reopen::After(reopening) = core.policy.reopen_stream else {
            return;
        };
        if row.is_over(reopening) || (is_first && row.failures > 0 && !reopening.first_too) {
            took(OF, "a stream is given up");
            return;
        }
        is_first = false;
        core.wait_to_ask(row.wait(reopening), &place).await;
    }
}

/// Failures in a row to keep a stream open.
#[derive(Default)]
struct Row {
    failures: u32,
    /// The last wait.
    waited: Option<Duration>,
}

impl Row {
    fn fail(&mut self) {
        self.failures += 1;
    }

    /// Whether it is enough.
    fn is_over(&self, reopening: Reopening) -> bool {
        reopening.attempts.is_some_and(|max| self.failures >= max)
    }

    /// How long to wait before the next opening.
    fn wait(&mut self, reopening: Reopening) -> Duration {
        let backoff = reopening.backoff;
        let wait = self.waited.map_or(backoff.first, |w| backoff.after(w));
        self.waited = Some(wait);
        wait
    }
}

/// One GET, up to the head of its response; once more with another token where its own is refused.
async fn open(core: &Rc<Core>, generation: u64, cursor: Option<&str>) -> Opened {
    match open_once(core, generation, cursor, false).await {
        Some(opened) => opened,
        None => {
            core.admit().await;
            let again = open_once(core, generation, cursor, true).await;
            again.unwrap_or(Opened::Later)
        }
    }
}

/// `None` if the token was refused and there is another one, unless it is the last attempt.
async fn open_once(
    core: &Rc<Core>,
    generation: u64,
    cursor: Option<&str>,
    is_last: bool,
) -> Option<Opened> {
    let dialled = core.http.dial().await;
    core.stream_dialled.notify_one();
    let Ok(mut conn) = dialled else {
        core.set_health(Health::Failing);
        return Some(Opened::Later);
    };
    let Some(session) = core.current_of(generation) else {
        return Some(Opened::Over);
    };
    let mut head = core.head(&session);
    if core.policy.omit_id_on_get {
        head.id = None;
    }
    head.token = core.http.token(core.policy.token_renewal);
    let cursor = cursor.filter(|_| !core.policy.ignore_cursor);
    let mut extra = vec![(header::ACCEPT, "text/event-stream")];
    extra.extend(cursor.map(|c| (header::LAST_EVENT_ID, c)));
    let Ok(request) = core.http.request("GET", &extra, &head, Vec::new()) else {
        return Some(Opened::None);
    };
    let sent = tokio::time::timeout(core.policy.stream_head_timeout, conn.send(request));
    let response = match sent.await.unwrap_or(Err(Failure::TimedOut)) {
        Ok(response) => response,
        Err(_) => {
            core.set_health(Health::Failing);
            return Some(Opened::Later);
        }
    };
    let status = response.status().as_u16();
    let policy = &core.policy;
    if status == 401 && !is_last && core.renews(head.token.as_deref()) {
        return None;
    }
    if response.status().is_success() && (is_event_stream(&response) || policy.any_body_is_stream) {
        core.set_health(Health::Working);
        core.token_served();
        let events = Events::new(response.into_body(), policy.silence);
        return Some(Opened::Stream(conn, events));
    }
    if status == 405 && !policy.ignore_405 {
        return Some(Opened::None);
    }
    // Somebody's page in place of a stream says nothing of what the server offers.
    if response.status().is_success() {
        core.set_health(Health::Failing);
        return Some(Opened::Later);
    }
    let heeds = policy.reinit != Reinit::Never && !policy.stream_ignores_loss;
    if heeds && session.id.is_some() {
        match refused(core, &session, response, status).await {
            Refused::NoStream => return Some(Opened::Page),
            Refused::Lost => {
                core.set_health(Health::Failing);
                return Some(Opened::Lost { status });
            }
            Refused::Otherwise => {}
        }
    }
    core.set_health(Health::Failing);
    Some(Opened::Later)
}

/// What the refusal of a GET means.
enum Refused {
    /// The server offers no stream.
    NoStream,
    /// The session is lost.
    Lost,
    /// Something that may pass.
    Otherwise,
}

/// Reads a refusal; its body only if that is needed to tell. A 404 that is no JSON-RPC error, in a session that was opened here
/// at a server that never accepted a GET, is the page of a framework without a handler for it, where 405 was due (GET-03): the next POST tells what became
/// of the session.
async fn refused(
    core: &Rc<Core>,
    session: &Session,
    response: Response<Incoming>,
    status: u16,
) -> Refused {
    let policy = &core.policy;
    let is_young = !session.stored && !core.state.borrow().stream.accepted;
    let may_be_page = status == 404 && is_young;
    let reads = may_be_page || policy.lost_session.iter().any(LostSignal::reads_body);
    let body = if reads {
        whole(response.into_body(), policy.silence).await
    } else {
        None
    };
    let body = body.unwrap_or_default();
    let messages = summarize(&body);
    if may_be_page && messages.is_empty() {
        return Refused::NoStream;
    }
    let code = messages.into_iter().find_map(|rpc| rpc.error);
    let code = code.map(|error| error.code);
    if policy.means_lost(status, code, &String::from_utf8_lossy(&body)) {
        Refused::Lost
    } else {
        Refused::Otherwise
    }
}

/// Takes in events until the stream is over, and returns whether it ended properly. A clean end is the server's right
/// (GET-06); a cut is a failure.
async fn listen(core: &Rc<Core>, events: &mut Events, place: &mut Place) -> bool {
    loop {
        match events.next().await {
            Next::Event(event) => {
                place.pass(&event);
                core.take_in_event(event);
            }
            Next::End => return true,
            Next::Cut => {
                core.disturbed();
                return false;
            }
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
        let Reopen::After(reopening) = self.policy.reopen_stream else {
            return None;
        };
        if self.policy.ignore_cursor {
            return None;
        }
        let mut row = Row::default();
        while !row.is_over(reopening) {
            self.wait_to_ask(row.wait(reopening), place).await;
            match open(self, session.generation, Some(cursor)).await {
                Opened::Stream(conn, events) => {
                    took(OF, "the rest of an answer is fetched by its cursor");
                    return Some((conn, events));
                }
                Opened::Later => row.fail(),
                // It may be the cursor that is not known (F12).
                Opened::None | Opened::Page | Opened::Over | Opened::Lost { status: 400 } => {
                    took(OF, "the rest of an answer cannot be had");
                    return None;
                }
                Opened::Lost { .. } => {
                    took(OF, "the rest of an answer is lost with its session");
                    if self.lose(session.generation) {
                        self.start_reinit();
                    }
                    return None;
                }
            }
        }
        None
    }
}
