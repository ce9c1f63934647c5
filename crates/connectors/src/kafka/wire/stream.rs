//! A connection of bytes, encrypted or not, on which nothing is waited for beyond a deadline.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::clock::{Deadline, LOOK};
use super::cluster::Address;

/// A connection.
pub(super) enum Stream {
    Plain(TcpStream),
    Encrypted(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    /// Connects to any of the addresses that the host has.
    ///
    /// # Errors
    /// The host has none, nobody listens, the certificate is not trusted ([`ErrorKind::InvalidData`]).
    pub(super) fn open(
        address: &Address,
        tls: Option<&Arc<ClientConfig>>,
        deadline: &Deadline,
    ) -> Result<Self> {
        let socket = connect(address, deadline)?;
        socket.set_nodelay(true)?;
        // Woken up now and then, to look at the deadline.
        socket.set_read_timeout(Some(LOOK))?;
        socket.set_write_timeout(Some(LOOK))?;
        let Some(tls) = tls else {
            return Ok(Self::Plain(socket));
        };
        let name = ServerName::try_from(address.host.clone()).map_err(|_| {
            Error::new(
                ErrorKind::InvalidData,
                "no certificate can be for such a host",
            )
        })?;
        let connection = ClientConnection::new(Arc::clone(tls), name)
            .map_err(|error| Error::new(ErrorKind::InvalidData, error))?;
        let mut stream = StreamOwned::new(connection, socket);
        while stream.conn.is_handshaking() {
            again(deadline, || stream.conn.complete_io(&mut stream.sock))?;
        }
        Ok(Self::Encrypted(Box::new(stream)))
    }

    /// Sends all of `bytes`.
    ///
    /// # Errors
    /// The connection is broken, or the deadline has passed.
    pub(super) fn send(&mut self, bytes: &[u8], deadline: &Deadline) -> Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let sent = again(deadline, || match self {
                Self::Plain(stream) => stream.write(rest),
                Self::Encrypted(stream) => stream.write(rest),
            })?;
            if sent == 0 {
                return Err(ErrorKind::WriteZero.into());
            }
            rest = rest.get(sent..).unwrap_or_default();
        }
        again(deadline, || match self {
            Self::Plain(stream) => stream.flush(),
            Self::Encrypted(stream) => stream.flush(),
        })
    }

    /// Reads exactly `count` bytes; memory grows with what arrives, not with what was announced.
    ///
    /// # Errors
    /// The connection is broken, or the deadline has passed.
    pub(super) fn receive(&mut self, count: usize, deadline: &Deadline) -> Result<Vec<u8>> {
        let mut received = Vec::new();
        let mut buffer = [0; 8192];
        while received.len() < count {
            let wanted = buffer.len().min(count - received.len());
            let room = buffer.get_mut(..wanted).unwrap_or_default();
            let read = again(deadline, || match self {
                Self::Plain(stream) => stream.read(room),
                Self::Encrypted(stream) => stream.read(room),
            })?;
            if read == 0 {
                let message = "the broker closed the connection";
                return Err(Error::new(ErrorKind::UnexpectedEof, message));
            }
            received.extend(buffer.iter().take(read));
        }
        Ok(received)
    }
}

fn connect(address: &Address, deadline: &Deadline) -> Result<TcpStream> {
    let mut failure = Error::new(ErrorKind::NotFound, "the host has no address");
    for address in (address.host.as_str(), address.port).to_socket_addrs()? {
        let left = deadline.left();
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// Does something again that was interrupted, until the deadline has passed.
fn again<T>(deadline: &Deadline, mut action: impl FnMut() -> Result<T>) -> Result<T> {
    loop {
        match action() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                if deadline.has_passed() {
                    let message = "the broker does not answer in time";
                    return Err(Error::new(ErrorKind::TimedOut, message));
                }
            }
            result => return result,
        }
    }
}
