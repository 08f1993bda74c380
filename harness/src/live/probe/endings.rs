//! How sessions end: by rest, by a restart, by DELETE, by a client that goes away.

use stalemate_wire::{Method, Revision};

use super::asker::{Asker, Draft};
use super::interview::{Heard, Restart};
use super::question::Question as Q;
use super::said::{End, Said};
use super::target::{Restarted, Target};

/// An id that kills a server whose table of sessions is a plain object.
const POISON: &str = "constructor";
/// How long a client waits for a slow call before it goes away, in milliseconds.
const GONE_AFTER_MS: u64 = 100;
/// In what steps a server is watched after a call was abandoned, in milliseconds.
const WATCH_STEP_MS: u64 = 250;
/// In how many steps it is found out when a session expires.
const RESTS: u64 = 6;

impl<T: Target> Asker<'_, T> {
    pub(super) async fn idle(&mut self, ms: u64) {
        let first = match self.live().await {
            Ok(session) => session,
            Err(why) => return self.leave_out(Q::IdleAsked, &why),
        };
        // Its clock begins here, and not with its last question.
        self.is_live(first.as_deref()).await;
        // One session for each rest, because a question would be the end of it. One more has a stream that is watched.
        let mut rests = vec![(ms, self.target.now_ms(), first)];
        let mut watched = None;
        if !self.all.single {
            for step in 1..RESTS {
                if let Some(session) = self.open().await {
                    rests.push((ms * step / RESTS, self.target.now_ms(), session));
                }
            }
            if let Some(session) = self.open().await {
                let began = self.target.now_ms();
                let held = self.hold(None, session.clone()).await;
                watched = Some((held, session, began));
            }
        }
        rests.sort_by_key(|(ms, _, _)| *ms);
        for (planned, began, session) in rests {
            let due = began + planned;
            let now = self.target.now_ms();
            self.target.rest(due.saturating_sub(now)).await;
            // Where the machine is slow, it was more than was planned.
            let late = self.target.now_ms().saturating_sub(due);
            let rest = if late > ms / RESTS / 4 {
                planned + late
            } else {
                planned
            };
            let last = planned == ms;
            let serves = if last {
                let draft = self.list(session.as_deref());
                let id = draft.rpc_id.unwrap_or_default();
                let said = self.ask(Q::IdleAsked, draft).await;
                said.answer()
                    .is_some_and(|a| a.is_success() && a.response_to(id).is_some())
            } else {
                self.is_live(session.as_deref()).await
            };
            if serves {
                self.all.rested_ms = Some(rest);
                if !last {
                    self.end(session.as_deref()).await;
                }
            } else {
                self.all.expired_ms.get_or_insert(rest);
                if last {
                    self.ask(Q::GetIdle, Draft::of(Method::Get, session.clone()))
                        .await;
                    self.session = None;
                }
            }
            if let Some((Some(held), _, began)) = &watched
                && self.all.keepalive.is_none()
            {
                let passed = self.target.now_ms() - began;
                let said = self.target.look(*held).await;
                let events = said.answer().map(|a| a.events()).unwrap_or_default();
                let comment = events.into_iter().flat_map(|event| event.comments).next();
                self.all.keepalive = comment.map(|comment| (passed, comment));
            }
        }
        if let Some((held, session, _)) = watched {
            if let Some(held) = held {
                self.target.release(held).await;
            }
            self.end(session.as_deref()).await;
        }
    }

    pub(super) async fn restart(&mut self) {
        let session = match self.live().await {
            Ok(session) => session,
            Err(why) => return self.leave_out(Q::PostRestarted, &why),
        };
        let held = self.hold(None, session.clone()).await;
        match self.target.restart().await {
            Restarted::Up => {}
            Restarted::NoWay => {
                return self.leave_out(Q::PostRestarted, "there is no way to restart it");
            }
            Restarted::Lost(why) => {
                self.all.gone = true;
                self.lost = true;
                self.session = None;
                return self.leave_out(Q::PostRestarted, &why);
            }
        }
        let stream = match held {
            None => None,
            Some(held) => {
                let said = self.target.look(held).await;
                self.target.release(held).await;
                said.answer().map(|a| a.end).filter(|end| *end != End::Open)
            }
        };
        let draft = self.list(session.as_deref());
        let id = draft.rpc_id.unwrap_or_default();
        let said = self.ask(Q::PostRestarted, draft).await;
        let kept = said
            .answer()
            .is_some_and(|a| a.is_success() && a.response_to(id).is_some());
        if session.is_some() && !kept {
            self.session = None;
            self.ask(Q::GetRestarted, Draft::of(Method::Get, session.clone()))
                .await;
            self.ask(
                Q::DeleteRestarted,
                Draft::of(Method::Delete, session.clone()),
            )
            .await;
            let draft = self.initialize(session.as_deref(), Revision::LATEST.as_str());
            self.ask(Q::InitializeRestarted, draft).await;
        }
        self.all.restart = Some(Restart { kept, stream });
    }

    pub(super) async fn ended(&mut self) {
        if !self.all.has_sessions() {
            return;
        }
        let session = match self.live().await {
            Ok(session) => session,
            Err(why) => return self.leave_out(Q::Delete, &why),
        };
        let said = self
            .ask(Q::Delete, Draft::of(Method::Delete, session.clone()))
            .await;
        if said
            .status()
            .is_none_or(|status| !(200..300).contains(&status))
        {
            self.afterwards(Q::Delete).await;
            return self.leave_out(Q::PostEnded, "no session is ended on a client's demand");
        }
        self.session = None;
        let draft = self.list(session.as_deref());
        self.ask(Q::PostEnded, draft).await;
        self.ask(Q::GetEnded, Draft::of(Method::Get, session.clone()))
            .await;
        self.ask(Q::DeleteEnded, Draft::of(Method::Delete, session.clone()))
            .await;
        let draft = self.initialize(session.as_deref(), Revision::LATEST.as_str());
        self.ask(Q::InitializeEnded, draft).await;
    }

    /// A client that goes away before its answer (POST-12).
    pub(super) async fn abandoned(&mut self) {
        let session = match self.live().await {
            Ok(session) => session,
            Err(why) => return self.leave_out(Q::Abandoned, &why),
        };
        let draft = match self.plan.slow_call.clone() {
            Some(params) => self.rpc(session.as_deref(), "tools/call", Some(params)),
            None => self.list(session.as_deref()),
        };
        let request = self.finish(draft);
        // A list is answered soon: its client must be gone at once.
        let after_ms = match self.plan.slow_call {
            Some(_) => GONE_AFTER_MS,
            None => 0,
        };
        self.target.abandon(request, after_ms).await;
        let mut lives = true;
        for _ in 0..self.plan.watch_ms.div_ceil(WATCH_STEP_MS) {
            self.target.rest(WATCH_STEP_MS).await;
            lives = self.is_live(session.as_deref()).await;
            if !lives {
                break;
            }
        }
        if self.all.gone {
            self.all.deaths.push(Q::Abandoned);
        }
        let said = match (lives, self.all.gone) {
            (_, true) => Said::Refused,
            (true, _) => Said::Silence,
            (false, _) => Said::HungUp,
        };
        self.all.heard.push(Heard {
            question: Q::Abandoned,
            said,
            rpc_id: None,
            session: session.clone(),
            lives: Some(lives),
            minted_lives: None,
        });
        if !lives {
            self.session = None;
        }
    }

    pub(super) async fn poisoned(&mut self) {
        let session = match self.live().await {
            Ok(session) => session,
            Err(why) => return self.leave_out(Q::PoisonedId, &why),
        };
        if session.is_some() {
            let draft = self.list(Some(POISON));
            self.ask(Q::PoisonedId, draft).await;
            self.afterwards(Q::PoisonedId).await;
        }
        if let Some(session) = self.session.clone() {
            self.end(session.as_deref()).await;
        }
    }
}
