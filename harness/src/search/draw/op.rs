//! What can happen in a schedule.

use serde::{Deserialize, Serialize};

/// The server of a schedule, and its connector.
pub(super) const SERVER: &str = "memory";
/// The other server, if there is one.
pub(super) const OTHER: &str = "other";

/// One thing that happens. The order of the variants is from mild to severe: shrinking goes towards the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Op {
    /// Time passes, in milliseconds.
    Wait(u64),
    /// A call.
    Call,
    /// A call that takes that many milliseconds and runs on while other things happen.
    SlowCall(u64),
    /// So many calls at once.
    Parallel(u32),
    /// A call by a second client object of the user.
    Beside,
    /// A resource is read.
    Read,
    /// The client is to be told when a resource changes.
    Subscribe,
    /// A new conversation.
    NewConversation,
    /// The settings page is reloaded.
    Reload,
    /// The server sends a notification.
    Notify,
    /// The server pings its clients.
    Ping,
    /// A call to another server's connector, which is added at the first.
    Other,
    /// Disconnect, reload, connect.
    Reconnect,
    /// Delete and add again.
    ReAdd,
    /// A private window from here on.
    Incognito,
    /// The server is restarted; down for that many milliseconds.
    Restart(u64),
    /// The server is drained and restarted.
    Drain,
    /// The server crashes; a supervisor starts it again.
    Crash,
    /// Every session expires.
    Expire,
    /// Every connection of the server is cut.
    Cut,
    /// The outermost hop, or the server where there is none, is restarted.
    RestartHop,
    /// Connections to the server are refused, for that many milliseconds.
    Down(u64),
    /// The server neither reads nor writes, for that many milliseconds.
    Stall(u64),
    /// The client's network is gone, for that many milliseconds.
    Partition(u64),
    /// The server's machine loses power, for that many milliseconds.
    PowerLoss(u64),
    /// The n-th answer to a call has this fate on its way out of the server.
    Inject(u32, FateOp),
    /// In place of the head of its n-th response to a POST, the server sends that status with a page of no use.
    Refuse(u32, u16),
}

/// The fates that schedules draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FateOp {
    /// Late by that many milliseconds.
    Delay(u64),
    /// Twice.
    Duplicate,
    /// Lost.
    Drop,
    /// Cut off at the first byte.
    Cut,
    /// The server dies before it goes out.
    Halt,
}
