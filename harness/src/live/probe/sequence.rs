//! Random sequences of requests, sent to a real server and to a model of it, and every answer in which they differ. A seed
//! is a sequence: it draws the same one for ever, whatever is answered.

use std::collections::BTreeMap;
use std::sync::Arc;

use stalemate_wire::{Method, Revision, header, notification};

use super::asker::{Asker, Draft};
use super::compare::{answers, beyond_words};
use super::draw::{Ask, Draws, Whose};
use super::interview::{Interview, ProbePlan};
use super::model::DialectModel;
use super::question::Compared;
use super::said::{End, Said};
use super::script::NO_REVISION;
use super::target::{Held, Restarted, Target};
use crate::server::Dialect;

/// How many requests a sequence has, not counting those that begin and end its sessions.
const LENGTH: usize = 16;

/// How long a server may take to see that its client has gone from a stream, in milliseconds.
const CLOSING_MS: u64 = 50;

/// How many answers were compared, and how many were the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Compared.
    pub all: u64,
    /// The same.
    pub same: u64,
}

/// A kind of difference, and how often it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlike {
    /// What was asked.
    pub asked: String,
    /// Whether that is of the session core.
    pub core: bool,
    /// What the real server said.
    pub real: String,
    /// What the model says.
    pub model: String,
    /// How often.
    pub times: u64,
    /// The first seed that showed it, and the request's number in its sequence, from 1.
    pub first: (u64, usize),
}

/// What came of sequences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sequences {
    /// Of requests of the session core: initialize, initialized, list, ping, GET and DELETE with any id.
    pub core: Count,
    /// Of all requests.
    pub whole: Count,
    /// The differences, the most frequent first.
    pub unlike: Vec<Unlike>,
    /// The seeds that were not played to their end, because nobody listened or no session was opened any more.
    pub broken_off: Vec<u64>,
}

/// One of the two that are asked.
struct Side<'t, T> {
    asker: Asker<'t, T>,
    revision: Revision,
    sessions: BTreeMap<Whose, String>,
    held: Option<Held>,
}

impl<'t, T: Target> Side<'t, T> {
    fn new(target: &'t mut T, plan: &'t ProbePlan, path: &str, revision: Revision) -> Self {
        Self {
            asker: Asker::new(target, plan, path),
            revision,
            sessions: BTreeMap::new(),
            held: None,
        }
    }

    /// Two sessions of its own, or one if no second is opened; or what keeps it from that.
    async fn begin(&mut self) -> Result<(), Said> {
        for whose in [Whose::First, Whose::Second] {
            let said = self.initialize(None).await;
            let answer = said.answer().filter(|a| a.is_success());
            let Some(id) = answer.and_then(|a| a.session_id()).map(str::to_owned) else {
                return match whose {
                    Whose::First => Err(said),
                    _ => Ok(()),
                };
            };
            self.asker.see(Some(&id));
            self.sessions.insert(whose, id);
            self.asker.all.revision = Some(self.revision.as_str().to_owned());
        }
        Ok(())
    }

    /// As `begin`. A server that opens no session any more is restarted, where there is a way: it may have one session in
    /// the life of its process, or have ended.
    async fn begin_again(&mut self) -> Result<(), Said> {
        match self.begin().await {
            Err(said) if self.asker.plan.restart.is_some() => {
                match self.asker.target.restart().await {
                    Restarted::Up => self.begin().await,
                    Restarted::NoWay | Restarted::Lost(_) => Err(said),
                }
            }
            begun => begun,
        }
    }

    async fn initialize(&mut self, session: Option<&str>) -> Said {
        let draft = self.asker.initialize(session, self.revision.as_str());
        let request = self.asker.finish(draft);
        self.asker.target.ask(request).await
    }

    async fn act(&mut self, ask: Ask, whose: Whose) -> Said {
        let session = match whose {
            Whose::Nobody => None,
            Whose::Unknown => Some("00000000-0000-4000-8000-000000000bad".to_owned()),
            own => {
                let first = || self.sessions.get(&Whose::First);
                self.sessions.get(&own).or_else(first).cloned()
            }
        };
        let id = session.as_deref();
        let asker = &mut self.asker;
        let post = |body: &[u8]| Draft::of(Method::Post, session.clone()).body(body);
        let json = Some("application/json");
        let draft = match ask {
            Ask::Initialize => return self.initialize(id).await,
            Ask::Initialized => post(&notification("notifications/initialized")),
            Ask::List => asker.list(id),
            Ask::Ping => asker.rpc(id, "ping", None),
            Ask::Call => {
                let nothing =
                    serde_json::json!({"name": "stalemate-asks-whether-there-is-such-a-tool"});
                asker.rpc(id, "tools/call", Some(nothing))
            }
            Ask::Get | Ask::Hold => Draft::of(Method::Get, session),
            Ask::Delete => Draft::of(Method::Delete, session),
            Ask::NoVersion => asker.list(id).header(header::PROTOCOL_VERSION, None),
            Ask::BadVersion => {
                let draft = asker.list(id);
                draft.header(header::PROTOCOL_VERSION, Some(NO_REVISION))
            }
            Ask::WrongAccept => asker.list(id).header(header::ACCEPT, json),
            Ask::WrongType => {
                let draft = asker.list(id);
                draft.header(header::CONTENT_TYPE, Some("text/plain"))
            }
            Ask::BadJson => post(b"{jsonrpc}"),
            Ask::NoMessage => post(br#"{"jsonrpc":"2.0"}"#),
            Ask::Response => post(br#"{"jsonrpc":"2.0","id":999999,"result":{}}"#),
            Ask::Put => Draft::of(Method::Other("PUT".to_owned()), session),
        };
        let request = asker.finish(draft);
        if ask != Ask::Hold {
            let said = asker.target.ask(request).await;
            if said.answer().is_some_and(|a| a.end == End::Open) {
                asker.target.rest(CLOSING_MS).await;
            }
            return said;
        }
        if let Some(former) = self.held.take() {
            asker.target.release(former).await;
            asker.target.rest(CLOSING_MS).await;
        }
        let (said, held) = asker.target.hold(request).await;
        self.held = held;
        said
    }

    /// Takes in what an answer gave.
    fn learn(&mut self, ask: Ask, said: &Said) {
        let Some(id) = said
            .answer()
            .and_then(|a| a.session_id())
            .map(str::to_owned)
        else {
            return;
        };
        self.asker.see(Some(&id));
        let known = self.sessions.values().any(|known| *known == id);
        let opened = ask == Ask::Initialize && said.answer().is_some_and(|a| a.is_success());
        if opened && !known {
            self.sessions.insert(Whose::Second, id);
        }
    }

    /// Ends what is open.
    async fn end(mut self) {
        if let Some(held) = self.held.take() {
            self.asker.target.release(held).await;
        }
        for id in self.sessions.into_values() {
            self.asker.end(Some(&id)).await;
        }
    }
}

/// The revision that the client of a sequence wants: every fourth is an older one, which some servers treat otherwise.
fn revision_of(seed: u64) -> Revision {
    match seed % 4 {
        3 => Revision::V2025_06_18,
        _ => Revision::LATEST,
    }
}

/// Plays the sequences of those seeds. Where not even the first begins, what was said is returned.
pub(super) async fn play<T: Target>(
    real: &mut T,
    dialect: &Arc<Dialect>,
    plan: &ProbePlan,
    path: &str,
    seeds: u64,
) -> Result<Sequences, Said> {
    let mut all = Sequences::default();
    for seed in 0..seeds {
        let mut model = DialectModel::new(Arc::clone(dialect), path, false);
        let revision = revision_of(seed);
        let mut here = Side::new(real, plan, path, revision);
        let mut there = Side::new(&mut model, plan, path, revision);
        if let Err(said) = here.begin_again().await {
            if seed == 0 {
                return Err(said);
            }
            all.broken_off.push(seed);
            continue;
        }
        // A model that opens fewer sessions is unlike from the beginning.
        let _ = there.begin().await;
        let mut draws = Draws(seed);
        for number in 1..=LENGTH {
            let (ask, whose) = (draws.one(&Ask::DRAWN), draws.one(&Whose::DRAWN));
            let one = here.act(ask, whose).await;
            let other = there.act(ask, whose).await;
            here.learn(ask, &one);
            there.learn(ask, &other);
            let (left, right) = (&here.asker.all, &there.asker.all);
            let same = is_same(ask, (&one, left), (&other, right));
            let counts = [Some(&mut all.whole), ask.is_core().then_some(&mut all.core)];
            for count in counts.into_iter().flatten() {
                count.all += 1;
                count.same += u64::from(same);
            }
            if !same {
                let asked = (format!("{} {}", ask.words(), whose.words()), ask.is_core());
                let (mut real, mut model) = (one.words(&left.ids), other.words(&right.ids));
                if real == model {
                    real += &beyond_words(&one);
                    model += &beyond_words(&other);
                }
                note(&mut all.unlike, asked, (real, model), (seed, number));
            }
            if one == Said::Refused {
                all.broken_off.push(seed);
                break;
            }
        }
        there.end().await;
        here.end().await;
    }
    all.unlike
        .sort_by_key(|unlike| std::cmp::Reverse(unlike.times));
    Ok(all)
}

fn is_same(
    ask: Ask,
    (one, here): (&Said, &Interview),
    (other, there): (&Said, &Interview),
) -> bool {
    let compared = match ask {
        // The words are a parser's own.
        Ask::BadJson | Ask::NoMessage => Compared::Kind,
        _ => Compared::Words,
    };
    match (one, other) {
        (Said::Answer(one), Said::Answer(other)) => {
            let named = |said: &super::said::Answer| said.session_id().is_some();
            named(one) == named(other) && answers(one, other, compared, here, there) == 0
        }
        (one, other) => one == other,
    }
}

fn note(
    all: &mut Vec<Unlike>,
    (asked, core): (String, bool),
    (real, model): (String, String),
    first: (u64, usize),
) {
    let known = all
        .iter_mut()
        .find(|u| u.asked == asked && u.real == real && u.model == model);
    match known {
        Some(known) => known.times += 1,
        None => all.push(Unlike {
            asked,
            core,
            real,
            model,
            times: 1,
            first,
        }),
    }
}
