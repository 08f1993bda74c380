//! What came of a run, as pure data: who took part, and the ordered list of everything observable. Judgements, traces and
//! hashes are made from this and from nothing else. Who records it, and asks the fault plan, is `process::recorder`.

mod cast;
mod event;
mod evidence;
mod fate;
mod message;
pub mod nonce;
mod outage;
mod record;
mod terms;
pub mod token;

pub use cast::{CLIENT, Cast, Member, Role};
pub use event::{Event, ProcessName, ServerName, TOOLS_CALL};
pub use evidence::Evidence;
pub use fate::{CutAt, Delivery, Fate, Part, Replacement};
pub use message::{Message, RequestSummary, ResponseSummary, Side, SseSummary};
pub use outage::{Outage, Outages};
pub use record::{Climb, Entry, Record, RecordError, VERSION, climbs};
pub use terms::{
    Action, CallId, CallOutcome, ConnEnd, ConnId, Drawn, Exchange, ObjectId, Phase, Profile, Rung,
    SessionEnd,
};
pub use token::token_name;
