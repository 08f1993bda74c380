//! What does this server do when sessions die? A real server is asked everything that a dialect describes; what it says is
//! judged by the clauses of the specification, and compared with what the known dialects say to the very same requests.

mod asker;
mod compare;
mod draw;
mod endings;
mod interview;
mod learn;
mod model;
mod question;
mod real;
mod said;
mod script;
mod sequence;
mod target;
mod verdict;

use std::fmt;
use std::sync::Arc;

use tokio::runtime::Builder;
use tokio::task::LocalSet;
use tokio::time::Instant;

pub use self::compare::{Difference, Nearest, against, interview, nearest};
pub use self::interview::{Heard, Interview, ProbePlan, Restart};
pub use self::learn::{Learned, learn};
pub use self::question::Question;
pub use self::said::{Answer, End, Said};
pub use self::sequence::{Count, Sequences, Unlike};
pub use self::verdict::{ClauseVerdict, Judged, judge};

use self::asker::Asker;
use self::real::{Real, places};
use crate::live::address::Endpoint;
use crate::server::Dialect;

/// What came of asking a server.
#[derive(Clone, Debug)]
pub struct Probed {
    /// All that was said.
    pub interview: Interview,
    /// What that says of the clauses.
    pub judged: Vec<Judged>,
    /// The nearest known dialect; `None` if none is known.
    pub nearest: Option<Nearest>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// Why a server could not be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeError {
    /// Nobody listens there.
    NobodyListens(String),
    /// It answers `initialize` otherwise than a server of a revision with sessions does; what it said.
    NoHandshake(String),
    /// It does not answer `initialize` in the time there was.
    Silent(u64),
    /// It asks for a token; what it said.
    Unauthorized(String),
    /// It opens sessions without ids, so that no sequence of them can be asked for.
    NoSessions,
    /// What is needed of this machine cannot be had.
    Machine(String),
}

impl fmt::Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NobodyListens(places) => {
                write!(
                    f,
                    "nobody listens on {places}: start the server first, and name its port"
                )
            }
            Self::NoHandshake(said) => write!(
                f,
                "this is no MCP endpoint with a handshake: `initialize` was answered: {said}; is the path right (often `/mcp`)?"
            ),
            Self::Silent(seconds) => write!(
                f,
                "`initialize` was not answered within {seconds} s; give it more time with --limit"
            ),
            Self::Unauthorized(said) => write!(
                f,
                "the server wants to know who asks: {said}; give it a token with --header 'Authorization: Bearer …'"
            ),
            Self::NoSessions => f.write_str(
                "the server gives no session ids; sequences of requests are about sessions, so leave out --against",
            ),
            Self::Machine(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ProbeError {}

/// Asks a server on this machine everything, and compares it with those dialects.
///
/// # Errors
/// [`ProbeError`] if there is nobody to ask.
pub fn probe(
    endpoint: &Endpoint,
    plan: &ProbePlan,
    dialects: &[Arc<Dialect>],
) -> Result<Probed, ProbeError> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|why| ProbeError::Machine(format!("failed to start: {why}")))?;
    LocalSet::new().block_on(&runtime, ask(endpoint, plan, dialects))
}

/// As [`probe`], within a runtime, in a place where tasks can be spawned that stay on their thread.
///
/// # Errors
/// As [`probe`].
pub async fn ask(
    endpoint: &Endpoint,
    plan: &ProbePlan,
    dialects: &[Arc<Dialect>],
) -> Result<Probed, ProbeError> {
    let began = Instant::now();
    let mut real = Real::new(endpoint, plan.patience_ms, plan.restart.as_deref());
    let mut asker = Asker::new(&mut real, plan, &endpoint.path);
    asker.ask_all().await;
    let interview = asker.all;
    if interview.revision.is_none() {
        return Err(why(&interview, endpoint, plan));
    }
    let judged = judge(&interview);
    let nearest = nearest(&interview, dialects, plan, &endpoint.path);
    Ok(Probed {
        judged,
        nearest,
        took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        interview,
    })
}

/// Plays random sequences to a server on this machine and to a model of that dialect, those of the seeds from 0 on. With a
/// plan that restarts it, a server that opens no session any more is restarted between two sequences.
///
/// # Errors
/// [`ProbeError`] if there is nobody to ask, or it opens no session.
pub fn sequences(
    endpoint: &Endpoint,
    plan: &ProbePlan,
    dialect: &Arc<Dialect>,
    seeds: u64,
) -> Result<Sequences, ProbeError> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|why| ProbeError::Machine(format!("failed to start: {why}")))?;
    let played = play_sequences(endpoint, plan, dialect, seeds);
    LocalSet::new().block_on(&runtime, played)
}

/// As [`sequences`], within a runtime, in a place where tasks can be spawned that stay on their thread.
///
/// # Errors
/// As [`sequences`].
pub async fn play_sequences(
    endpoint: &Endpoint,
    plan: &ProbePlan,
    dialect: &Arc<Dialect>,
    seeds: u64,
) -> Result<Sequences, ProbeError> {
    let mut real = Real::new(endpoint, plan.patience_ms, plan.restart.as_deref());
    let played = sequence::play(&mut real, dialect, plan, &endpoint.path, seeds).await;
    played.map_err(|said| match said {
        Said::Refused => ProbeError::NobodyListens(places(&endpoint.addresses)),
        Said::Silence => ProbeError::Silent(plan.patience_ms / 1_000),
        said if said.answer().is_some_and(|a| a.is_success()) => ProbeError::NoSessions,
        said => ProbeError::NoHandshake(said.words(&[])),
    })
}

fn why(interview: &Interview, endpoint: &Endpoint, plan: &ProbePlan) -> ProbeError {
    let heard = interview.to(Question::Initialize);
    let words = interview.words(Question::Initialize);
    match heard.map(|heard| &heard.said) {
        Some(Said::Answer(answer)) if [401, 403].contains(&answer.status) => {
            ProbeError::Unauthorized(words)
        }
        Some(Said::Silence) => ProbeError::Silent(plan.patience_ms / 1_000),
        Some(Said::Refused) => ProbeError::NobodyListens(places(&endpoint.addresses)),
        _ => ProbeError::NoHandshake(words),
    }
}
