//! A program behind the portal: started in a network of its own, its clock in our hands. It is looked at and touched only
//! while all of it waits, and is told one thing at a time, so that the order in which it learns of things is ours.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::process::ExitStatus;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use stalemate_portal_proto::{NEVER, ON_DESCRIPTORS, SLOTS, TRIED_FORK, TRIED_THREADS, WAITS};

use crate::sim::SimError;
use crate::sim::portal::birth::{self, Born, cannot};
use crate::sim::portal::conns::{Conns, available};
use crate::sim::portal::lines::LONGEST;
use crate::sim::portal::quiet::Threads;
use crate::sim::portal::sys::{self, Shared, of};
use crate::sim::portal::words::{Give, Seen, Start};

/// What the monotonic clock shows when a run begins, in nanoseconds; above zero because programs subtract from it.
const MONOTONIC_BASE_NS: u64 = 1_000_000_000_000;
/// How long a program may compute before it waits: of the processor's time, so that a busy machine is not held against it.
const LIMIT: Duration = Duration::from_secs(30);
/// How long it may take for that in wall-clock time, whatever the machine does.
const LONGEST_WAIT: Duration = Duration::from_secs(100);
/// From when on its use of the processor is looked at.
const LOOKED_AT_FROM: Duration = Duration::from_secs(5);
/// How often a program may go on at one instant of virtual time before it counts as spinning.
const MOST_WAKES: u32 = 20_000;
/// The most that is kept of what a program says on standard error, in bytes.
const KEPT: usize = 2_000;
/// The most that a program may say on standard output before it waits for something else, in bytes.
const FLOOD: usize = 4 * LONGEST;
/// Bytes that are told at once.
const AT_ONCE: usize = 32 * 1024;
/// Nanoseconds of a millisecond.
pub(super) const MS: u64 = 1_000_000;

/// A running program.
pub(super) struct Child {
    memory: Shared,
    process: std::process::Child,
    threads: Threads,
    control: File,
    helper: File,
    slots: Vec<File>,
    conns: Conns,
    stdin: Option<File>,
    to_tell: VecDeque<u8>,
    stdout: File,
    out: Vec<u8>,
    stderr: File,
    err: Vec<u8>,
    /// What its clock is ahead of the simulation's, in nanoseconds.
    ahead_ns: u64,
    exited: Option<ExitStatus>,
    /// Its home and working directory, which goes with it.
    _home: tempfile::TempDir,
}

impl Child {
    /// Starts a program at that virtual time.
    pub(super) fn start(start: &Start, seed: u64, now_ms: u64) -> Result<Self, SimError> {
        let Born {
            memory,
            mut process,
            control,
            helper,
            slots,
            connects,
            home,
        } = birth::born(start, seed, MONOTONIC_BASE_NS, now_ms * MS)?;
        let pipe = |fd: Option<OwnedFd>| File::from(fd.expect("piped"));
        let stdin = pipe(process.stdin.take().map(OwnedFd::from));
        let stdout = pipe(process.stdout.take().map(OwnedFd::from));
        let stderr = pipe(process.stderr.take().map(OwnedFd::from));
        let child = Self {
            threads: Threads::of(process.id()),
            conns: Conns::new(connects),
            to_tell: VecDeque::new(),
            out: Vec::new(),
            err: Vec::new(),
            exited: None,
            ahead_ns: MONOTONIC_BASE_NS,
            stdin: Some(stdin),
            stdout,
            stderr,
            memory,
            process,
            control,
            helper,
            slots,
            _home: home,
        };
        birth::is_alone(child.process.id())?;
        child.threads.check().map_err(cannot(
            "what a program's threads wait for cannot be seen here (/proc/PID/syscall), so none can run in virtual time",
        ))?;
        for file in [
            child.stdin.as_ref(),
            Some(&child.stdout),
            Some(&child.stderr),
        ] {
            let unblocked = sys::do_not_block(of(file.expect("just set")));
            unblocked.map_err(cannot("a program's pipes cannot be used here"))?;
        }
        Ok(child)
    }

    /// Until when it waits if nothing comes before, in virtual milliseconds.
    pub(super) fn deadline_ms(&self) -> Option<u64> {
        let earliest = self.deadline_ns();
        (earliest != NEVER).then(|| earliest.saturating_sub(self.ahead_ns).div_ceil(MS))
    }

    fn deadline_ns(&self) -> u64 {
        let waiting = self.memory.slots.iter();
        let waiting = waiting.filter(|slot| slot.state.load(Ordering::Acquire) == WAITS);
        let deadlines = waiting.map(|slot| slot.deadline.load(Ordering::Acquire));
        deadlines.min().unwrap_or(NEVER)
    }

    /// Sets its clock to that virtual time.
    pub(super) fn set_time(&mut self, now_ms: u64) {
        let now_ns = self.ahead_ns + now_ms * MS;
        self.memory.monotonic_ns.store(now_ns, Ordering::Release);
    }

    /// Grants it the time until its next deadline while the simulation's stands still: what it uses up in starting.
    /// `None` if it waits for nothing but us.
    pub(super) fn grant(&mut self) -> Option<Duration> {
        let (now, until) = (
            self.memory.monotonic_ns.load(Ordering::Acquire),
            self.deadline_ns(),
        );
        if until == NEVER {
            return None;
        }
        let more = until.saturating_sub(now);
        self.ahead_ns += more;
        self.memory
            .monotonic_ns
            .store(now + more, Ordering::Release);
        Some(Duration::from_nanos(more))
    }

    /// Lets all threads whose time has come go on, one after the other, and returns what it did.
    pub(super) fn go_on(&mut self) -> Result<Vec<Seen>, SimError> {
        let mut seen = Vec::new();
        let now = self.memory.monotonic_ns.load(Ordering::Acquire);
        for _ in 0..MOST_WAKES {
            let due = self.memory.slots.iter().position(|slot| {
                slot.state.load(Ordering::Acquire) == WAITS
                    && slot.deadline.load(Ordering::Acquire) <= now
            });
            let Some(due) = due else { return Ok(seen) };
            let kind = self.memory.slots[due].kind.load(Ordering::Acquire);
            let wakes = if kind == ON_DESCRIPTORS {
                &self.slots[due]
            } else {
                &self.helper
            };
            post(wakes)?;
            seen.extend(self.settle()?);
        }
        Err(self.wrong("waits again and again for a time that has passed"))
    }

    /// Tells it a line.
    pub(super) fn say(&mut self, line: &str) {
        self.to_tell.extend(line.as_bytes());
        self.to_tell.push_back(b'\n');
    }

    /// Lets something happen to one of its connections.
    pub(super) fn give(&mut self, conn: u32, what: Give) -> Result<(), SimError> {
        if matches!(what, Give::Reset) && self.conns.has_nothing_unread(conn) {
            self.memory.breaks.store(conn + 1, Ordering::Release);
            post(&self.helper)?;
            let began = Instant::now();
            while self.memory.breaks.load(Ordering::Acquire) != 0 {
                if self.is_gone() || began.elapsed() > LIMIT {
                    break;
                }
                sys::wait_readable(of(&self.control), Duration::from_micros(20));
            }
        }
        self.conns.give(conn, what);
        Ok(())
    }

    /// Ends its standard input.
    pub(super) fn hang_up(&mut self) {
        self.stdin = None;
    }

    /// Whether it has come to its end.
    pub(super) fn is_gone(&mut self) -> bool {
        if self.exited.is_none() {
            self.exited = self.process.try_wait().ok().flatten();
        }
        self.exited.is_some()
    }

    /// How it came to its end.
    pub(super) fn how_it_ended(&self) -> String {
        let status = self.exited.map(|status| status.to_string());
        status.unwrap_or_default()
    }

    /// How it came to its end, with what it said last.
    pub(super) fn end(&self) -> SimError {
        let err = String::from_utf8_lossy(&self.err);
        // What pyenv, asdf and the like put on the path is a script that starts the interpreter.
        let remedy = match err.contains("fork") {
            true => {
                "; a client may not start other programs: if its command is a wrapper (of pyenv, asdf, npx), name the \
                 interpreter itself, e.g. as `pyenv which python3` prints it"
            }
            false => "",
        };
        self.wrong(&format!("ended ({}){remedy}", self.how_it_ended()))
    }

    /// An error of the program, with what it said last.
    pub(super) fn wrong(&self, what: &str) -> SimError {
        let said = String::from_utf8_lossy(&self.err);
        let said = said.trim();
        let said = if said.is_empty() {
            String::new()
        } else {
            format!("; it said on standard error: {said}")
        };
        let tried = self.memory.tried.load(Ordering::Acquire);
        let tried = if tried & (1 << TRIED_THREADS) != 0 {
            format!("; it has more than {SLOTS} threads that wait")
        } else {
            String::new()
        };
        SimError::Outside(format!("the client's program {what}{tried}{said}"))
    }

    /// Waits in real time until all of it waits, and returns what it did.
    pub(super) fn settle(&mut self) -> Result<Vec<Seen>, SimError> {
        let began = Instant::now();
        let mut seen = Vec::new();
        let mut before = None;
        let mut pause_us = 20;
        let mut said = 0;
        let mut used_before = None;
        loop {
            let _ = (&self.control).read(&mut [0; 8]);
            let sleepers = self.threads.sleepers();
            let is_quiet = sleepers.is_some() && sleepers == before;
            before = sleepers;
            if is_quiet {
                before = None;
                if self.exchange(&mut seen, &mut said)? {
                    continue;
                }
                if self.memory.tried.load(Ordering::Acquire) & (1 << TRIED_FORK) != 0 {
                    return Err(
                        self.wrong("wants to start another program, which has no place here")
                    );
                }
                return Ok(seen);
            }
            if before.is_some() {
                continue;
            }
            if self.is_gone() {
                while self.exchange(&mut seen, &mut said)? {}
                return Ok(seen);
            }
            let waited = began.elapsed();
            if waited > LOOKED_AT_FROM {
                let used = self.threads.processor_time();
                let before = *used_before.get_or_insert(used);
                let in_sight = LIMIT.saturating_sub(LOOKED_AT_FROM);
                if used.saturating_sub(before) > in_sight || waited > LONGEST_WAIT {
                    let s = LIMIT.as_secs();
                    let what = format!("computes for more than {s} s without waiting");
                    return Err(self.wrong(&what));
                }
                pause_us = 10_000;
            }
            sys::wait_readable(of(&self.control), Duration::from_micros(pause_us));
            pause_us = (pause_us * 2).min(1000);
        }
    }

    /// Takes what it has said and sent, and gives what it has room for. Returns whether there was anything.
    fn exchange(&mut self, seen: &mut Vec<Seen>, said: &mut usize) -> Result<bool, SimError> {
        let mut any = self.conns.exchange(seen);
        let out = available(&self.stdout);
        *said += out.len();
        self.out.extend(&out);
        any |= !out.is_empty();
        while let Some(end) = self.out.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = self.out.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line).trim().to_owned();
            if !line.is_empty() {
                seen.push(Seen::Line(line));
            }
        }
        if self.out.len() > LONGEST || *said > FLOOD {
            return Err(self.wrong("floods its standard output"));
        }
        let err = available(&self.stderr);
        any |= !err.is_empty();
        self.err.extend(&err);
        let over = self.err.len().saturating_sub(KEPT);
        self.err.drain(..over);
        if any {
            return Ok(true);
        }
        if self.conns.deliver() {
            return Ok(true);
        }
        let Some(stdin) = &mut self.stdin else {
            self.to_tell.clear();
            return Ok(false);
        };
        let part = self.to_tell.make_contiguous();
        let part = &part[..part.len().min(AT_ONCE)];
        let told = if part.is_empty() {
            0
        } else {
            // One that reads no more is told nothing more.
            match stdin.write(part) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                told => told.unwrap_or(part.len()),
            }
        };
        self.to_tell.drain(..told);
        Ok(told > 0)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.is_gone() {
            sys::kill_group(self.process.id());
            let _ = self.process.wait();
        }
    }
}

fn post(mut event: &File) -> Result<(), SimError> {
    let posted = event.write(&1u64.to_ne_bytes());
    posted
        .map(|_| ())
        .map_err(cannot("a program cannot be woken"))
}
