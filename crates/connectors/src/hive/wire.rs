//! How messages get to HiveServer2 and back.
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

use super::options::Login;
use super::trouble::Trouble;
use super::url::{Auth, HiveUrl, Host, Transport};
use framed::{Framed, Plain};
use http::Http;
pub(super) use socket::Line;
use socket::Socket;

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

/// Connects to a server and logs in. The line is what ends the connection from elsewhere.
///
/// # Errors
/// It is away, or does not take who asks.
pub(super) fn connect(
    url: &HiveUrl,
    host: &Host,
    login: &Login,
) -> Result<(Box<dyn Carrier>, Line), Trouble> {
    let tls = url.tls.as_ref().map(tls::config).transpose()?;
    let mut socket = Socket::open(host, tls.as_ref(), url.answer)?;
    let line = socket.line()?;
    let carrier: Box<dyn Carrier> = match (&url.transport, &url.auth) {
        (Transport::Http(path), _) => Box::new(Http::new(socket, host, path, url, login)),
        (Transport::Binary, Auth::None) => Box::new(Plain::new(BufReader::new(socket))),
        (Transport::Binary, Auth::Password) => {
            sasl::plain(&mut socket, &login.user, &login.password)?;
            Box::new(Framed::new(socket, None))
        }
        (Transport::Binary, Auth::Kerberos(kerberos)) => {
            let guard = sasl::kerberos(&mut socket, host, kerberos, &login.keys)?;
            Box::new(Framed::new(socket, guard))
        }
    };
    Ok((carrier, line))
}
