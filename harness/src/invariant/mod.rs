//! Invariants: named folds over the journal, each with the clauses it rests on or the word *policy*, the party at fault
//! when it is violated, and in its documentation the execution that it forbids. One file per family.

mod app;
mod client;
mod exchanges;
mod fates;
mod handshake;
mod hop;
mod seen;
mod server;
mod told;
mod view;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::journal::{Evidence, Member, Role};
pub use handshake::Handshake;
pub use hop::{Astray, astray};
pub use seen::{Over, Relayed, Seen};
pub use told::Told;
pub use view::{View, is_refusal, refuses_id};

/// Who is at fault when an invariant is violated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// The client.
    Client,
    /// The application around the client.
    Application,
    /// A server, by name.
    Server,
    /// A hop, by name.
    Hop,
}

/// How binding an invariant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The specification says MUST: a violation fails.
    Must,
    /// The specification says SHOULD: a violation warns.
    Should,
    /// This project's own demand where the specification is silent: a violation fails.
    Policy,
}

/// What an invariant says of one party in one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
pub enum Verdict {
    /// It was put to the test and held.
    Held,
    /// It was violated.
    Violated {
        /// The entry of the journal at which it was.
        at: usize,
        /// What happened, in a sentence.
        why: String,
    },
    /// Nothing happened that it speaks of.
    NotExercised,
    /// The record does not tell what it needs to be told.
    NotDecidable {
        /// What it lacks.
        lacks: Vec<Evidence>,
    },
}

impl Verdict {
    /// Held if it was exercised, and nothing was found.
    fn of(exercised: bool, found: Option<(usize, String)>) -> Self {
        match found {
            Some((at, why)) => Self::Violated { at, why },
            None if exercised => Self::Held,
            None => Self::NotExercised,
        }
    }
}

/// A verdict on a party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// `client`, `application`, or the name of a server or hop.
    pub party: Arc<str>,
    /// The verdict.
    pub verdict: Verdict,
}

/// How an invariant is judged: once for the client's side, or once for each server or hop.
pub enum Judge {
    /// Of the client or its application.
    Client(fn(&View<'_>) -> Verdict),
    /// Of each server: the exchanges that it received.
    Server(fn(&View<'_>, &Arc<str>, &[Seen]) -> Verdict),
    /// Of each hop: what it passed on.
    Hop(fn(&View<'_>, &Arc<str>, &[Relayed]) -> Verdict),
}

/// A named property of a run.
pub struct Invariant {
    /// Its name.
    pub id: &'static str,
    /// Who is at fault.
    pub party: Party,
    /// How binding it is.
    pub severity: Severity,
    /// The clauses that it rests on; `policy` where there is none.
    pub clauses: &'static [&'static str],
    /// What a record must tell of, so that it can be judged.
    pub needs: &'static [Evidence],
    /// What it demands, in a sentence.
    pub demands: &'static str,
    /// The execution that it forbids.
    pub forbids: &'static str,
    /// How it is judged.
    pub judge: Judge,
}

impl Invariant {
    /// Judges every party that it speaks of. Verdicts name the entries of the record that was told.
    #[must_use]
    pub fn judge(&self, view: &View<'_>) -> Vec<Judgement> {
        let mut judgements = self.judge_told(view);
        for judgement in &mut judgements {
            if let Verdict::Violated { at, .. } = &mut judgement.verdict {
                *at = view.entry_of_record(*at);
            }
        }
        judgements
    }

    fn judge_told(&self, view: &View<'_>) -> Vec<Judgement> {
        let has = |evidence: &Evidence| view.cast.evidence.contains(evidence);
        let lacks: Vec<Evidence> = self.needs.iter().copied().filter(|e| !has(e)).collect();
        let verdict = |judge: &dyn Fn() -> Verdict| {
            if lacks.is_empty() {
                judge()
            } else {
                let lacks = lacks.clone();
                Verdict::NotDecidable { lacks }
            }
        };
        match &self.judge {
            Judge::Client(judge) => {
                let (party, applies) = match self.party {
                    Party::Application => ("application", view.cast.application),
                    _ => ("client", true),
                };
                vec![Judgement {
                    party: Arc::from(party),
                    verdict: if applies {
                        verdict(&|| judge(view))
                    } else {
                        Verdict::NotExercised
                    },
                }]
            }
            Judge::Server(judge) => {
                let of = |(server, seen): (&Arc<str>, &Vec<Seen>)| Judgement {
                    party: server.clone(),
                    verdict: verdict(&|| judge(view, server, seen)),
                };
                view.servers.iter().map(of).collect()
            }
            // Which hops passed something on, the record may not tell either.
            Judge::Hop(_) if !lacks.is_empty() => {
                let hops = view.cast.members.iter().filter(|m| m.role == Role::Hop);
                let of = |hop: &Member| Judgement {
                    party: hop.process.clone(),
                    verdict: Verdict::NotDecidable {
                        lacks: lacks.clone(),
                    },
                };
                hops.map(of).collect()
            }
            Judge::Hop(judge) => {
                let of = |(hop, relayed): (&Arc<str>, &Vec<Relayed>)| Judgement {
                    party: hop.clone(),
                    verdict: judge(view, hop, relayed),
                };
                view.hops.iter().map(of).collect()
            }
        }
    }
}

/// Every invariant, clients' first, then applications', servers' and hops'.
pub static ALL: &[Invariant] = &[
    client::RECOVERS,
    client::NO_STALE_ID,
    client::INITIALIZE_WITHOUT_ID,
    client::FULL_HANDSHAKE_AGAIN,
    client::EVERY_CALL_RESOLVES,
    client::FAILURE_IS_SHOWN,
    client::AT_MOST_ONCE,
    client::ids::ID_ON_EVERYTHING,
    client::ids::DELETE_ON_CLOSE,
    client::reinit::REINIT_ON_404,
    client::reinit::SINGLE_FLIGHT,
    client::reinit::NO_STORM,
    client::stream::RESUME_CURSOR,
    client::stream::RESPECTS_RETRY,
    client::stream::STREAM_RESTORED,
    client::ids::VERSION_IS_NEGOTIATED,
    client::spare::STREAM_TROUBLE,
    client::spare::ENDS_WHAT_IT_GIVES_UP,
    client::requests::ALL_RECOVER,
    client::restore::RESTORES,
    client::ping::ANSWERS_PING,
    app::DISCONNECT_CLEARS,
    app::DELETE_CLEARS,
    app::SHOWS_THE_TRUTH,
    app::INCOGNITO_IS_FIRST_CONTACT,
    app::CONNECTORS_ISOLATED,
    app::tools::LISTS_AGAIN,
    app::leaks::ENDS_OLD_CONVERSATIONS,
    server::DEAD_SESSION_IS_404,
    server::session::NO_RESURRECTION,
    server::session::SESSION_ISOLATION,
    server::session::OPENS_SESSIONS,
    server::session::IDLE_MEANS_IDLE,
    server::token::RENEWAL_KEEPS_SESSION,
    server::harm::SURVIVES_CLIENTS,
    server::answer::LIVE_IS_SERVED,
    server::answer::ACCEPTED_IS_202,
    server::answer::GET_IS_STREAM,
    server::answer::NO_RESPONSE_ON_GET,
    server::answer::NO_ID_IS_400,
    server::answer::ASSUMES_VERSION,
    server::stream::ONE_STREAM,
    server::stream::REPLAY_SAME_STREAM,
    hop::STATUS_TRANSPARENT,
    hop::SESSION_AFFINITY,
    hop::passes::END_TO_END,
    hop::deliver::DELIVERS_MESSAGES,
];

/// The invariant of that name.
#[must_use]
pub fn get(id: &str) -> Option<&'static Invariant> {
    ALL.iter().find(|i| i.id == id)
}
