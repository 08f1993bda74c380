//! The hops: pure decisions of proxies.
