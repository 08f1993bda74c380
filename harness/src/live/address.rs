//! The address of a real server: a URL on this machine, and nothing else. What leads elsewhere is refused with the reason.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::{Host, Url};

/// The endpoint of a server on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The addresses that it may listen on, in the order in which they are tried.
    pub addresses: Vec<SocketAddr>,
    /// What stands in the `Host` header.
    pub host: String,
    /// The path with its query.
    pub path: String,
}

/// Why an address is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// Whether an address is one of this machine alone.
#[must_use]
pub fn is_loopback(address: IpAddr) -> bool {
    // An IPv4 address within an IPv6 one leads where the former does.
    match address {
        IpAddr::V4(v4) => v4.is_loopback(),
        IpAddr::V6(v6) => {
            v6.is_loopback() || v6.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback())
        }
    }
}

/// Holds a socket to this machine.
///
/// # Errors
/// `PermissionDenied` if the address is not one of this machine alone.
pub fn only_loopback(address: IpAddr) -> io::Result<()> {
    if is_loopback(address) {
        return Ok(());
    }
    let why = format!("{address} is not an address of this machine alone");
    Err(io::Error::new(io::ErrorKind::PermissionDenied, why))
}

impl Endpoint {
    /// Reads a URL such as `http://127.0.0.1:3001/mcp`.
    ///
    /// # Errors
    /// [`Refused`]: it is no URL, its scheme is not `http`, or its host is not in 127.0.0.0/8, `::1` or `localhost`.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let refuse = |why: String| Err(Refused(why));
        let url = match Url::parse(text) {
            Ok(url) => url,
            Err(why) => {
                return refuse(format!(
                    "`{text}` is no URL ({why}); write e.g. `http://127.0.0.1:3001/mcp`"
                ));
            }
        };
        if url.scheme() != "http" {
            return refuse(format!(
                "`{}` is not spoken here: only `http`, because TLS on loopback protects nothing; write e.g. `http://127.0.0.1:3001/mcp`",
                url.scheme()
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse(
                "a name and a password in the URL are not sent: leave them out".to_owned(),
            );
        }
        let port = url.port().unwrap_or(80);
        let here = |address: IpAddr| SocketAddr::new(address, port);
        let other = |what: &str| {
            refuse(format!(
                "{what} is not on this machine: only 127.0.0.0/8, ::1 and `localhost` are talked to, because what is asked here can \
                 end sessions and stop a server"
            ))
        };
        let addresses = match url.host() {
            Some(Host::Ipv4(v4)) if is_loopback(v4.into()) => vec![here(v4.into())],
            Some(Host::Ipv6(v6)) if is_loopback(v6.into()) => vec![here(v6.into())],
            // Not asked of any resolver: what it says may lead elsewhere.
            Some(Host::Domain("localhost")) => vec![
                here(Ipv4Addr::LOCALHOST.into()),
                here(Ipv6Addr::LOCALHOST.into()),
            ],
            Some(Host::Ipv4(v4)) => return other(&v4.to_string()),
            Some(Host::Ipv6(v6)) => return other(&v6.to_string()),
            Some(Host::Domain(name)) => return other(&format!("`{name}`")),
            None => return refuse(format!("`{text}` names no host")),
        };
        let host = url.host_str().unwrap_or_default();
        let host = url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let query = url
            .query()
            .map_or_else(String::new, |query| format!("?{query}"));
        Ok(Self {
            addresses,
            host,
            path: format!("{}{query}", url.path()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_talked_to() {
        for good in [
            "http://127.0.0.1:3001/mcp",
            "http://127.9.8.7/mcp",
            "http://[::1]:3001/mcp",
            "http://localhost:3001/mcp",
            "http://LOCALHOST:3001/mcp",
            "http://[::ffff:127.0.0.1]:1/",
            // The numbers of one address, spelled otherwise.
            "http://2130706433/mcp",
        ] {
            let endpoint = Endpoint::parse(good).unwrap_or_else(|why| panic!("{good}: {why}"));
            assert!(
                endpoint.addresses.iter().all(|a| is_loopback(a.ip())),
                "{good}"
            );
        }
        for bad in [
            "http://example.com/mcp",
            "http://localhost.example.com/mcp",
            "http://10.0.0.1/mcp",
            "http://0.0.0.0:3001/mcp",
            "http://192.168.1.2:3001/mcp",
            "http://[::]:3001/mcp",
            "http://[fe80::1]:3001/mcp",
            "http://[::ffff:10.0.0.1]/mcp",
            "http://127.0.0.1.example.com/",
            "http://foo.localhost/",
        ] {
            let refused = Endpoint::parse(bad).expect_err(bad).to_string();
            assert!(refused.contains("not on this machine"), "{bad}: {refused}");
        }
        for (bad, why) in [
            ("https://127.0.0.1/mcp", "only `http`"),
            ("127.0.0.1:3001/mcp", "no URL"),
            ("localhost:3001/mcp", "not spoken here"),
            ("http://me:secret@127.0.0.1/mcp", "leave them out"),
        ] {
            let refused = Endpoint::parse(bad).expect_err(bad).to_string();
            assert!(refused.contains(why), "{bad}: {refused}");
            assert!(!refused.contains("secret"), "{refused}");
        }
    }

    #[test]
    fn path_and_host_are_as_they_were_written() {
        let endpoint = Endpoint::parse("http://localhost:3001/a/mcp?key=1").unwrap();
        assert_eq!(endpoint.path, "/a/mcp?key=1");
        assert_eq!(endpoint.host, "localhost:3001");
        assert_eq!(endpoint.addresses.len(), 2);
    }
}
