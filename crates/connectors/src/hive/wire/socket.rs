//! A connection of bytes, encrypted or not.

use std::io::{self, Error, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use socket2::{SockRef, TcpKeepalive};

use crate::hive::trouble::Trouble;
use crate::hive::url::Host;

/// How long a server may take to accept a connection and to agree on how it is encrypted.
const CONNECTING: Duration = Duration::from_secs(15);
/// A server that says nothing for so long is asked whether it is there.
const QUIET: Duration = Duration::from_secs(60);
/// Between two such questions; it is away when six of them are not answered.
const BETWEEN: Duration = Duration::from_secs(10);

/// A connection.
pub(super) enum Socket {
    Open(TcpStream),
    Encrypted(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// Ends a connection from another thread.
#[derive(Debug)]
pub(in crate::hive) struct Line {
    stream: TcpStream,
}

impl Line {
    /// Whoever waits for an answer gets an error.
    pub(in crate::hive) fn cut(&self) {
        // One that has ended is cut already.
        drop(self.stream.shutdown(Shutdown::Both));
    }
}

impl Socket {
    /// Connects to any of the addresses that the host has. `answer`: how long an answer is waited for; `None`: for as long
    /// as the machine at the other end is there.
    ///
    /// # Errors
    /// Nobody listens there, or what is there can't be trusted.
    pub(super) fn open(
        host: &Host,
        tls: Option<&Arc<ClientConfig>>,
        answer: Option<Duration>,
    ) -> Result<Self, Trouble> {
        let away = |error: Error| Trouble::away(host, &error);
        let stream = reach(host).map_err(away)?;
        prepare(&stream).map_err(away)?;
        let Some(tls) = tls else {
            stream.set_read_timeout(answer).map_err(away)?;
            return Ok(Self::Open(stream));
        };
        stream.set_read_timeout(Some(CONNECTING)).map_err(away)?;
        let stream = encrypted(stream, host, tls).map_err(|error| unencrypted(host, &error))?;
        stream.sock.set_read_timeout(answer).map_err(away)?;
        Ok(Self::Encrypted(Box::new(stream)))
    }

    /// Whether the other end has ended the connection, or said what nobody asked for.
    pub(super) fn has_ended(&mut self) -> bool {
        if self.stream().set_nonblocking(true).is_err() {
            return true;
        }
        let is_quiet = |error: &Error| error.kind() == ErrorKind::WouldBlock;
        let has_ended = match self {
            Self::Open(stream) => match stream.peek(&mut [0]) {
                Ok(_) => true,
                Err(error) => !is_quiet(&error),
            },
            Self::Encrypted(stream) => loop {
                match stream.conn.read_tls(&mut stream.sock) {
                    Ok(0) => break true,
                    // Keys for later may come at any time.
                    Ok(_) => match stream.conn.process_new_packets() {
                        Ok(state) if state.peer_has_closed() => break true,
                        Ok(_) => {}
                        Err(_) => break true,
                    },
                    Err(error) => break !is_quiet(&error),
                }
            },
        };
        has_ended || self.stream().set_nonblocking(false).is_err()
    }

    fn stream(&self) -> &TcpStream {
        match self {
            Self::Open(stream) => stream,
            Self::Encrypted(stream) => &stream.sock,
        }
    }

    /// What ends the connection from elsewhere.
    ///
    /// # Errors
    /// The process has too many files.
    pub(super) fn line(&self) -> Result<Line, Trouble> {
        let stream = self.stream().try_clone();
        let failed = |error: Error| Trouble::Away(format!("a connection can't be shared: {error}"));
        stream.map(|stream| Line { stream }).map_err(failed)
    }
}

/// Whether what listens at a host answers a greeting of TLS in kind. Nothing else is said to it.
pub(super) fn speaks_tls(host: &Host, tls: &Arc<ClientConfig>) -> bool {
    let greeted = reach(host).and_then(|stream| {
        stream.set_read_timeout(Some(CONNECTING))?;
        stream.set_write_timeout(Some(CONNECTING))?;
        encrypted(stream, host, tls)
    });
    match greeted {
        Ok(_) => true,
        Err(error) => {
            let told = told_by_tls(&error);
            told.is_some_and(|told| !matches!(told, rustls::Error::InvalidMessage(_)))
        }
    }
}

/// What TLS says of a connection that can't be encrypted; `None`: that is no matter of TLS.
fn told_by_tls(error: &Error) -> Option<&rustls::Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

/// What it means that a connection can't be encrypted.
fn unencrypted(host: &Host, error: &Error) -> Trouble {
    use ErrorKind as Kind;
    match (told_by_tls(error), error.kind()) {
        (Some(rustls::Error::InvalidMessage(_)), _) => Trouble::Tls {
            why: format!("{host} does not speak TLS, which source.db.url asks for (ssl=true)"),
            next: "leave ssl and sslTrustStore out of source.db.url, or give the port at which it speaks TLS",
        },
        (Some(rustls::Error::InvalidCertificate(_)), _) | (None, Kind::InvalidData) => {
            Trouble::Tls {
                why: format!("{host} can't be trusted: {error}"),
                next: "give who vouches for its certificate (;sslTrustStore=<file of certificates in PEM> behind ssl=true in source.db.url), and the host by a \
                   name that stands in the certificate",
            }
        }
        (Some(_), _) => Trouble::Tls {
            why: format!("{host} does not agree on how to encrypt: {error}"),
            next: "have it take TLS 1.2 or 1.3, and ask for no certificate of who connects",
        },
        // It may be about to end as well.
        (
            None,
            Kind::UnexpectedEof
            | Kind::ConnectionReset
            | Kind::ConnectionAborted
            | Kind::BrokenPipe,
        ) => Trouble::Away(format!(
            "{host} ends the connection when TLS is begun: if it does not speak TLS, leave ssl and sslTrustStore out of source.db.url"
        )),
        (None, Kind::WouldBlock | Kind::TimedOut) => Trouble::Away(format!(
            "{host} does not answer when TLS is begun: if it does not speak TLS, leave ssl and sslTrustStore out of source.db.url"
        )),
        (None, _) => Trouble::away(host, error),
    }
}

fn reach(host: &Host) -> io::Result<TcpStream> {
    let mut failure = Error::new(ErrorKind::NotFound, "the host has no address");
    for address in (host.name.as_str(), host.port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECTING) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(QUIET))?;
    let keep = TcpKeepalive::new()
        .with_time(QUIET)
        .with_interval(BETWEEN)
        .with_retries(6);
    SockRef::from(stream).set_tcp_keepalive(&keep)
}

fn encrypted(
    stream: TcpStream,
    host: &Host,
    tls: &Arc<ClientConfig>,
) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let invalid = |why: String| Error::new(ErrorKind::InvalidData, why);
    let name = ServerName::try_from(host.name.clone())
        .map_err(|_| invalid("no certificate can be for such a host".to_owned()))?;
    let connection =
        ClientConnection::new(Arc::clone(tls), name).map_err(|error| invalid(error.to_string()))?;
    let mut stream = StreamOwned::new(connection, stream);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(stream)
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Open(stream) => stream.read(buffer),
            Self::Encrypted(stream) => stream.read(buffer),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Open(stream) => stream.write(bytes),
            Self::Encrypted(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Open(stream) => stream.flush(),
            Self::Encrypted(stream) => stream.flush(),
        }
    }
}

#[cfg(test)]
mod tests;
