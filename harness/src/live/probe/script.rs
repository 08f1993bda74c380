//! The interview: which questions are asked in which order, of a real server or of a model. What comes of an answer is
//! decided elsewhere. How sessions end is asked in `endings`.

use serde_json::{Value, json};
use stalemate_wire::{Method, Revision, header, notification};

use super::asker::{Asker, Draft, shape};
use super::question::Question as Q;
use super::said::{End, Said};
use super::target::{Held, Restarted, Target};

/// A revision that there is not.
pub(super) const NO_REVISION: &str = "1999-12-31";

impl<T: Target> Asker<'_, T> {
    /// Asks everything. Where the first `initialize` opens nothing, nothing else is asked.
    pub(super) async fn ask_all(&mut self) {
        if !self.handshake().await {
            return;
        }
        self.ids().await;
        self.streams().await;
        self.refusals().await;
        self.revisions().await;
        if let Some(ms) = self.plan.idle_ms {
            self.idle(ms).await;
        }
        if self.plan.restart.is_some() {
            self.restart().await;
        }
        self.ended().await;
        self.abandoned().await;
        self.poisoned().await;
        // It is left as it was found.
        if self.all.gone && self.plan.restart.is_some() && !self.lost {
            self.all.gone = self.target.restart().await != Restarted::Up;
        }
    }

    async fn handshake(&mut self) -> bool {
        let initialize = self.initialize(None, Revision::LATEST.as_str());
        let id = initialize.rpc_id.unwrap_or_default();
        let said = {
            let request = self.finish(initialize);
            self.target.ask(request).await
        };
        let answer = said.answer().filter(|a| a.is_success());
        let result = answer.and_then(|a| a.response_to(id));
        let agreed = result
            .as_ref()
            .and_then(|r| r.pointer("/result/protocolVersion"));
        let session = answer.and_then(|a| a.session_id()).map(str::to_owned);
        let opened = agreed.is_some();
        self.all.revision = agreed.and_then(Value::as_str).map(str::to_owned);
        self.all.shape = opened.then(|| shape(session.as_deref()));
        self.session = opened.then(|| session.clone());
        self.see(session.as_deref());
        self.note(Q::Initialize, &said, session, Some(id)).await;
        if let Some(heard) = self.all.heard.last_mut() {
            heard.session = None;
        }
        if !opened {
            return false;
        }
        let initialized = notification("notifications/initialized");
        let session = self.live_id().cloned();
        let done = Draft::of(Method::Post, session).body(&initialized);
        self.ask(Q::Initialized, done).await;
        self.ask_live(Q::List, |a, s| a.list(s.as_deref())).await;
        let list = self
            .all
            .to(Q::List)
            .and_then(|heard| heard.said.answer()?.response_to(heard.rpc_id?));
        let tools = list
            .as_ref()
            .and_then(|list| list.pointer("/result/tools")?.as_array());
        let names = tools
            .into_iter()
            .flatten()
            .filter_map(|tool| tool["name"].as_str());
        self.all.tools = names.map(str::to_owned).collect();
        self.ask_live(Q::Ping, |a, s| a.rpc(s.as_deref(), "ping", None))
            .await;
        // Of a tool that there is not: nobody knows here what those do that there are.
        let call = json!({"name": "stalemate-asks-whether-there-is-such-a-tool", "arguments": {}});
        self.ask_live(Q::Call, |a, s| {
            a.rpc(s.as_deref(), "tools/call", Some(call))
        })
        .await;
        let cancelled = br#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":999999,"reason":"never sent"}}"#;
        self.ask_live(Q::Notification, |_, s| {
            Draft::of(Method::Post, s).body(cancelled)
        })
        .await;
        let response = br#"{"jsonrpc":"2.0","id":999999,"result":{}}"#;
        self.ask_live(Q::Response, |_, s| {
            Draft::of(Method::Post, s).body(response)
        })
        .await;
        true
    }

    /// What is said to ids that were never given, and to none.
    async fn ids(&mut self) {
        let unknown = self.unknown();
        if unknown.is_some() {
            let draft = self.list(unknown.as_deref());
            self.ask(Q::PostUnknown, draft).await;
            let draft = self.initialize(unknown.as_deref(), Revision::LATEST.as_str());
            self.ask(Q::InitializeUnknown, draft).await;
            for (question, method) in [
                (Q::GetUnknown, Method::Get),
                (Q::DeleteUnknown, Method::Delete),
            ] {
                self.ask(question, Draft::of(method, unknown.clone())).await;
            }
        }
        if self.all.has_sessions() {
            let draft = self.list(None);
            self.ask(Q::PostWithout, draft).await;
        }
        for (question, method) in [
            (Q::GetWithout, Method::Get),
            (Q::DeleteWithout, Method::Delete),
        ] {
            self.ask(question, Draft::of(method, None)).await;
        }
    }

    pub(super) async fn hold(
        &mut self,
        question: Option<Q>,
        session: Option<String>,
    ) -> Option<Held> {
        let request = self.finish(Draft::of(Method::Get, session.clone()));
        let (said, held) = self.target.hold(request).await;
        if let Some(question) = question {
            self.note(question, &said, session, None).await;
        }
        held
    }

    async fn streams(&mut self) {
        let session = match self.live().await {
            Ok(session) => session,
            Err(why) => return self.leave_out(Q::Get, &why),
        };
        let first = self.hold(Some(Q::Get), session.clone()).await;
        self.afterwards(Q::Get).await;
        let Some(first) = first else {
            return self.leave_out(Q::GetSecond, "the first GET opens no stream that stays");
        };
        let second = self.hold(Some(Q::GetSecond), session.clone()).await;
        self.afterwards(Q::GetSecond).await;
        let ended = |said: Said| said.answer().is_none_or(|a| a.end != End::Open);
        self.all.get_replaced = second.is_some() && ended(self.target.look(first).await);
        for held in [Some(first), second].into_iter().flatten() {
            self.target.release(held).await;
        }
        if let Ok(session) = self.live().await {
            let again = match self.session_is(&session) {
                true => self.hold(Some(Q::GetAgain), session).await,
                false => None,
            };
            if let Some(held) = again {
                self.target.release(held).await;
            }
            self.afterwards(Q::GetAgain).await;
        }
    }

    fn session_is(&self, session: &Option<String>) -> bool {
        self.session.as_ref() == Some(session)
    }

    async fn refusals(&mut self) {
        let text = Some("text/plain");
        let json = Some("application/json");
        self.ask_live(Q::GetUnknownCursor, |_, s| {
            Draft::of(Method::Get, s).header(header::LAST_EVENT_ID, Some("stalemate-never-saw-it"))
        })
        .await;
        self.ask_live(Q::GetWrongAccept, |_, s| {
            Draft::of(Method::Get, s).header(header::ACCEPT, json)
        })
        .await;
        if self.all.has_sessions() {
            self.ask_live(Q::InitializeLive, |a, s| {
                a.initialize(s.as_deref(), Revision::LATEST.as_str())
            })
            .await;
        }
        self.ask_live(Q::WrongAccept, |a, s| {
            a.list(s.as_deref()).header(header::ACCEPT, json)
        })
        .await;
        self.ask_live(Q::WrongContentType, |a, s| {
            a.list(s.as_deref()).header(header::CONTENT_TYPE, text)
        })
        .await;
        self.ask_live(Q::BadJson, |_, s| {
            Draft::of(Method::Post, s).body(b"{jsonrpc}")
        })
        .await;
        self.ask_live(Q::NoMessage, |_, s| {
            Draft::of(Method::Post, s).body(br#"{"jsonrpc":"2.0"}"#)
        })
        .await;
        let version = header::PROTOCOL_VERSION;
        self.ask_live(Q::NoVersion, |a, s| {
            a.list(s.as_deref()).header(version, None)
        })
        .await;
        self.ask_live(Q::BadVersion, |a, s| {
            a.list(s.as_deref()).header(version, Some(NO_REVISION))
        })
        .await;
        let other = Revision::ALL.into_iter().map(Revision::as_str);
        let other = other
            .rev()
            .find(|r| Some(*r) != self.all.revision.as_deref());
        self.ask_live(Q::OtherVersion, |a, s| {
            a.list(s.as_deref()).header(version, other)
        })
        .await;
        self.ask_live(Q::Put, |_, s| Draft::of(Method::Other("PUT".to_owned()), s))
            .await;
        self.ask_live(Q::Options, |_, s| {
            Draft::of(Method::Other("OPTIONS".to_owned()), s)
        })
        .await;
        self.ask_live(Q::OtherPath, |a, s| {
            let mut draft = a.list(s.as_deref());
            draft.path = Some("/stalemate-asks-for-another-path".to_owned());
            draft
        })
        .await;
    }

    /// Which revision is offered to whom.
    async fn revisions(&mut self) {
        for (question, revision) in [
            (Q::Offer06, Revision::V2025_06_18.as_str()),
            (Q::Offer03, Revision::V2025_03_26.as_str()),
            (Q::OfferNone, NO_REVISION),
        ] {
            if self.all.single {
                self.leave_out(question, "no further session is opened");
                continue;
            }
            let draft = self.initialize(None, revision);
            self.ask(question, draft).await;
        }
    }
}
