//! The URL of a gateway, as far as it matters: scheme, host, port, and how far away the host is.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far away a host is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distance {
    /// This machine.
    Loopback,
    /// A private network, by its address or name.
    Private,
    /// Anything else.
    Public,
}

/// A gateway's URL without what does not decide who is reached: path, query, user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayUrl {
    /// In lower case, e.g. `ws`.
    pub scheme: String,
    /// In lower case, without the brackets of IPv6.
    pub host: String,
    /// The port that it names; `None`: the scheme's own.
    pub port: Option<u16>,
}

impl GatewayUrl {
    /// The parts of `text`; `None` where it has no scheme or no host.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once("://")?;
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let authority = rest.get(..end)?;
        let address = authority.rsplit_once('@').map_or(authority, |(_, at)| at);
        let (host, port) = match address.strip_prefix('[') {
            Some(six) => {
                let (host, rest) = six.split_once(']')?;
                (host, rest.strip_prefix(':'))
            }
            None => match address.rsplit_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (address, None),
            },
        };
        let port = match port.filter(|port| !port.is_empty()) {
            Some(port) => Some(port.parse().ok()?),
            None => None,
        };
        (!host.is_empty()).then(|| Self {
            scheme: scheme.to_ascii_lowercase(),
            host: host.to_ascii_lowercase(),
            port,
        })
    }

    /// How far away its host is.
    pub fn distance(&self) -> Distance {
        distance(&self.host)
    }
}

/// How far away a host (a name or an address) is.
pub fn distance(host: &str) -> Distance {
    let host = host.trim_end_matches('.');
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(four)) => distance_v4(four),
        Ok(IpAddr::V6(six)) => distance_v6(six),
        Err(_) if host == "localhost" || host.ends_with(".localhost") => Distance::Loopback,
        Err(_) if host.ends_with(".local") || host.ends_with(".ts.net") => Distance::Private,
        Err(_) => Distance::Public,
    }
}

fn distance_v4(address: Ipv4Addr) -> Distance {
    let [a, b, ..] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    if address.is_loopback() {
        Distance::Loopback
    } else if address.is_private() || address.is_link_local() || shared {
        Distance::Private
    } else {
        Distance::Public
    }
}

fn distance_v6(address: Ipv6Addr) -> Distance {
    if let Some(four) = address.to_ipv4_mapped() {
        return distance_v4(four);
    }
    if address.is_loopback() {
        Distance::Loopback
    } else if address.is_unique_local() || address.is_unicast_link_local() {
        Distance::Private
    } else {
        Distance::Public
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let parts = |text: &str| {
            GatewayUrl::parse(text).map(|url| (url.scheme.clone(), url.host.clone(), url.port))
        };
        assert_eq!(
            parts("WS://u:p@Host.Example:18789/path?x=1"),
            Some(("ws".into(), "host.example".into(), Some(18789)))
        );
        assert_eq!(parts("wss://[::1]:1/"), Some(("wss".into(), "::1".into(), Some(1))));
        assert_eq!(
            parts("https://claw.example"),
            Some(("https".into(), "claw.example".into(), None))
        );
        for odd in ["", "claw.example", "ws://", "ws://:1", "ws://h:99999", "ws://[::1"] {
            assert_eq!(parts(odd), None, "{odd}");
        }
    }

    #[test]
    fn hosts_are_near_or_far() {
        for (host, far) in [
            ("127.0.0.1", Distance::Loopback),
            ("127.8.0.1", Distance::Loopback),
            ("localhost", Distance::Loopback),
            ("::1", Distance::Loopback),
            ("::ffff:127.0.0.1", Distance::Loopback),
            ("192.168.1.2", Distance::Private),
            ("100.64.0.1", Distance::Private),
            ("box.local", Distance::Private),
            ("box.tail1.ts.net", Distance::Private),
            ("fd00::1", Distance::Private),
            ("100.128.0.1", Distance::Public),
            ("claw.example.com", Distance::Public),
            ("0.0.0.0", Distance::Public),
        ] {
            assert_eq!(distance(host), far, "{host}");
        }
    }
}
