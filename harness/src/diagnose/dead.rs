//! Sessions that are dead: whether one is, whether its id is sent on, what probably ended it, and who answers so.

use super::fingerprint::Fingerprint;
use super::ledger::{Ledger, Refusals, Session, Verb};

/// How long requests that were under way when a session was lost can still come, in milliseconds.
const UNDER_WAY_MS: i64 = 5_000;
/// How long an answer must have been missing for a session to have expired rather than been lost, in milliseconds.
const RESTED_MS: i64 = 20 * 60_000;
/// How many requests can be under way at once, where a log has no times.
const UNDER_WAY: u64 = 2;

/// Whether a session is dead as far as the log goes: refused since its last good answer, and to its end.
#[must_use]
pub fn is_dead(session: &Session) -> bool {
    session.refused.is_some() && session.refused_count() > 0
}

/// Whether its id was sent on after a refusal that its client had seen.
#[must_use]
pub fn is_sent_on(session: &Session) -> bool {
    let (Some(first), Some(last)) = (session.refused, session.last_refused) else {
        return false;
    };
    match last.since(first) {
        Some(ms) => session.refused_count() > 1 && ms > UNDER_WAY_MS,
        // Without times: more than can have been under way; or, where the refusal says that its sender is at fault and not
        // the session, any further one, because a client that took it for the end would have sent none.
        None => {
            session.refused_count() > UNDER_WAY
                || session.refused_count() > 1 && says_otherwise(session).is_some()
        }
    }
}

/// What a dead session was answered that is not 404. Where the same method was answered 404 too, the server knows how, and the
/// other answer was to a request that was wrong by itself.
pub(super) fn says_otherwise(session: &Session) -> Option<Refusals> {
    let knows = |method: Verb| {
        let mut all = session.refusals.iter();
        all.any(|r| r.method == method && r.status == 404)
    };
    let mut others = session.refusals.iter();
    others
        .find(|r| r.status != 404 && r.method != Verb::Delete && !knows(r.method))
        .copied()
}

/// What probably ended a session, in a few words.
#[must_use]
pub fn cause(session: &Session, ledger: &Ledger) -> Option<String> {
    let refused = session.refused?;
    if session
        .deleted
        .is_some_and(|deleted| deleted.line <= refused.line)
    {
        return Some("its client had deleted it".to_owned());
    }
    let good = session.last_good?;
    let outage = [502_u16, 503, 504].iter().find_map(|status| {
        let outage = ledger.outages.get(status)?;
        let between = outage.last.line > good.line && outage.first.line < refused.line;
        between.then(|| {
            format!(
                "the server was down in between ({status} × {}): a restart",
                outage.count
            )
        })
    });
    outage.or_else(|| match refused.since(good) {
        Some(rest) if rest >= RESTED_MS => {
            Some("it had rested long: it expired, or the server was restarted meanwhile".to_owned())
        }
        _ => None,
    })
}

/// The products that answer dead ids as these sessions were answered.
#[must_use]
pub fn products(refusals: &[Refusals], known: &[Fingerprint]) -> Vec<String> {
    let fits = |print: &&Fingerprint| {
        let mut any = false;
        let all =
            refusals.iter().all(
                |r| match print.fits_dead(r.method.as_str(), r.status, r.bytes) {
                    Some(fits) => {
                        any = true;
                        fits
                    }
                    None => true,
                },
            );
        any && all
    };
    known
        .iter()
        .filter(fits)
        .map(|print| print.name.clone())
        .collect()
}
