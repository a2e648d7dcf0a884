//! What a client asked for: a request line, an address, a path with a query. A hostile client
//! may have sent anything, and none of it is an error.

use super::text::present;

/// What was asked for, as the log has it, escapes and all.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Target<'a> {
    pub(super) method: &'a str,
    pub(super) host: Option<&'a str>,
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
}

impl<'a> Target<'a> {
    /// Of a request line, `GET /a?b HTTP/1.1`. What is none, such as bytes of another
    /// protocol, is all path.
    pub(super) fn of_line(line: &'a str) -> Self {
        let Some(line) = present(line) else {
            return Self::default();
        };
        let asked = line.split_once(' ').and_then(|(method, rest)| {
            let is_word = |b: u8| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_');
            let is_method = !method.is_empty() && method.bytes().all(is_word);
            let (target, has_protocol) = match rest.rsplit_once(' ') {
                Some((target, last)) if last.starts_with("HTTP/") || last == "-" => (target, true),
                _ => (rest, false),
            };
            let is_request = is_method && (has_protocol || target.starts_with('/'));
            is_request.then(|| (present(method).unwrap_or_default(), target))
        });
        match asked {
            None => Self {
                path: line,
                ..Self::default()
            },
            Some((method, target)) => Self {
                method,
                ..Self::of_address(target)
            },
        }
    }

    /// Of a path, or of an address with a host.
    pub(super) fn of_address(address: &'a str) -> Self {
        let (host, rest) = match without_scheme(address) {
            None => (None, address),
            Some(rest) => {
                let end = rest.find(['/', '?']).unwrap_or(rest.len());
                let (host, path) = rest.split_at(end);
                (present(without_port(host)), path)
            }
        };
        let (path, query) = split_query(rest);
        Self {
            method: "",
            host,
            path,
            query,
        }
    }
}

/// What stands behind the scheme of an address that has one.
fn without_scheme(address: &str) -> Option<&str> {
    let schemes = ["http://", "https://", "ws://", "wss://"];
    let mut found = schemes.iter().filter_map(|scheme| {
        let start = address.get(..scheme.len())?;
        let is_scheme = start.eq_ignore_ascii_case(scheme);
        is_scheme.then(|| &address[scheme.len()..])
    });
    found.next()
}

/// A path and its query, if there is something in it.
#[inline]
pub(super) fn split_query(path: &str) -> (&str, Option<&str>) {
    match memchr::memchr(b'?', path.as_bytes()) {
        None => (path, None),
        Some(at) => (
            &path[..at],
            Some(&path[at + 1..]).filter(|query| !query.is_empty()),
        ),
    }
}

/// An address or name without the port behind it, and without an IPv6 address's brackets.
pub(super) fn without_port(host: &str) -> &str {
    let host = match host.rsplit_once(':') {
        Some((before, port)) if port.bytes().all(|b| b.is_ascii_digit() || b == b'-') => before,
        _ => host,
    };
    let inner = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    inner.unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(line: &str) -> (&str, Option<&str>, &str, Option<&str>) {
        let target = Target::of_line(line);
        (target.method, target.host, target.path, target.query)
    }

    #[test]
    fn a_request_line_is_taken_apart() {
        for (line, expected) in [
            ("GET / HTTP/1.1", ("GET", None, "/", None)),
            ("GET /a?b=c?d HTTP/2.0", ("GET", None, "/a", Some("b=c?d"))),
            ("GET /a? HTTP/1.1", ("GET", None, "/a", None)),
            ("GET /a b HTTP/1.1", ("GET", None, "/a b", None)),
            ("GET /old", ("GET", None, "/old", None)),
            ("OPTIONS * HTTP/1.0", ("OPTIONS", None, "*", None)),
            ("CONNECT a:443 HTTP/1.1", ("CONNECT", None, "a:443", None)),
            (
                "GET https://www.example.com:443/p?q HTTP/1.1",
                ("GET", Some("www.example.com"), "/p", Some("q")),
            ),
            (
                "GET http://[::1]:80/ HTTP/1.1",
                ("GET", Some("::1"), "/", None),
            ),
            ("- http://10.0.0.1:80- -", ("", Some("10.0.0.1"), "", None)),
        ] {
            assert_eq!(taken(line), expected, "{line}");
        }
    }

    #[test]
    fn what_is_no_request_is_all_path() {
        for line in [
            "GET",
            "\\x16\\x03\\x01",
            "quit now please",
            " / HTTP/1.1",
            "G\\x00T / HTTP/1.1",
            "é / HTTP/1.1",
        ] {
            assert_eq!(taken(line), ("", None, line, None), "{line}");
        }
        for line in ["", "-"] {
            assert_eq!(taken(line), ("", None, "", None), "{line}");
        }
    }
}
