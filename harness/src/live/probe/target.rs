//! Who is asked: a real server, or a model that answers the very same requests.

use stalemate_wire::Request;

use super::said::Said;

/// A stream that is held open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Held(pub(super) usize);

/// What came of a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Restarted {
    /// The server listens again.
    Up,
    /// There is no way to restart it.
    NoWay,
    /// It does not come back; why.
    Lost(String),
}

/// Who is asked. Every wait has a limit.
pub(super) trait Target {
    /// Asks, and listens until the answer is whole: a stream until it ends or says nothing more for a while after it brought
    /// the response to the request.
    async fn ask(&mut self, request: Request) -> Said;

    /// Asks for a stream and keeps it open. What is said of it is its head.
    async fn hold(&mut self, request: Request) -> (Said, Option<Held>);

    /// What came on a held stream since it was opened, and how it stands with it.
    async fn look(&mut self, held: Held) -> Said;

    /// Lets go of a held stream.
    async fn release(&mut self, held: Held);

    /// Asks, and goes away so many milliseconds later, before the answer is complete.
    async fn abandon(&mut self, request: Request, after_ms: u64);

    /// Waits that long, in milliseconds.
    async fn rest(&mut self, ms: u64);

    /// Its time, in milliseconds of a clock that never goes back.
    fn now_ms(&self) -> u64;

    /// Restarts the server.
    async fn restart(&mut self) -> Restarted;
}
