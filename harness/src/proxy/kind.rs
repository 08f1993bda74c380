//! The hops there are, and how a balancer chooses. What each does is in its own module.

/// How a balancer chooses the replica for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BalancePolicy {
    /// Each request goes to the next one.
    RoundRobin,
    /// By a hash of the session id header; a request without it has the empty value's.
    HeaderHash,
    /// To the one that answered with the request's session id; if none did, to the next one.
    Sticky,
}

impl BalancePolicy {
    /// Every policy there is.
    pub const ALL: [Self; 3] = [Self::RoundRobin, Self::HeaderHash, Self::Sticky];

    /// The name in scenarios.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RoundRobin => "round-robin",
            Self::HeaderHash => "header-hash",
            Self::Sticky => "sticky",
        }
    }
}

/// The hops there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HopKind {
    /// Cloudflare's edge: two egress addresses, its own error pages.
    Cloudflare,
    /// nginx 1.22.1 as Debian ships it, with `proxy_http_version 1.1` and buffering off.
    Nginx,
    /// A balancer, which chooses among the processes of a server.
    Balancer,
    /// An MCP gateway, which has sessions of its own with its clients.
    Gateway,
}

impl HopKind {
    /// Every hop there is.
    pub const ALL: [Self; 4] = [Self::Cloudflare, Self::Nginx, Self::Balancer, Self::Gateway];

    /// Whether it chooses among the processes of a server.
    #[must_use]
    pub fn chooses(self) -> bool {
        self == Self::Balancer
    }

    /// The name in scenarios, and of the process where it has no other.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cloudflare => "cloudflare",
            Self::Nginx => "nginx",
            Self::Balancer => "balancer",
            Self::Gateway => "gateway",
        }
    }
}
