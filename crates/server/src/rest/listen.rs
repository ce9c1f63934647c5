//! Connections: accepting them, their limits, and their end.

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Handle, Server};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use millstream_core::{Error, Result, codes};

use super::audit::Refusals;
use super::connections::Places;
use super::handshakes::Handshakes;
use super::settings::RestSettings;
use super::{router, tls};
use crate::limits;
use crate::registry::Registry;

/// The most headers of a request.
const HEADERS: usize = 100;
/// About the most bytes of headers: a request is refused once more than these have come without their end.
const HEADER_BYTES: usize = 64 << 10;
/// Requests that are being answered when the server ends have so long.
const LAST_REQUESTS: Duration = Duration::from_secs(2);

/// What serves until `shutdown` is over; requests that are being answered then are answered. That the listener and the files of TLS can
/// be used is known before anything is waited for. To be called on a runtime.
///
/// # Errors
/// The listener can't be used, or the files of TLS can't be read.
pub fn serve(
    listener: TcpListener,
    registry: Registry,
    settings: RestSettings,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<impl Future<Output = Result<()>>> {
    let encryption = settings.tls.as_ref().map(tls::configuration).transpose()?;
    let encryption = encryption.map(|tls| RustlsConfig::from_config(Arc::new(tls)));
    let server = axum_server::from_tcp(listener).map_err(failed)?;
    Ok(answer(server, encryption, registry, settings, shutdown))
}

async fn answer(
    server: Server<SocketAddr>,
    encryption: Option<RustlsConfig>,
    registry: Registry,
    settings: RestSettings,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let head_patience = settings.patience.head;
    let refusals = Arc::new(Refusals::default());
    let places = Places::new(limits::connections(), Arc::clone(&refusals));
    let service = router(registry, settings, Arc::clone(&refusals)).into_make_service();
    let handle = Handle::new();
    tokio::spawn(end(handle.clone(), shutdown));
    let served = match encryption {
        None => {
            let mut server = server.acceptor(places).http1_only().handle(handle);
            limit(server.http_builder(), head_patience);
            server.serve(service).await
        }
        Some(encryption) => {
            let encrypted = RustlsAcceptor::new(encryption).acceptor(places);
            let encrypted = Handshakes::new(encrypted, refusals);
            let mut server = server.acceptor(encrypted).http1_only().handle(handle);
            limit(server.http_builder(), head_patience);
            server.serve(service).await
        }
    };
    served.map_err(failed)
}

async fn end(handle: Handle<SocketAddr>, shutdown: impl Future<Output = ()>) {
    shutdown.await;
    handle.graceful_shutdown(Some(LAST_REQUESTS));
}

/// A client that takes longer than `head_patience` to send its headers is given up; so is a connection that lies idle so long.
fn limit(builder: &mut Builder<TokioExecutor>, head_patience: Duration) {
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(head_patience)
        .max_headers(HEADERS)
        .max_buf_size(HEADER_BYTES);
}

fn failed(cause: std::io::Error) -> Error {
    Error::new(&codes::SERVER_ADDRESS, "the server can't take connections").cause(cause)
}
