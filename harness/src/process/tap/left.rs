//! A connection's end that nobody uses any more: it is closed then, or, at a process that is stalled, once that goes on. Who is
//! stopped has timers that are over by then, and closes nothing meanwhile.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use tokio::task::spawn_local;

use crate::process::lane::Lane;
use crate::process::tap::Tap;

impl<S: 'static> Tap<S> {
    /// Closes it once the process goes on: one that is stalled closes nothing, whatever it has made up its mind to do.
    fn leave(&mut self) {
        let (out, inn) = (self.out.direction(), self.inn.direction());
        let left = Self {
            inner: self.inner.take(),
            recorder: self.recorder.clone(),
            process: Arc::clone(&self.process),
            control: Arc::clone(&self.control),
            link: Arc::clone(&self.link),
            resolve: self.resolve.take(),
            out: std::mem::replace(&mut self.out, Lane::new(out)),
            inn: std::mem::replace(&mut self.inn, Lane::new(inn)),
            dialled: self.dialled,
            tells_end: self.tells_end,
            end_noted: self.end_noted,
            break_noted: self.break_noted,
            left: true,
        };
        spawn_local(async move {
            poll_fn(|cx| {
                left.control.register(cx.waker());
                if left.process.is_stalled() {
                    Poll::Pending
                } else {
                    Poll::Ready(())
                }
            })
            .await;
            drop(left);
        });
    }
}

impl<S: 'static> Drop for Tap<S> {
    fn drop(&mut self) {
        let is_asleep = self.process.is_stalled() && !self.process.is_halted();
        if is_asleep && !self.left && self.inner.is_some() {
            self.leave();
        } else {
            self.note_end(None);
        }
    }
}
