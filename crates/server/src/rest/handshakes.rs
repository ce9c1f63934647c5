//! Handshakes of TLS. One that comes to nothing leaves a trace: a certificate that is missing or wrong, a client that trusts another
//! server, or that speaks no TLS.

use std::io;
use std::pin::Pin;
use std::sync::Arc;

use axum_server::accept::Accept;
use axum_server::tls_rustls::RustlsAcceptor;
use tokio::net::TcpStream;

use super::audit::Refusals;
use super::connections::Places;

/// Encrypts the connections that have a place.
#[derive(Clone)]
pub(super) struct Handshakes {
    encrypted: RustlsAcceptor<Places>,
    refusals: Arc<Refusals>,
}

impl Handshakes {
    pub(super) fn new(encrypted: RustlsAcceptor<Places>, refusals: Arc<Refusals>) -> Self {
        Self {
            encrypted,
            refusals,
        }
    }
}

impl<S: Send + 'static> Accept<TcpStream, S> for Handshakes {
    type Stream = <RustlsAcceptor<Places> as Accept<TcpStream, S>>::Stream;
    type Service = <RustlsAcceptor<Places> as Accept<TcpStream, S>>::Service;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let from = stream.peer_addr();
        let handshake = self.encrypted.accept(stream, service);
        let refusals = Arc::clone(&self.refusals);
        Box::pin(async move {
            let accepted = handshake.await;
            if let (Err(cause), Ok(from)) = (&accepted, from)
                && is_refusal(cause)
            {
                refusals.no_handshake(from, cause);
            }
            accepted
        })
    }
}

/// Whether one side has refused the other. Who says nothing, or goes away, as what only looks whether there is a server, has not been
/// refused, and that there was no place is told already.
fn is_refusal(cause: &io::Error) -> bool {
    let inner = cause.get_ref();
    inner.is_some_and(|inner| inner.is::<rustls::Error>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_tls_refuses_is_a_refusal() {
        let refused = rustls::Error::NoCertificatesPresented;
        assert!(is_refusal(&io::Error::new(
            io::ErrorKind::InvalidData,
            refused
        )));
        for kind in [
            io::ErrorKind::UnexpectedEof,
            io::ErrorKind::TimedOut,
            io::ErrorKind::ConnectionRefused,
        ] {
            assert!(!is_refusal(&kind.into()), "{kind}");
            assert!(!is_refusal(&io::Error::new(kind, "so")), "{kind}");
        }
    }
}
