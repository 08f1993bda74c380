//! Whoever asks: how requests are made, and whether there is a session to ask in. Which questions there are is in `script`
//! and `endings`.

use serde_json::{Value, json};
use stalemate_wire::{Headers, Method, Request, Revision, header, notification, request};

use super::interview::{Heard, Interview, ProbePlan};
use super::question::Question as Q;
use super::said::Said;
use super::target::{Restarted, Target};
use crate::server::IdShape;

/// What a client of every kind accepts.
const BOTH: &str = "application/json, text/event-stream";

/// How long a process may listen after it has broken a connection in dying, in milliseconds.
const DYING_MS: u64 = 500;

/// Whoever asks.
pub(super) struct Asker<'t, T> {
    pub(super) target: &'t mut T,
    pub(super) plan: &'t ProbePlan,
    path: String,
    pub(super) all: Interview,
    /// The session to ask in: `Some(None)` at a server without ids.
    pub(super) session: Option<Option<String>>,
    next_id: u64,
    /// Whether there is no way to bring the server back.
    pub(super) lost: bool,
}

/// A request in the making.
pub(super) struct Draft {
    method: Method,
    pub(super) session: Option<String>,
    headers: Vec<(&'static str, Option<String>)>,
    pub(super) path: Option<String>,
    body: Vec<u8>,
    pub(super) rpc_id: Option<u64>,
}

impl Draft {
    pub(super) fn of(method: Method, session: Option<String>) -> Self {
        Self {
            method,
            session,
            headers: Vec::new(),
            path: None,
            body: Vec::new(),
            rpc_id: None,
        }
    }

    /// With that header in place of the usual one; `None` leaves it out.
    pub(super) fn header(mut self, name: &'static str, value: Option<&str>) -> Self {
        self.headers.push((name, value.map(str::to_owned)));
        self
    }

    pub(super) fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }
}

impl<'t, T: Target> Asker<'t, T> {
    pub(super) fn new(target: &'t mut T, plan: &'t ProbePlan, path: &str) -> Self {
        Self {
            target,
            plan,
            path: path.to_owned(),
            all: Interview::default(),
            session: None,
            next_id: 0,
            lost: false,
        }
    }

    pub(super) fn finish(&self, draft: Draft) -> Request {
        let mut headers = Headers::new();
        let accept = match draft.method {
            Method::Post => Some(BOTH),
            Method::Get => Some("text/event-stream"),
            _ => None,
        };
        let mut usual: Vec<(&str, Option<String>)> =
            vec![(header::ACCEPT, accept.map(str::to_owned))];
        if draft.method == Method::Post {
            usual.push((header::CONTENT_TYPE, Some("application/json".to_owned())));
        }
        usual.push((header::SESSION_ID, draft.session));
        usual.push((header::PROTOCOL_VERSION, self.all.revision.clone()));
        for (name, value) in usual {
            let other = draft.headers.iter().find(|(n, _)| *n == name);
            let value = other.map_or(value, |(_, value)| value.clone());
            if let Some(value) = value {
                headers.push(name, value);
            }
        }
        for (name, value) in &draft.headers {
            let is_there = headers.get(name).is_some();
            if let Some(value) = value.as_ref().filter(|_| !is_there) {
                headers.push(*name, value);
            }
        }
        for (name, value) in &self.plan.headers {
            headers.push(name, value);
        }
        Request {
            method: draft.method,
            path: draft.path.unwrap_or_else(|| self.path.clone()),
            headers,
            body: draft.body,
        }
    }

    pub(super) fn rpc(
        &mut self,
        session: Option<&str>,
        method: &str,
        params: Option<Value>,
    ) -> Draft {
        self.next_id += 1;
        let mut draft = Draft::of(Method::Post, session.map(str::to_owned));
        draft.body = request(self.next_id, method, params);
        draft.rpc_id = Some(self.next_id);
        draft
    }

    pub(super) fn initialize(&mut self, session: Option<&str>, revision: &str) -> Draft {
        let params = json!({
            "protocolVersion": revision,
            "capabilities": {},
            "clientInfo": {"name": "stalemate-probe", "version": env!("CARGO_PKG_VERSION")},
        });
        // The version is agreed on by this request, so no header names it yet.
        self.rpc(session, "initialize", Some(params))
            .header(header::PROTOCOL_VERSION, None)
    }

    pub(super) fn list(&mut self, session: Option<&str>) -> Draft {
        self.rpc(session, "tools/list", None)
    }

    pub(super) fn unknown(&self) -> Option<String> {
        match self.all.shape {
            None | Some(IdShape::None) => None,
            Some(IdShape::Hex32) => Some("00000000000040008000000000000bad".to_owned()),
            Some(IdShape::UuidV4) => Some("00000000-0000-4000-8000-000000000bad".to_owned()),
        }
    }

    /// Asks, and notes what is said.
    pub(super) async fn ask(&mut self, question: Q, draft: Draft) -> Said {
        let (session, rpc_id) = (draft.session.clone(), draft.rpc_id);
        let request = self.finish(draft);
        let said = self.target.ask(request).await;
        self.note(question, &said, session, rpc_id).await;
        said
    }

    pub(super) async fn note(
        &mut self,
        question: Q,
        said: &Said,
        session: Option<String>,
        rpc_id: Option<u64>,
    ) {
        let named = said
            .answer()
            .and_then(|a| a.session_id())
            .map(str::to_owned);
        let minted = named.filter(|id| session.as_ref() != Some(id) && Some(id) != self.live_id());
        self.see(minted.as_deref());
        let mut heard = Heard {
            question,
            said: said.clone(),
            rpc_id,
            session,
            lives: None,
            minted_lives: None,
        };
        if let Some(id) = minted {
            let lives = self.is_live(Some(&id)).await;
            heard.minted_lives = Some(lives);
            match (lives, &self.session) {
                // There may be no other.
                (true, None) => self.session = Some(Some(id)),
                (true, Some(_)) => self.end(Some(&id)).await,
                (false, _) => {}
            }
        }
        self.all.heard.push(heard);
    }

    pub(super) fn live_id(&self) -> Option<&String> {
        self.session.as_ref().and_then(Option::as_ref)
    }

    pub(super) fn see(&mut self, id: Option<&str>) {
        let known = |id: &str| self.all.ids.iter().any(|k| k == id);
        if let Some(id) = id.filter(|id| !known(id) && Some(*id) != self.unknown().as_deref()) {
            self.all.ids.push(id.to_owned());
        }
    }

    pub(super) fn leave_out(&mut self, question: Q, why: &str) {
        self.all.left_out.push((question, why.to_owned()));
    }

    /// Whether a request in that session is served.
    pub(super) async fn is_live(&mut self, session: Option<&str>) -> bool {
        let ping = self.rpc(session, "ping", None);
        let (id, request) = (ping.rpc_id, self.finish(ping));
        let said = self.target.ask(request).await;
        self.all.gone = said == Said::Refused;
        let answer = said.answer().filter(|a| a.is_success());
        answer
            .zip(id)
            .is_some_and(|(a, id)| a.response_to(id).is_some())
    }

    /// Ends a session that nobody needs any more.
    pub(super) async fn end(&mut self, session: Option<&str>) {
        if let Some(id) = session {
            let delete = self.finish(Draft::of(Method::Delete, Some(id.to_owned())));
            self.target.ask(delete).await;
        }
    }

    /// Opens a session: `Some(None)` at a server without ids, `None` if it is refused.
    pub(super) async fn open(&mut self) -> Option<Option<String>> {
        let initialize = self.initialize(None, Revision::LATEST.as_str());
        let (id, request) = (initialize.rpc_id, self.finish(initialize));
        let said = self.target.ask(request).await;
        self.all.gone = said == Said::Refused;
        let answer = said.answer().filter(|a| a.is_success())?;
        answer.response_to(id?)?;
        let session = answer.session_id().map(str::to_owned);
        self.see(session.as_deref());
        let done = Draft::of(Method::Post, session.clone())
            .body(&notification("notifications/initialized"));
        let done = self.finish(done);
        self.target.ask(done).await;
        Some(session)
    }

    /// A live session to ask in. A server that is gone is started again where there is a way.
    pub(super) async fn live(&mut self) -> Result<Option<String>, String> {
        if let Some(session) = self.session.clone() {
            return Ok(session);
        }
        let mut session = self.open().await;
        if session.is_none() && self.all.gone && !self.lost {
            match self.target.restart().await {
                Restarted::Up => session = self.open().await,
                Restarted::NoWay | Restarted::Lost(_) => self.lost = true,
            }
        }
        self.session.clone_from(&session);
        match session {
            Some(session) => Ok(session),
            None if self.all.gone => Err("nobody listens any more".to_owned()),
            None => {
                self.all.single = true;
                Err("no further session is opened".to_owned())
            }
        }
    }

    /// Asks something in a live session, and sees whether that is live afterwards.
    pub(super) async fn ask_live(
        &mut self,
        question: Q,
        draft: impl FnOnce(&mut Self, Option<String>) -> Draft,
    ) {
        let session = match self.live().await {
            Ok(session) => session,
            Err(why) => return self.leave_out(question, &why),
        };
        let draft = draft(self, session);
        self.ask(question, draft).await;
        self.afterwards(question).await;
    }

    /// Sees whether the session is live after a question, and whether the server is.
    pub(super) async fn afterwards(&mut self, question: Q) {
        let session = self.session.clone().flatten();
        let heard = self.all.heard.last();
        if heard.is_some_and(|h| !matches!(h.said, Said::Answer(_))) {
            // A process that dies of it may listen for a moment still.
            self.target.rest(DYING_MS).await;
        }
        let lives = self.is_live(session.as_deref()).await;
        if self.all.gone {
            self.all.deaths.push(question);
        }
        if let Some(heard) = self.all.heard.last_mut() {
            heard.lives = Some(lives);
        }
        if !lives {
            self.session = None;
        }
    }
}

/// The shape of an id, as far as one tells.
pub(super) fn shape(id: Option<&str>) -> IdShape {
    match id {
        None => IdShape::None,
        Some(id) if id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()) => IdShape::Hex32,
        Some(_) => IdShape::UuidV4,
    }
}
