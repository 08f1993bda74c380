//! Host names: those of the simulation, from the harness's table. No other name is known, and nobody is asked.

use core::ffi::{CStr, c_char, c_int};
use core::sync::atomic::Ordering;

use libc::addrinfo;
use stalemate_portal_proto::{HOSTS_MAX, Memory};

use crate::clock::now;
use crate::memory::memory;
use crate::raw::real;
use crate::wait::wait;

type GetAddrInfo = unsafe extern "C" fn(
    *const c_char,
    *const c_char,
    *const addrinfo,
    *mut *mut addrinfo,
) -> c_int;

/// The address of a host of the simulation, most significant byte first.
fn lookup(memory: &Memory, name: &[u8]) -> Option<u32> {
    let mut table = [0; HOSTS_MAX];
    for (bytes, number) in table.chunks_mut(8).zip(&memory.hosts) {
        bytes.copy_from_slice(&number.load(Ordering::Relaxed).to_le_bytes());
    }
    let len = (memory.hosts_len.load(Ordering::Acquire) as usize).min(HOSTS_MAX);
    let entry = |entry: &[u8]| {
        let at = entry.iter().position(|b| *b == b'=')?;
        if !entry[..at].eq_ignore_ascii_case(name) {
            return None;
        }
        let address: core::net::Ipv4Addr =
            core::str::from_utf8(&entry[at + 1..]).ok()?.parse().ok()?;
        Some(u32::from(address))
    };
    table[..len].split(|b| *b == b';').find_map(entry)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn getaddrinfo(
    node: *const c_char,
    service: *const c_char,
    hints: *const addrinfo,
    result: *mut *mut addrinfo,
) -> c_int {
    let real = real!(c"getaddrinfo", c"", GetAddrInfo);
    let memory = match memory() {
        Some(memory) if !node.is_null() => memory,
        // SAFETY: the caller's arguments.
        _ => return unsafe { real(node, service, hints, result) },
    };
    // SAFETY: the caller promises a string.
    let name = unsafe { CStr::from_ptr(node) }.to_bytes();
    let is_number = name.contains(&b':') || name.iter().all(|c| c.is_ascii_digit() || *c == b'.');
    if is_number {
        // SAFETY: the caller's arguments. An address is only read, never looked up.
        return unsafe { real(node, service, hints, result) };
    }
    // Lookups end one at a time, each when all else in the program waits: a worker thread that knew the address at once
    // would race with the thread that asked.
    // SAFETY: no descriptors, no mask.
    unsafe { wait(memory, &[], now(memory), core::ptr::null(), || 0) };
    // SAFETY: the caller promises hints or null.
    let hints = unsafe { hints.as_ref() };
    let family = hints.map_or(libc::AF_UNSPEC, |h| h.ai_family);
    let Some(address) = lookup(memory, name) else {
        return libc::EAI_NONAME;
    };
    if family == libc::AF_INET6 && hints.is_none_or(|h| h.ai_flags & libc::AI_V4MAPPED == 0) {
        return libc::EAI_NONAME;
    }
    let port = if service.is_null() {
        0
    } else {
        // SAFETY: the caller promises a string.
        match unsafe { CStr::from_ptr(service) }.to_str() {
            Ok("http") => 80,
            Ok("https") => 443,
            Ok(number) => match number.parse() {
                Ok(port) => port,
                Err(_) => return libc::EAI_SERVICE,
            },
            Err(_) => return libc::EAI_SERVICE,
        }
    };
    let kind = hints.map_or(0, |h| h.ai_socktype);
    let kind = if kind == 0 { libc::SOCK_STREAM } else { kind };
    // SAFETY: one block, as the C library makes it, so that its `freeaddrinfo` can free it; all of it is zeroed and large
    // enough for both parts, and the caller promises a place for the result.
    unsafe {
        let size = size_of::<addrinfo>();
        let block = libc::calloc(1, size + size_of::<libc::sockaddr_in6>());
        if block.is_null() {
            return libc::EAI_MEMORY;
        }
        let info = block.cast::<addrinfo>();
        let at = block.cast::<u8>().add(size);
        if family == libc::AF_INET6 {
            let to = at.cast::<libc::sockaddr_in6>();
            (*to).sin6_family = libc::AF_INET6 as u16;
            (*to).sin6_port = u16::to_be(port);
            (*to).sin6_addr.s6_addr = core::net::Ipv4Addr::from(address).to_ipv6_mapped().octets();
            (*info).ai_addrlen = size_of::<libc::sockaddr_in6>() as u32;
        } else {
            let to = at.cast::<libc::sockaddr_in>();
            (*to).sin_family = libc::AF_INET as u16;
            (*to).sin_port = u16::to_be(port);
            (*to).sin_addr.s_addr = address.to_be();
            (*info).ai_addrlen = size_of::<libc::sockaddr_in>() as u32;
        }
        (*info).ai_family = if family == libc::AF_INET6 {
            family
        } else {
            libc::AF_INET
        };
        (*info).ai_socktype = kind;
        (*info).ai_protocol = if kind == libc::SOCK_STREAM {
            libc::IPPROTO_TCP
        } else {
            0
        };
        (*info).ai_addr = at.cast();
        if hints.is_some_and(|h| h.ai_flags & libc::AI_CANONNAME != 0) {
            (*info).ai_canonname = libc::strdup(node);
        }
        result.write(info);
    }
    0
}
