//! Whether all threads of a program wait. For every thread is read how often it has run, then its state, then the call
//! that it sleeps in; having run as often when looked at again means that it slept throughout.
//!
//! A run looks thousands of times, so what cannot have changed is not read again: a thread that has not run since is in
//! the same call, and a program with as many threads, all of them still there, has the same ones.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::str::FromStr;
use std::time::Duration;

use memchr::{memchr, memchr_iter, memrchr};

/// The system calls in which a thread waits for somebody else. A thread that sleeps in another one, e.g. reading a file,
/// goes on by itself.
#[cfg(target_arch = "x86_64")]
const LEGACY: &[libc::c_long] = &[
    libc::SYS_poll,
    libc::SYS_select,
    libc::SYS_epoll_wait,
    libc::SYS_pause,
];
#[cfg(not(target_arch = "x86_64"))]
const LEGACY: &[libc::c_long] = &[];
const WAITS: &[libc::c_long] = &[
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_sendto,
    libc::SYS_recvfrom,
    libc::SYS_sendmsg,
    libc::SYS_recvmsg,
    libc::SYS_wait4,
    libc::SYS_waitid,
    libc::SYS_futex,
    libc::SYS_pselect6,
    libc::SYS_ppoll,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_rt_sigsuspend,
];

/// What is seen of one thread that sleeps: its id, and how often it has run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sleeper(u32, u64);

/// What the kernel tells of one thread.
struct Watched {
    runs: File,
    state: File,
    call: File,
    /// How often it had run when it was last seen in a call that waits for somebody else.
    waits_since: Option<u64>,
}

/// A thread as it was found.
enum Look {
    /// It waits for somebody else, and has run so often.
    Waits(u64),
    /// It runs, or goes on by itself.
    Runs,
}

/// The threads of a program.
pub(super) struct Threads {
    directory: String,
    watched: BTreeMap<u32, Watched>,
}

impl Threads {
    /// The threads of that process.
    pub(super) fn of(process: u32) -> Self {
        Self {
            directory: format!("/proc/{process}/task"),
            watched: BTreeMap::new(),
        }
    }

    /// Whether they can be looked at, by a kernel that counts how often a thread runs: without that nothing here holds.
    pub(super) fn check(&self) -> io::Result<()> {
        let mut has_run = false;
        for thread in self.ids()? {
            let (watched, mut line) = (self.watch(thread)?, [0; 16]);
            for file in [&watched.state, &watched.call] {
                file.read_at(&mut line, 0)?;
            }
            has_run |= watched.has_run()?.is_some_and(|runs| runs > 0);
        }
        if !has_run {
            let what = "this kernel does not count how often a thread runs (CONFIG_SCHED_INFO)";
            return Err(io::Error::other(what));
        }
        Ok(())
    }

    /// The processor's time that all of them have used so far.
    pub(super) fn processor_time(&self) -> Duration {
        let process = self.directory.trim_end_matches("task");
        let text = fs::read(format!("{process}stat")).unwrap_or_default();
        // The state is the first word, and the two numbers stand in places 12 and 13, in hundredths of a second.
        let words = behind_name(&text).split(|b| *b == b' ').skip(11);
        let used = words.take(2).filter_map(number::<u64>);
        Duration::from_millis(used.sum::<u64>() * 10)
    }

    /// All threads as they sleep; `None` if any does not.
    pub(super) fn sleepers(&mut self) -> Option<Vec<Sleeper>> {
        let mut sleepers = Vec::with_capacity(self.watched.len());
        let mut state = [0; 512];
        for (thread, watched) in &mut self.watched {
            match watched.look(&mut state) {
                Ok(Look::Waits(runs)) => sleepers.push(Sleeper(*thread, runs)),
                Ok(Look::Runs) => return None,
                // It has ended, and so is not among those that are there.
                Err(_) => break,
            }
        }
        let are_all = sleepers.len() == self.watched.len();
        // Asked last: whoever slept until now has started no other.
        if are_all && count_in(&state) == Some(sleepers.len()) {
            return Some(sleepers);
        }
        self.look_for_threads();
        None
    }

    /// Takes in which threads there are now.
    fn look_for_threads(&mut self) {
        let threads = self.ids().unwrap_or_default();
        self.watched.retain(|thread, _| threads.contains(thread));
        for thread in threads {
            if !self.watched.contains_key(&thread)
                && let Ok(watched) = self.watch(thread)
            {
                self.watched.insert(thread, watched);
            }
        }
    }

    fn ids(&self) -> io::Result<Vec<u32>> {
        let entries = fs::read_dir(&self.directory)?.flatten();
        let mut ids: Vec<u32> = entries
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect();
        ids.sort_unstable();
        Ok(ids)
    }

    fn watch(&self, thread: u32) -> io::Result<Watched> {
        let open = |name: &str| File::open(format!("{}/{thread}/{name}", self.directory));
        Ok(Watched {
            runs: open("schedstat")?,
            state: open("stat")?,
            call: open("syscall")?,
            waits_since: None,
        })
    }
}

impl Watched {
    /// How often it has run.
    fn has_run(&self) -> io::Result<Option<u64>> {
        let mut text = [0; 128];
        let len = self.runs.read_at(&mut text, 0)?;
        let text = text[..len].trim_ascii_end();
        Ok(number(&text[memrchr(b' ', text).map_or(0, |at| at + 1)..]))
    }

    /// Looks at it; what the kernel says of its state is left in `state`.
    fn look(&mut self, state: &mut [u8; 512]) -> io::Result<Look> {
        let Some(runs) = self.has_run()? else {
            return Ok(Look::Runs);
        };
        self.state.read_at(state, 0)?;
        if behind_name(state).first() != Some(&b'S') {
            return Ok(Look::Runs);
        }
        if self.waits_since != Some(runs) {
            let mut text = [0; 128];
            let len = self.call.read_at(&mut text, 0)?;
            let first = text[..len].split(|b| *b == b' ').next();
            let call = first.and_then(number);
            if !call.is_some_and(|call| WAITS.contains(&call) || LEGACY.contains(&call)) {
                return Ok(Look::Runs);
            }
            self.waits_since = Some(runs);
        }
        Ok(Look::Waits(runs))
    }
}

/// What stands behind the thread's name, which may have anything in it: its state and numbers.
fn behind_name(state: &[u8]) -> &[u8] {
    let after = memrchr(b')', state).map_or(state.len(), |at| at + 2);
    state.get(after..).unwrap_or_default()
}

/// How many threads the program has, by what the kernel says of the state of one.
fn count_in(state: &[u8]) -> Option<usize> {
    let rest = behind_name(state);
    let from = memchr_iter(b' ', rest).nth(16)? + 1;
    let len = memchr(b' ', &rest[from..])?;
    number(&rest[from..from + len])
}

fn number<N: FromStr>(text: &[u8]) -> Option<N> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}
