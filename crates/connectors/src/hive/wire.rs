//! How messages get to HiveServer2 or a metastore, and back.
//!
//! - [`socket`], [`tls`]: a connection of bytes.
//! - [`sasl`]: who is there, where messages travel over a connection of their own.
//! - [`framed`], [`http`]: messages over it.

mod framed;
mod http;
mod sasl;
mod socket;
mod tls;

use std::io::{BufRead, BufReader};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::ClientConfig;

use super::options::Login;
use super::trouble::Trouble;
use super::url::{Auth, HiveUrl, Host, Transport};
use framed::{Framed, Plain};
use http::Http;
use socket::{Line, Socket};

/// What ends the connection to a server from another thread.
pub(super) type SharedLine = Arc<Mutex<Option<Line>>>;

/// Carries messages. After [`send`](Self::send) the answer is read, to its end.
pub(super) trait Carrier: Send {
    /// Sends a message.
    ///
    /// # Errors
    /// The server is away, or does not take who asks.
    fn send(&mut self, message: &[u8]) -> Result<(), Trouble>;

    /// The answer's bytes.
    fn answer(&mut self) -> &mut dyn BufRead;
}

/// Where a server is, and how a connection to it is made.
struct Place {
    host: Host,
    tls: Option<Arc<ClientConfig>>,
    url: HiveUrl,
    line: SharedLine,
}

impl Place {
    /// Connects, and has the line end that connection.
    ///
    /// # Errors
    /// Nobody listens there, or what is there can't be trusted.
    fn open(&self) -> Result<Socket, Trouble> {
        let socket = Socket::open(&self.host, self.tls.as_ref(), self.url.answer)?;
        let line = socket.line()?;
        *self.line.lock().unwrap_or_else(PoisonError::into_inner) = Some(line);
        Ok(socket)
    }
}

/// Whether what listens at a host speaks TLS, for who has been hung up on without it.
pub(super) fn speaks_tls(host: &Host) -> bool {
    tls::without_trust().is_ok_and(|tls| socket::speaks_tls(host, &tls))
}

/// Connects to a server and logs in. `line` is what ends the connection from elsewhere.
///
/// # Errors
/// It is away, or does not take who asks.
pub(super) fn connect(
    url: &HiveUrl,
    host: &Host,
    login: &Login,
    line: &SharedLine,
) -> Result<Box<dyn Carrier>, Trouble> {
    let place = Place {
        host: host.clone(),
        tls: url.tls.as_ref().map(tls::config).transpose()?,
        url: url.clone(),
        line: Arc::clone(line),
    };
    let mut socket = place.open()?;
    Ok(match (&url.transport, &url.auth) {
        (Transport::Http(path), _) => Box::new(Http::new(socket, place, path, login)),
        (Transport::Binary, Auth::None) => Box::new(Plain::new(BufReader::new(socket))),
        (Transport::Binary, Auth::Password) => {
            sasl::plain(&mut socket, &login.user, &login.password)?;
            Box::new(Framed::new(socket, None))
        }
        (Transport::Binary, Auth::Kerberos(kerberos)) => {
            let guard = sasl::kerberos(&mut socket, host, kerberos, &login.keys)?;
            Box::new(Framed::new(socket, guard))
        }
    })
}
