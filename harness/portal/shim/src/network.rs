//! Connections: one to a simulated address becomes a socket pair, whose far end goes to the harness; any other is refused
//! here, whatever its family. Until the harness has emptied it, the near end's full buffer shows that it is connecting.

use core::ffi::{c_int, c_void};
use core::mem::{size_of, zeroed};
use core::net::Ipv4Addr;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use libc::{pollfd, sockaddr, sockaddr_in, sockaddr_in6, socklen_t, timespec};
use stalemate_portal_proto::{ConnectHeader, FD_CONNECT, NEVER};

use crate::memory::memory;
use crate::raw::{answered, failed, sys};
use crate::wait::wait;

/// Descriptors that can be connections.
const DESCRIPTORS: usize = 4096;
/// Bits of a peer: it is one; it is connecting; it was named by an address of version 6.
const IS_PEER: u64 = 1 << 63;
const CONNECTING: u64 = 1 << 62;
const VERSION_6: u64 = 1 << 61;

/// Of each descriptor the simulated peer: bits, address and port.
static PEERS: [AtomicU64; DESCRIPTORS] = [const { AtomicU64::new(0) }; DESCRIPTORS];
/// Of each descriptor its connection's number.
static IDS: [AtomicU32; DESCRIPTORS] = [const { AtomicU32::new(0) }; DESCRIPTORS];
static NEXT_ID: AtomicU32 = AtomicU32::new(0);

/// An integer option of a socket, as the kernel has it.
fn option(fd: c_int, name: c_int) -> c_int {
    let (mut value, mut len): (c_int, socklen_t) = (0, size_of::<c_int>() as socklen_t);
    // SAFETY: both are live and writable.
    unsafe {
        sys!(
            SYS_getsockopt,
            fd,
            libc::SOL_SOCKET,
            name,
            &raw mut value,
            &raw mut len
        );
    }
    value
}

/// The peer of a descriptor; 0 where it is no connection of the simulation.
fn peer(fd: c_int) -> u64 {
    let place = usize::try_from(fd).ok().and_then(|fd| PEERS.get(fd));
    let peer = place.map_or(0, |place| place.load(Ordering::Acquire));
    // The descriptor may be something else by now.
    if peer != 0 && option(fd, libc::SO_DOMAIN) == libc::AF_UNIX {
        peer
    } else {
        0
    }
}

/// Where a caller wants to go, if that is in the simulation: the address, the port, and whether it was of version 6.
///
/// # Safety
/// `to` points to an address of `len` bytes.
unsafe fn destination(to: *const sockaddr, len: socklen_t) -> Option<(Ipv4Addr, u16, bool)> {
    let len = len as usize;
    if to.is_null() || len < size_of::<libc::sa_family_t>() {
        return None;
    }
    // SAFETY: it is long enough for its family, and for what the family then says.
    unsafe {
        match c_int::from((*to).sa_family) {
            libc::AF_INET if len >= size_of::<sockaddr_in>() => {
                let to = to.cast::<sockaddr_in>().read_unaligned();
                let address = Ipv4Addr::from(u32::from_be(to.sin_addr.s_addr));
                Some((address, u16::from_be(to.sin_port), false))
            }
            libc::AF_INET6 if len >= size_of::<sockaddr_in6>() => {
                let to = to.cast::<sockaddr_in6>().read_unaligned();
                let address = core::net::Ipv6Addr::from(to.sin6_addr.s6_addr);
                Some((address.to_ipv4_mapped()?, u16::from_be(to.sin6_port), true))
            }
            _ => None,
        }
    }
}

/// Whether an address is one of the simulation's: 192.0.2.0/24.
fn is_simulated(address: Ipv4Addr) -> bool {
    address.octets()[..3] == [192, 0, 2]
}

#[unsafe(no_mangle)]
unsafe extern "C" fn connect(fd: c_int, to: *const sockaddr, len: socklen_t) -> c_int {
    let Some(memory) = memory() else {
        // SAFETY: the caller's arguments.
        return answered(unsafe { sys!(SYS_connect, fd, to, len) }) as c_int;
    };
    // SAFETY: the caller promises an address.
    let destination = unsafe { destination(to, len) };
    let Some((address, port, is_6)) = destination.filter(|to| is_simulated(to.0)) else {
        return failed(libc::ENETUNREACH);
    };
    if option(fd, libc::SO_TYPE) != libc::SOCK_STREAM {
        return failed(libc::ENETUNREACH);
    }
    let peer = match peer(fd) {
        0 => 0,
        peer if peer & CONNECTING != 0 => return failed(libc::EALREADY),
        _ => return failed(libc::EISCONN),
    };
    debug_assert_eq!(peer, 0);
    // SAFETY: plain calls on a descriptor.
    let (flags, closes) = unsafe {
        let closes = sys!(SYS_fcntl, fd, libc::F_GETFD) & libc::FD_CLOEXEC as isize != 0;
        (sys!(SYS_fcntl, fd, libc::F_GETFL), closes)
    };
    let header = ConnectHeader {
        id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
        address: u32::from(address),
        port,
    };
    let near = match open(header) {
        Ok(near) => near,
        Err(error) => return failed(error),
    };
    let closes = if closes { libc::O_CLOEXEC } else { 0 };
    // SAFETY: plain calls on descriptors. The socket becomes the pair's near end.
    unsafe {
        sys!(SYS_fcntl, near, libc::F_SETFL, flags);
        sys!(SYS_dup3, near, fd, closes);
        sys!(SYS_close, near);
    }
    if let Ok(at) = usize::try_from(fd)
        && at < DESCRIPTORS
    {
        let six = if is_6 { VERSION_6 } else { 0 };
        IDS[at].store(header.id, Ordering::Release);
        let peer = IS_PEER | CONNECTING | six | u64::from(header.address) << 16 | u64::from(port);
        PEERS[at].store(peer, Ordering::Release);
    }
    if flags & libc::O_NONBLOCK as isize != 0 {
        return failed(libc::EINPROGRESS);
    }
    let on = pollfd {
        fd,
        events: libc::POLLOUT,
        revents: 0,
    };
    let mut again = on;
    let none = timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `again` and `none` are live; no mask.
    let waited = unsafe {
        wait(memory, &[on], NEVER, core::ptr::null(), || {
            sys!(SYS_ppoll, &raw mut again, 1, &raw const none, 0, 8)
        })
    };
    if waited < 0 {
        return failed(-waited as c_int);
    }
    match error_of(fd) {
        0 => 0,
        error => failed(error),
    }
}

/// A socket pair whose far end went to the harness, and whose near end cannot be written to until the harness says so.
fn open(header: ConnectHeader) -> Result<c_int, c_int> {
    let mut pair = [0 as c_int; 2];
    let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: `pair` is writable.
    let made = unsafe { sys!(SYS_socketpair, libc::AF_UNIX, kind, 0, pair.as_mut_ptr()) };
    if made < 0 {
        return Err(-made as c_int);
    }
    let [near, far] = pair;
    let mut bytes = header.to_bytes();
    let mut part = libc::iovec {
        iov_base: bytes.as_mut_ptr().cast(),
        iov_len: bytes.len(),
    };
    let mut room = [0u64; 4];
    // SAFETY: the message's parts are live until it is sent, and the control part has room for one descriptor.
    let sent = unsafe {
        let mut message: libc::msghdr = zeroed();
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        message.msg_control = room.as_mut_ptr().cast();
        message.msg_controllen = libc::CMSG_SPACE(size_of::<c_int>() as u32) as _;
        let control = libc::CMSG_FIRSTHDR(&raw const message);
        (*control).cmsg_level = libc::SOL_SOCKET;
        (*control).cmsg_type = libc::SCM_RIGHTS;
        (*control).cmsg_len = libc::CMSG_LEN(size_of::<c_int>() as u32) as _;
        libc::CMSG_DATA(control)
            .cast::<c_int>()
            .write_unaligned(far);
        sys!(
            SYS_sendmsg,
            FD_CONNECT,
            &raw const message,
            libc::MSG_NOSIGNAL
        )
    };
    // SAFETY: the harness has the far end now, or nobody has.
    unsafe { sys!(SYS_close, far) };
    if sent < 0 {
        // SAFETY: it was made here.
        unsafe { sys!(SYS_close, near) };
        return Err(libc::ENETUNREACH);
    }
    let nothing = [0u8; 4096];
    // SAFETY: a live array is read.
    while unsafe { sys!(SYS_write, near, nothing.as_ptr(), nothing.len()) } > 0 {}
    Ok(near)
}

/// Leaves a byte unread at the harness's end of that connection: when it is closed now, the program sees a reset.
pub(crate) fn leave_unread(id: u32) {
    for (fd, own) in IDS.iter().enumerate() {
        let fd = fd as c_int;
        if own.load(Ordering::Acquire) == id && peer(fd) != 0 {
            let byte = [0u8];
            // SAFETY: a live array is read; a closed direction is an error and no signal.
            unsafe {
                sys!(
                    SYS_sendto,
                    fd,
                    byte.as_ptr(),
                    1,
                    libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT,
                    0,
                    0
                );
            }
            return;
        }
    }
}

/// The pending error of a connection, as a TCP socket would have it. Asking ends its connecting.
fn error_of(fd: c_int) -> c_int {
    let error = option(fd, libc::SO_ERROR);
    let peer = peer(fd);
    if peer & CONNECTING != 0 {
        if error == libc::ECONNRESET || error == libc::EPIPE {
            return libc::ECONNREFUSED;
        }
        if let Some(place) = PEERS.get(fd as usize) {
            place.store(peer & !CONNECTING, Ordering::Release);
        }
    }
    error
}

#[unsafe(no_mangle)]
unsafe extern "C" fn close(fd: c_int) -> c_int {
    if let Some(place) = usize::try_from(fd).ok().and_then(|fd| PEERS.get(fd)) {
        place.store(0, Ordering::Release);
    }
    // SAFETY: the caller's argument.
    answered(unsafe { sys!(SYS_close, fd) }) as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn getsockopt(
    fd: c_int,
    level: c_int,
    name: c_int,
    value: *mut c_void,
    len: *mut socklen_t,
) -> c_int {
    let is_simulated = level == libc::SOL_SOCKET && memory().is_some() && peer(fd) != 0;
    let shown = match name {
        libc::SO_ERROR if is_simulated => error_of(fd),
        libc::SO_DOMAIN if is_simulated && peer(fd) & VERSION_6 != 0 => libc::AF_INET6,
        libc::SO_DOMAIN if is_simulated => libc::AF_INET,
        libc::SO_PROTOCOL if is_simulated => libc::IPPROTO_TCP,
        _ => {
            // SAFETY: the caller's arguments.
            return answered(unsafe { sys!(SYS_getsockopt, fd, level, name, value, len) }) as c_int;
        }
    };
    // SAFETY: the caller promises that `len` is live and that `value` has that many bytes.
    unsafe {
        if (*len as usize) < size_of::<c_int>() {
            return failed(libc::EINVAL);
        }
        value.cast::<c_int>().write_unaligned(shown);
        *len = size_of::<c_int>() as socklen_t;
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn setsockopt(
    fd: c_int,
    level: c_int,
    name: c_int,
    value: *const c_void,
    len: socklen_t,
) -> c_int {
    let of_tcp = matches!(
        level,
        libc::IPPROTO_TCP | libc::IPPROTO_IP | libc::IPPROTO_IPV6
    );
    if of_tcp && memory().is_some() && peer(fd) != 0 {
        return 0;
    }
    // SAFETY: the caller's arguments.
    answered(unsafe { sys!(SYS_setsockopt, fd, level, name, value, len) }) as c_int
}

/// Writes an address where a caller wants it, as the family of the peer.
///
/// # Safety
/// `len` is live, and `to` has that many bytes.
unsafe fn show(
    to: *mut sockaddr,
    len: *mut socklen_t,
    address: Ipv4Addr,
    port: u16,
    peer: u64,
) -> c_int {
    // SAFETY: no more is written than there is room for; the structures are plain bytes.
    unsafe {
        let room = *len as usize;
        if peer & VERSION_6 != 0 {
            let mut own: sockaddr_in6 = zeroed();
            own.sin6_family = libc::AF_INET6 as u16;
            own.sin6_port = port.to_be();
            own.sin6_addr.s6_addr = address.to_ipv6_mapped().octets();
            let size = size_of::<sockaddr_in6>();
            core::ptr::copy_nonoverlapping(
                (&raw const own).cast::<u8>(),
                to.cast(),
                room.min(size),
            );
            *len = size as socklen_t;
        } else {
            let mut own: sockaddr_in = zeroed();
            own.sin_family = libc::AF_INET as u16;
            own.sin_port = port.to_be();
            own.sin_addr.s_addr = u32::from(address).to_be();
            let size = size_of::<sockaddr_in>();
            core::ptr::copy_nonoverlapping(
                (&raw const own).cast::<u8>(),
                to.cast(),
                room.min(size),
            );
            *len = size as socklen_t;
        }
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn getpeername(fd: c_int, to: *mut sockaddr, len: *mut socklen_t) -> c_int {
    let peer = if memory().is_some() { peer(fd) } else { 0 };
    if peer != 0 {
        let address = Ipv4Addr::from((peer >> 16) as u32);
        // SAFETY: the caller's promises.
        return unsafe { show(to, len, address, peer as u16, peer) };
    }
    // SAFETY: the caller's arguments.
    answered(unsafe { sys!(SYS_getpeername, fd, to, len) }) as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn getsockname(fd: c_int, to: *mut sockaddr, len: *mut socklen_t) -> c_int {
    let peer = if memory().is_some() { peer(fd) } else { 0 };
    if peer != 0 {
        let port = 40_000u16.wrapping_add(fd as u16);
        // SAFETY: the caller's promises.
        return unsafe { show(to, len, Ipv4Addr::new(192, 0, 2, 254), port, peer) };
    }
    // SAFETY: the caller's arguments.
    answered(unsafe { sys!(SYS_getsockname, fd, to, len) }) as c_int
}
