//! Who has done what: one line in the log, whatever its level, for everything that changes something, and for what was refused, of
//! which at most one a second.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::Request;
use axum::http::Method;
use axum::response::Response;
use millstream_core::{JobId, TriggerId, without_stop};
use millstream_log::AUDIT;

use super::errors::ErrorOfAnswer;
use crate::clock;
use crate::outcomes::why;
use crate::peers::Peer;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Whoever has the token of this name.
    Token(Arc<str>),
    /// A program of this user of the machine.
    User(u32),
    /// Nobody looks.
    Anybody,
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(name) => write!(f, "token {name}"),
            Self::User(user) => write!(f, "user {user}"),
            Self::Anybody => f.write_str("anybody"),
        }
    }
}

/// What was asked for, and from where.
pub(crate) struct Asked {
    method: Method,
    /// Without the query: arguments of programs stand there.
    path: String,
    from: Option<SocketAddr>,
}

/// Nobody needs more of what a client has written: so many characters.
const LONGEST: usize = 200;

fn short(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

impl Asked {
    pub(crate) fn of(request: &Request, peer: Option<Peer>) -> Self {
        Self {
            method: request.method().clone(),
            path: short(request.uri().path()),
            from: peer.map(|peer| peer.address),
        }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(from) = self.from {
            write!(f, "from {from} ")?;
        }
        write!(f, "asked for {} {}", self.method, self.path)
    }
}

/// What an answer is about where the path does not name it.
#[derive(Debug, Clone)]
pub(crate) enum About {
    /// A job that is new.
    Job(JobId),
    /// A package that is new.
    Package(String),
    /// An operation, whose end has a line of its own.
    Operation(TriggerId),
    /// A disposal, and the snapshot that it deletes.
    Disposal(TriggerId, String),
    /// Settings that were changed, secrets masked.
    Settings(Vec<(String, String)>),
    /// A file that is read again.
    File(String),
    /// Dead letters, by the options that choose them; without any: all. The end of a replay has a line of its own.
    Letters(String),
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Job(job) => write!(f, "job {job}"),
            Self::Package(package) => write!(f, "package {package}"),
            Self::Operation(id) => write!(f, "operation {id}"),
            Self::Disposal(id, path) => write!(f, "operation {id}, snapshot {path}"),
            Self::Settings(settings) => {
                let pairs = settings
                    .iter()
                    .map(|(key, value)| format!("{key}={}", short(value)));
                f.write_str(&pairs.collect::<Vec<_>>().join(" "))
            }
            Self::File(name) => write!(f, "file {}", short(name)),
            Self::Letters(chosen) if chosen.is_empty() => f.write_str("all dead letters"),
            Self::Letters(chosen) => write!(f, "dead letters {}", short(chosen)),
        }
    }
}

/// Notes that something was done, or why it could not be.
pub(crate) fn done(asked: &Asked, caller: &Caller, answer: &Response) {
    let about = answer.extensions().get::<About>();
    let about = about.map_or(String::new(), |about| format!(", {about}"));
    let outcome = outcome(answer);
    let outcome = without_stop(&outcome);
    tracing::info!(target: AUDIT, "{caller} {asked}: {outcome}{about}.");
}

fn outcome(answer: &Response) -> String {
    let status = answer.status().as_u16();
    match answer.extensions().get::<ErrorOfAnswer>() {
        Some(ErrorOfAnswer(error)) => format!("{status}, {}", why(error)),
        None => status.to_string(),
    }
}

/// What was refused since the server began.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    /// Requests that were not allowed.
    requests: AtomicU64,
    /// Connections for which there was no place, or over which there was no TLS.
    connections: AtomicU64,
    of_requests: Seldom,
    of_connections: Seldom,
    of_handshakes: Seldom,
}

impl Refusals {
    /// A request was refused before anything was done.
    pub(crate) fn refused(&self, asked: &Asked, answer: &Response) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if let Some(more) = self.of_requests.take(clock::now()) {
            tracing::warn!(target: AUDIT, "Somebody {asked} and was refused: {}{}", outcome(answer), and(more));
        }
    }

    /// A connection was closed because there was no place for it.
    pub(crate) fn no_place(&self, from: SocketAddr, why: &str) {
        self.connections.fetch_add(1, Ordering::Relaxed);
        if let Some(more) = self.of_connections.take(clock::now()) {
            tracing::warn!("A connection from {from} is closed: {why}{}", and(more));
        }
    }

    /// A connection was closed because one side has refused the other before there was TLS.
    pub(crate) fn no_handshake(&self, from: SocketAddr, why: &impl fmt::Display) {
        self.connections.fetch_add(1, Ordering::Relaxed);
        if let Some(more) = self.of_handshakes.take(clock::now()) {
            tracing::warn!(
                "A connection from {from} is closed: no TLS with it: {why}{}",
                and(more)
            );
        }
    }

    /// How many requests and connections.
    pub(crate) fn counts(&self) -> [u64; 2] {
        [&self.requests, &self.connections].map(|count| count.load(Ordering::Relaxed))
    }
}

fn and(more: u64) -> String {
    match more {
        0 => String::new(),
        more => format!(" ({more} more since the last line like this)"),
    }
}

/// Lets one thing a second through.
#[derive(Debug, Default)]
struct Seldom {
    last: AtomicU64,
    left_out: AtomicU64,
}

impl Seldom {
    /// How many were not let through before this one; `None`: neither is this one. `now`: in milliseconds.
    fn take(&self, now: u64) -> Option<u64> {
        const PAUSE: u64 = 1_000;
        let last = self.last.load(Ordering::Relaxed);
        // A clock that was set back lets the next one through.
        let is_soon = now >= last && now - last < PAUSE;
        let taken = !is_soon
            && self
                .last
                .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if !taken {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(self.left_out.swap(0, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::{Refusals, Seldom};

    #[test]
    fn a_handshake_that_comes_to_nothing_is_a_connection_that_was_refused() {
        let refusals = Refusals::default();
        let from = "10.0.0.7:41234".parse().expect("an address");
        refusals.no_handshake(from, &"peer sent no certificates");
        refusals.no_handshake(from, &"peer sent no certificates");
        assert_eq!(refusals.counts(), [0, 2]);
    }

    #[test]
    fn one_a_second_is_let_through_and_tells_how_many_were_not() {
        let seldom = Seldom::default();
        assert_eq!(seldom.take(5_000), Some(0));
        assert_eq!(seldom.take(5_001), None);
        assert_eq!(seldom.take(5_999), None);
        assert_eq!(seldom.take(6_000), Some(2));
        assert_eq!(seldom.take(5_500), Some(0), "the clock was set back");
    }
}
