//! Which layer is wrong? Reading what others logged: lines of access logs, HAR files and our own records become exchanges,
//! exchanges become books of sessions, and the books say what a log proves and what it does not tell. Pure: whoever opens
//! files hands in their lines.

mod dead;
mod finding;
mod fingerprint;
mod format;
pub mod har;
mod hit;
mod ledger;
mod log;
pub mod record;
mod time;

pub use dead::{cause, is_dead, is_sent_on, products};
pub use finding::{Finding, Layer, findings, untold};
pub use fingerprint::{Fingerprint, fingerprints};
pub use format::{ADVISED, BadFormat, COMBINED, INCIDENT, LogFormat};
pub use hit::{Hit, Told};
pub use ledger::{Ledger, Mark, OwnAnswers, Refusals, Session, Verb};
pub use log::{Broken, Log};
pub use time::{length, shown};
