//! The birth of a program: its memory, its descriptors, its command with an environment of its own, and the certainty that
//! it is in a network of its own.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;

use stalemate_portal_proto::{FD_LIBRARY, HOSTS_MAX, MAGIC, SLOTS};

use crate::sim::portal::sys::{self, Inherited, Shared, of};
use crate::sim::portal::words::{SERVER, Start};
use crate::sim::{SimError, os};

/// The library, as it was built with this program.
const LIBRARY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/portal.so"));

/// A program that was born.
pub(super) struct Born {
    pub(super) memory: Shared,
    pub(super) process: std::process::Child,
    pub(super) control: File,
    pub(super) helper: File,
    pub(super) slots: Vec<File>,
    pub(super) connects: UnixDatagram,
    pub(super) home: tempfile::TempDir,
}

/// What the machine does not allow, as an error of the run.
pub(super) fn cannot(what: &str) -> impl Fn(io::Error) -> SimError {
    move |error| SimError::Unavailable(format!("{what}: {error}"))
}

/// Starts a program: its monotonic clock shows `base_ns` when the run begins, and `since_ns` have passed since.
pub(super) fn born(
    start: &Start,
    seed: u64,
    base_ns: u64,
    since_ns: u64,
) -> Result<Born, SimError> {
    let machine = cannot("a program cannot be started in virtual time here");
    let memory = Shared::new().map_err(&machine)?;
    memory.magic.store(MAGIC, Ordering::Release);
    memory
        .monotonic_ns
        .store(base_ns + since_ns, Ordering::Release);
    let epoch_ns = os::EPOCH_S * 1_000_000_000 - base_ns;
    memory.epoch_ns.store(epoch_ns, Ordering::Release);
    memory.seed.store(seed, Ordering::Release);
    tell_hosts(&memory, &format!("{}={SERVER}", start.host))?;
    let control = sys::event(false).map_err(&machine)?;
    let helper = sys::event(true).map_err(&machine)?;
    let slots: io::Result<Vec<File>> = (0..SLOTS).map(|_| sys::event(false)).collect();
    let slots = slots.map_err(&machine)?;
    let (connects, theirs) = UnixDatagram::pair().map_err(&machine)?;
    let library = sys::memory_file("libstalemate_portal.so").map_err(&machine)?;
    let mut library = File::from(library);
    library.write_all(LIBRARY).map_err(&machine)?;
    let home = tempfile::Builder::new().prefix("stalemate-").tempdir();
    let home = home.map_err(&machine)?;
    let mut command = command(start, home.path())?;
    let inherited = Inherited {
        memory: &memory,
        control: &control,
        helper: &helper,
        connects: &theirs,
        library: of(&library),
        slots: &slots,
    };
    let process = sys::spawn(&mut command, &inherited);
    let process = process.map_err(|error| unborn(&memory, start, &error))?;
    Ok(Born {
        memory,
        process,
        control,
        helper,
        slots,
        connects,
        home,
    })
}

/// That a program really is in a network of its own.
pub(super) fn is_alone(process: u32) -> Result<(), SimError> {
    let network = |process: &str| std::fs::read_link(format!("/proc/{process}/ns/net"));
    match (network("self"), network(&process.to_string())) {
        (Ok(own), Ok(theirs)) if own != theirs => Ok(()),
        _ => Err(SimError::Unavailable(
            "a program is not in a network of its own, and is not run elsewhere".to_owned(),
        )),
    }
}

fn tell_hosts(memory: &Shared, table: &str) -> Result<(), SimError> {
    if table.len() > HOSTS_MAX {
        return Err(SimError::Unavailable(format!(
            "the host name {table} is too long"
        )));
    }
    for (number, chunk) in memory.hosts.iter().zip(table.as_bytes().chunks(8)) {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        number.store(u64::from_le_bytes(bytes), Ordering::Release);
    }
    memory
        .hosts_len
        .store(table.len() as u32, Ordering::Release);
    Ok(())
}

/// The command, with nothing of this process's environment but where programs are.
fn command(start: &Start, home: &Path) -> Result<Command, SimError> {
    let words = start.program.command.iter();
    let words = words.map(|w| w.replace(stalemate_clients::URL, &start.url));
    let words: Vec<String> = words.collect();
    let Some((program, arguments)) = words.split_first() else {
        return Err(SimError::Unavailable(
            "a client's command is empty".to_owned(),
        ));
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("TMPDIR", home)
        .env("LANG", "C.UTF-8")
        .env("TZ", "UTC")
        // One worker, because two race; no calls that pass the library by.
        .env("UV_THREADPOOL_SIZE", "1")
        .env("UV_USE_IO_URING", "0")
        .env("PYTHONHASHSEED", "0")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("LD_PRELOAD", format!("/proc/self/fd/{}", FD_LIBRARY))
        .current_dir(home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Ok(command)
}

/// Why a program was not born.
fn unborn(memory: &Shared, start: &Start, error: &io::Error) -> SimError {
    let program = start.program.command.first().map_or("", String::as_str);
    SimError::Unavailable(match memory.stage.load(Ordering::Acquire) {
        sys::STAGE_NAMESPACE => format!(
            "a program gets no network of its own here (unshare: {error}), and is not run in any other; \
             in a container, allow user or network namespaces"
        ),
        _ => format!("`{program}` cannot be started: {error}"),
    })
}
