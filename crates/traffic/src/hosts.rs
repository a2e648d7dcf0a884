//! The names that a site has, and the ports that flows are told apart by. What is not among
//! them is `other`, so that a visitor can never make a metric.

/// What stands for all that is not among the configured.
pub(crate) const OTHER: &str = "other";

/// The hosts that requests are told apart by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// What a list of hosts looks like, for error messages.
    pub const EXPECTED: &'static str =
        "up to 50 host names between commas, such as www.example.com,shop.example.com";
    /// How many there may be: each has metrics of its own.
    const MOST: usize = 50;

    /// `None` if one of them is no host name, or there are too many.
    #[must_use]
    pub fn parse(list: &str) -> Option<Self> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        let mut hosts = Vec::new();
        for name in list.split(',').map(str::trim) {
            if name.is_empty() || name.len() > 253 || !name.bytes().all(legal) {
                return None;
            }
            let name = name.to_ascii_lowercase();
            if !hosts.contains(&name) {
                hosts.push(name);
            }
        }
        (hosts.len() <= Self::MOST).then_some(Self(hosts))
    }

    /// The number of a host, which may be written with a port and in capitals; that of all
    /// others if it is none of these, or absent.
    pub(crate) fn find(&self, host: Option<&str>) -> u16 {
        let place = host.and_then(|host| {
            let name = host.split_once(':').map_or(host, |(name, _)| name);
            self.0.iter().position(|h| h.eq_ignore_ascii_case(name))
        });
        place.unwrap_or(self.0.len()) as u16
    }

    /// The name of a number.
    pub(crate) fn name(&self, number: u16) -> &str {
        self.0
            .get(usize::from(number))
            .map_or(OTHER, String::as_str)
    }
}

/// The ports that flows are told apart by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ports(Vec<u16>);

impl Default for Ports {
    fn default() -> Self {
        Self(vec![
            22, 25, 53, 80, 123, 443, 445, 3306, 3389, 5432, 6379, 8080,
        ])
    }
}

impl Ports {
    /// What a list of ports looks like, for error messages.
    pub const EXPECTED: &'static str = "up to 50 port numbers between commas, such as 22,80,443";
    /// How many there may be: each has metrics of its own.
    const MOST: usize = 50;

    /// `None` if one of them is no port, or there are too many.
    #[must_use]
    pub fn parse(list: &str) -> Option<Self> {
        let ports: Option<Vec<u16>> = list.split(',').map(|p| p.trim().parse().ok()).collect();
        ports.filter(|ports| ports.len() <= Self::MOST).map(Self)
    }

    /// The port itself, or `None` where it is one of the others.
    pub(crate) fn find(&self, port: Option<u16>) -> Option<u16> {
        port.filter(|port| self.0.contains(port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_found_whatever_its_case_and_port() {
        let hosts = Hosts::parse("www.Example.com, shop.example.com").expect("hosts");
        let name = |host| hosts.name(hosts.find(host)).to_owned();
        assert_eq!(name(Some("WWW.example.com:443")), "www.example.com");
        assert_eq!(name(Some("shop.example.com")), "shop.example.com");
        for other in [
            Some("evil.com"),
            Some(""),
            Some("www.example.com.evil.com"),
            None,
        ] {
            assert_eq!(name(other), OTHER, "{other:?}");
        }
    }

    #[test]
    fn lists_are_checked() {
        for bad in ["", "a,,b", "a b", "a/b", &"a,".repeat(60)] {
            assert_eq!(Hosts::parse(bad), None, "{bad}");
        }
        for bad in ["", "http", "65536", "-1", "80,,443"] {
            assert_eq!(Ports::parse(bad), None, "{bad}");
        }
        assert_eq!(Ports::parse("80, 443"), Some(Ports(vec![80, 443])));
    }
}
