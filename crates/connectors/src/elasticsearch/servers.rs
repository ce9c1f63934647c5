//! Servers by their addresses, and which of them is asked next. Pure.

use std::fmt;

/// The port where none is given.
const PORT: u16 = 9200;

/// A server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    tls: bool,
    /// `host:port`, with brackets around an address of IPv6.
    address: String,
    /// What stands before every path: empty, or `/prefix`.
    prefix: String,
}

impl Server {
    /// Reads `host`, `host:port`, or either with `http://` or `https://` before it and a path behind it.
    ///
    /// # Errors
    /// Words that finish "`address` …".
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (tls, rest) = match text.split_once("://") {
            None => (false, text),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, _)) => return Err(format!("has the scheme {scheme}, not http or https")),
        };
        let (address, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if address.contains('@') {
            return Err(
                "holds a user: give sink.es.username and sink.es.password instead".to_owned(),
            );
        }
        let is_odd = |c: char| c.is_whitespace() || "?#\\\"<>".contains(c);
        if path.contains(is_odd) || address.contains(is_odd) {
            return Err("is no address".to_owned());
        }
        let behind = address.rfind(']').map_or(0, |end| end + 1);
        let (host, port) = match address.get(behind..).and_then(|rest| rest.rfind(':')) {
            None => (address, PORT),
            Some(place) => {
                let (host, port) = address.split_at(behind + place);
                let port = port.get(1..).and_then(|port| port.parse().ok());
                (
                    host,
                    port.filter(|port| *port > 0)
                        .ok_or("has no port behind the colon")?,
                )
            }
        };
        if host.is_empty() {
            return Err("names no host".to_owned());
        }
        if host.contains(':') && !host.starts_with('[') {
            return Err("is an address of IPv6 without brackets".to_owned());
        }
        Ok(Self {
            tls,
            address: format!("{host}:{port}"),
            prefix: path.trim_end_matches('/').to_owned(),
        })
    }

    /// Reads addresses with `,` between them.
    ///
    /// # Errors
    /// One is none, in words.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, String> {
        let all = text.split(',').map(|part| {
            let part = part.trim();
            Self::parse(part).map_err(|why| match part {
                "" => "an address is empty".to_owned(),
                // What is secret is not shown.
                part if part.contains('@') => format!("an address {why}"),
                part => format!("`{part}` {why}"),
            })
        });
        all.collect()
    }

    /// Whether it is spoken to over TLS.
    pub const fn is_tls(&self) -> bool {
        self.tls
    }

    /// Where `path`, which begins with `/`, is.
    pub(super) fn url(&self, path: &str) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        let Self {
            address, prefix, ..
        } = self;
        format!("{scheme}://{address}{prefix}{path}")
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tls {
            f.write_str("https://")?;
        }
        write!(f, "{}{}", self.address, self.prefix)
    }
}

/// Whose turn it is: one server until it fails, then the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    count: usize,
    current: usize,
    /// How many have failed in a row.
    failed: usize,
}

/// What follows where a server has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Another one is asked at once.
    Another,
    /// All of them have failed in a row: it is time to wait.
    Wait,
}

impl Turn {
    /// Of `count` servers; who asks as number `who` begins with another one than its neighbours.
    pub(super) fn new(count: usize, who: usize) -> Self {
        let count = count.max(1);
        Self {
            count,
            current: who % count,
            failed: 0,
        }
    }

    /// The number of the server that is asked.
    pub(super) const fn current(self) -> usize {
        self.current
    }

    /// It has answered.
    pub(super) fn answered(&mut self) {
        self.failed = 0;
    }

    /// It has answered, and it is the next one's turn.
    pub(super) fn pass_on(&mut self) {
        self.current = (self.current + 1) % self.count;
        self.failed = 0;
    }

    /// It has not, or can't at present.
    pub(super) fn failed(&mut self) -> Next {
        self.current = (self.current + 1) % self.count;
        self.failed += 1;
        if self.failed < self.count {
            return Next::Another;
        }
        self.failed = 0;
        Next::Wait
    }
}

#[cfg(test)]
mod tests;
