//! Worlds that are drawn: user actions and faults in any order against servers of any kind. Here they are values, and
//! scenarios.

mod op;
mod random;
mod schedule;
mod script;

pub use op::{FateOp, Op};
pub use random::Pool;
pub use schedule::{PathKind, Schedule};

use crate::registry::Registry;
use crate::scenario::Scenario;

/// The scenario of a schedule, for one client.
///
/// # Errors
/// That there is no such dialect.
pub fn scenario(
    schedule: &Schedule,
    client: &str,
    registry: &Registry,
) -> Result<Scenario, String> {
    let dialect = registry.dialect_of(&schedule.dialect);
    let dialect = dialect.ok_or_else(|| format!("there is no dialect {}", schedule.dialect))?;
    Ok(schedule.scenario(client, dialect))
}
