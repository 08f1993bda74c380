//! The count of `initialize` and GET requests that keeps recovery from becoming a storm (F8). It tells when the next one
//! may begin; waiting is left to the caller.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// The window of `ReinitBounds::per_10s`, with a second to spare: an attempt is counted when it is decided on, and may
/// leave later, because its connection has to be dialled first.
const WINDOW: Duration = Duration::from_secs(11);

/// When the attempts of the last window began.
#[derive(Debug)]
pub(super) struct Attempts {
    limit: Option<usize>,
    began: VecDeque<Instant>,
}

impl Attempts {
    /// At most `limit` in any window; `None` for no bound.
    pub(super) fn new(limit: Option<u32>) -> Self {
        Self {
            limit: limit.map(|l| l.max(1) as usize),
            began: VecDeque::new(),
        }
    }

    /// Counts an attempt that begins now whatever the bound, because the user asked for it.
    pub(super) fn count(&mut self, now: Instant) {
        self.began.retain(|at| now - *at <= WINDOW);
        self.began.push_back(now);
    }

    /// Counts an attempt that begins now if the bound allows it; otherwise says when to ask again.
    pub(super) fn admit(&mut self, now: Instant) -> Result<(), Instant> {
        let Some(limit) = self.limit else {
            return Ok(());
        };
        self.began.retain(|at| now - *at <= WINDOW);
        let count = self.began.len();
        if count < limit {
            self.began.push_back(now);
            return Ok(());
        }
        // The window holds both its ends.
        Err(self.began[count - limit] + WINDOW + Duration::from_millis(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_window_holds_more_than_the_limit() {
        let start = Instant::now();
        let mut attempts = Attempts::new(Some(5));
        let mut at = start;
        let mut began = Vec::new();
        while began.len() < 20 {
            match attempts.admit(at) {
                Ok(()) => began.push(at),
                Err(until) => {
                    assert!(until > at);
                    at = until;
                }
            }
        }
        for six in began.windows(6) {
            assert!(six[5] - six[0] > WINDOW);
        }
    }

    #[test]
    fn what_the_user_asks_for_counts_but_does_not_wait() {
        let now = Instant::now();
        let mut attempts = Attempts::new(Some(2));
        for _ in 0..3 {
            attempts.count(now);
        }
        assert_eq!(
            attempts.admit(now),
            Err(now + WINDOW + Duration::from_millis(1))
        );
    }

    #[test]
    fn without_a_limit_nothing_waits() {
        let now = Instant::now();
        let mut attempts = Attempts::new(None);
        assert!((0..1000).all(|_| attempts.admit(now).is_ok()));
    }
}
