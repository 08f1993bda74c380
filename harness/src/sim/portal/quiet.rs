//! Whether all threads of a program wait. For every thread is read how often it has run, then its state, then the call
//! that it sleeps in; the same twice means that it slept throughout.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::time::Duration;

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

/// What is seen of one thread: its id, how often it has run, and where it sleeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sleeper(u32, Vec<u8>, Vec<u8>);

/// The threads of a program.
pub(super) struct Threads {
    directory: String,
    files: BTreeMap<u32, [File; 3]>,
}

impl Threads {
    /// The threads of that process.
    pub(super) fn of(process: u32) -> Self {
        Self {
            directory: format!("/proc/{process}/task"),
            files: BTreeMap::new(),
        }
    }

    /// Whether they can be looked at.
    pub(super) fn check(&self) -> io::Result<()> {
        for thread in self.ids()? {
            let (files, mut line) = (self.open(thread)?, [0; 16]);
            for file in files {
                file.read_at(&mut line, 0)?;
            }
        }
        Ok(())
    }

    /// The processor's time that all of them have used so far.
    pub(super) fn processor_time(&self) -> Duration {
        let process = self.directory.trim_end_matches("task");
        let text = fs::read_to_string(format!("{process}stat")).unwrap_or_default();
        // Behind the name, which may have anything in it: the state is the first word, and two numbers stand in places 12 and
        // 13, in hundredths of a second.
        let words = text
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split(' ')
            .skip(1);
        let used = words
            .skip(11)
            .take(2)
            .filter_map(|word| word.parse::<u64>().ok());
        Duration::from_millis(used.sum::<u64>() * 10)
    }

    /// All threads as they sleep; `None` if any does not.
    pub(super) fn sleepers(&mut self) -> Option<Vec<Sleeper>> {
        let threads = self.ids().ok()?;
        self.files.retain(|thread, _| threads.contains(thread));
        threads
            .into_iter()
            .map(|thread| self.sleeper(thread))
            .collect()
    }

    fn ids(&self) -> io::Result<Vec<u32>> {
        let entries = fs::read_dir(&self.directory)?.flatten();
        let mut ids: Vec<u32> = entries
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect();
        ids.sort_unstable();
        Ok(ids)
    }

    fn open(&self, thread: u32) -> io::Result<[File; 3]> {
        let open = |name: &str| File::open(format!("{}/{thread}/{name}", self.directory));
        Ok([open("schedstat")?, open("stat")?, open("syscall")?])
    }

    fn sleeper(&mut self, thread: u32) -> Option<Sleeper> {
        if !self.files.contains_key(&thread) {
            let opened = self.open(thread).ok()?;
            self.files.insert(thread, opened);
        }
        let [schedule, state, call] = &self.files[&thread];
        let mut text = [0; 512];
        let mut read = |file: &File| {
            let len = file.read_at(&mut text, 0).unwrap_or(0);
            text[..len].to_vec()
        };
        let runs = read(schedule).rsplit(|b| *b == b' ').next()?.to_vec();
        let state = read(state);
        let name_ends = state.iter().rposition(|b| *b == b')')?;
        if runs.is_empty() || state.get(name_ends + 2) != Some(&b'S') {
            return None;
        }
        let call = read(call);
        let number = call.split(|b| *b == b' ').next()?;
        let number: libc::c_long = std::str::from_utf8(number).ok()?.trim().parse().ok()?;
        let waits = WAITS.contains(&number) || LEGACY.contains(&number);
        waits.then_some(Sleeper(thread, runs, call))
    }
}
