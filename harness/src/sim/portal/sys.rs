//! What the portal asks of the kernel that the standard library has no words for: shared memory, eventfds, descriptors
//! sent over a socket, and the birth of a program in a network of its own. The portal's only module with `unsafe`.
//!
//! Deliberately absent: everything that decides. Each function is one call or a few, with its reasons.

use std::ffi::c_int;
use std::fs::File;
use std::io;
use std::mem::{size_of, zeroed};
use std::ops::Deref;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::ptr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use stalemate_portal_proto::{
    ConnectHeader, FD_CONNECT, FD_CONTROL, FD_HELPER, FD_LIBRARY, FD_MEMORY, FD_SLOTS, Memory,
};

/// The stages of a program's birth, as it writes them to the memory.
pub(super) const STAGE_NAMESPACE: u32 = 1;
/// It is in a network of its own.
pub(super) const STAGE_ALONE: u32 = 2;

/// The memory that is shared with a program.
pub(super) struct Shared {
    at: *mut Memory,
    /// By which the program gets at it.
    file: OwnedFd,
}

impl Shared {
    /// New memory, all zero.
    pub(super) fn new() -> io::Result<Self> {
        let file = memory_file("stalemate-portal")?;
        File::from(file.try_clone()?).set_len(size_of::<Memory>() as u64)?;
        // SAFETY: a new mapping of a descriptor that is as long; nothing that exists is replaced.
        let at = unsafe {
            let access = libc::PROT_READ | libc::PROT_WRITE;
            let (len, fd) = (size_of::<Memory>(), file.as_raw_fd());
            libc::mmap(ptr::null_mut(), len, access, libc::MAP_SHARED, fd, 0)
        };
        if at == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Self {
            at: at.cast(),
            file,
        })
    }
}

impl Deref for Shared {
    type Target = Memory;

    fn deref(&self) -> &Memory {
        // SAFETY: mapped until `self` is dropped, page-aligned, and all of it is atomic, for which zero is a value.
        unsafe { &*self.at }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: mapped by `new` with that length; no reference outlives `self`.
        unsafe { libc::munmap(self.at.cast(), size_of::<Memory>()) };
    }
}

/// Turns an answer of the C library into a descriptor that is ours alone.
fn owned(fd: c_int) -> io::Result<OwnedFd> {
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it was just made, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// A file that is only in memory.
pub(super) fn memory_file(name: &str) -> io::Result<OwnedFd> {
    let name = std::ffi::CString::new(name)?;
    // SAFETY: a live string.
    owned(unsafe { libc::memfd_create(name.as_ptr(), libc::MFD_CLOEXEC) })
}

/// A counter that wakes who waits on it.
pub(super) fn event(blocks: bool) -> io::Result<File> {
    let flags = if blocks { 0 } else { libc::EFD_NONBLOCK };
    // SAFETY: it takes numbers.
    Ok(owned(unsafe { libc::eventfd(0, flags | libc::EFD_CLOEXEC) })?.into())
}

/// Makes reading and writing return at once.
pub(super) fn do_not_block(fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: a live descriptor and numbers.
    let answer = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
    if answer < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// How many bytes can be read now.
pub(super) fn unread(fd: BorrowedFd<'_>) -> usize {
    let mut count: c_int = 0;
    // SAFETY: a live descriptor, and a live number that is written to.
    let answer = unsafe { libc::ioctl(fd.as_raw_fd(), libc::FIONREAD, &raw mut count) };
    if answer < 0 {
        0
    } else {
        usize::try_from(count).unwrap_or(0)
    }
}

/// How it stands with the other end of a socket or pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Far {
    /// It can still send.
    Open,
    /// It sends no more.
    SendsNoMore,
    /// It is gone.
    Gone,
}

/// How it stands with the other end.
pub(super) fn far(fd: BorrowedFd<'_>) -> Far {
    let mut on = libc::pollfd {
        fd: fd.as_raw_fd(),
        events: libc::POLLRDHUP,
        revents: 0,
    };
    // SAFETY: one live entry.
    unsafe { libc::poll(&raw mut on, 1, 0) };
    if on.revents & (libc::POLLHUP | libc::POLLERR) != 0 {
        Far::Gone
    } else if on.revents & libc::POLLRDHUP != 0 {
        Far::SendsNoMore
    } else {
        Far::Open
    }
}

/// Waits until something can be read, or for that long.
pub(super) fn wait_readable(fd: BorrowedFd<'_>, at_most: Duration) {
    let mut on = libc::pollfd {
        fd: fd.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    let time = libc::timespec {
        tv_sec: at_most.as_secs() as libc::time_t,
        tv_nsec: at_most.subsec_nanos().into(),
    };
    // SAFETY: one live entry, a live time, no mask.
    unsafe { libc::ppoll(&raw mut on, 1, &raw const time, ptr::null()) };
}

/// The next connection that a program has opened: what it said of it, and its far end.
pub(super) fn next_connection(socket: &UnixDatagram) -> io::Result<(ConnectHeader, OwnedFd)> {
    let mut bytes = [0u8; ConnectHeader::LEN];
    let mut part = libc::iovec {
        iov_base: bytes.as_mut_ptr().cast(),
        iov_len: bytes.len(),
    };
    let mut room = [0u64; 4];
    // SAFETY: the message's parts are live and as long as they say; the control part is read by the C library's own
    // functions, and a descriptor that came is ours.
    let (len, fd) = unsafe {
        let mut message: libc::msghdr = zeroed();
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        message.msg_control = room.as_mut_ptr().cast();
        message.msg_controllen = size_of_val(&room) as _;
        let flags = libc::MSG_CMSG_CLOEXEC | libc::MSG_DONTWAIT;
        let len = libc::recvmsg(socket.as_raw_fd(), &raw mut message, flags);
        if len < 0 {
            return Err(io::Error::last_os_error());
        }
        let control = libc::CMSG_FIRSTHDR(&raw const message);
        let has_one = !control.is_null()
            && (*control).cmsg_level == libc::SOL_SOCKET
            && (*control).cmsg_type == libc::SCM_RIGHTS;
        let fd = has_one.then(|| libc::CMSG_DATA(control).cast::<RawFd>().read_unaligned());
        (len, fd)
    };
    let wrong = || io::Error::new(io::ErrorKind::InvalidData, "no connection was sent");
    let fd = owned(fd.ok_or_else(wrong)?)?;
    if len != ConnectHeader::LEN as isize {
        return Err(wrong());
    }
    Ok((ConnectHeader::from_bytes(bytes), fd))
}

/// What a program is born with.
pub(super) struct Inherited<'a> {
    pub(super) memory: &'a Shared,
    pub(super) control: &'a File,
    pub(super) helper: &'a File,
    pub(super) connects: &'a UnixDatagram,
    pub(super) library: BorrowedFd<'a>,
    pub(super) slots: &'a [File],
}

/// Starts a program with those descriptors, in a process group and a network namespace of its own. It is killed when the
/// thread that called this ends, however that ends.
pub(super) fn spawn(command: &mut Command, inherited: &Inherited<'_>) -> io::Result<Child> {
    let mut places = vec![
        (inherited.memory.file.as_raw_fd(), FD_MEMORY),
        (inherited.control.as_raw_fd(), FD_CONTROL),
        (inherited.helper.as_raw_fd(), FD_HELPER),
        (inherited.connects.as_raw_fd(), FD_CONNECT),
        (inherited.library.as_raw_fd(), FD_LIBRARY),
    ];
    let slots = inherited.slots.iter().zip(FD_SLOTS..);
    places.extend(slots.map(|(slot, place)| (slot.as_raw_fd(), place)));
    if places.iter().any(|(own, _)| *own >= FD_MEMORY) {
        let why = format!("more than {FD_MEMORY} files are open here");
        return Err(io::Error::other(why));
    }
    let memory = inherited.memory.at as usize;
    // SAFETY: it takes nothing.
    let parent = unsafe { libc::getpid() };
    command.process_group(0);
    // SAFETY: between fork and exec only system calls are made: nothing allocates, locks or panics. The memory is mapped in
    // the new process as here, and the descriptors are open there as here until exec.
    unsafe {
        command.pre_exec(move || {
            let memory = &*(memory as *const Memory);
            let checked = |answer: c_int| {
                if answer < 0 {
                    Err(io::Error::last_os_error())
                } else {
                    Ok(())
                }
            };
            checked(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL))?;
            if libc::getppid() != parent {
                return Err(io::Error::from_raw_os_error(libc::ESRCH));
            }
            memory.stage.store(STAGE_NAMESPACE, Ordering::Release);
            if libc::unshare(libc::CLONE_NEWNET) < 0 {
                checked(libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET))?;
            }
            memory.stage.store(STAGE_ALONE, Ordering::Release);
            // Addresses do not differ from run to run. Where that is not allowed, they are left to chance.
            libc::personality(libc::ADDR_NO_RANDOMIZE as libc::c_ulong);
            for (own, place) in &places {
                checked(libc::dup2(*own, *place))?;
            }
            Ok(())
        });
    }
    command.spawn()
}

/// Ends a process group at once.
pub(super) fn kill_group(leader: u32) {
    let Ok(leader) = libc::pid_t::try_from(leader) else {
        return;
    };
    if leader > 1 {
        // SAFETY: it takes numbers. The group was made for one program, whose leader has not been waited for yet.
        unsafe { libc::kill(-leader, libc::SIGKILL) };
    }
}

/// Borrows a descriptor of something that has one.
pub(super) fn of(file: &impl AsFd) -> BorrowedFd<'_> {
    file.as_fd()
}
