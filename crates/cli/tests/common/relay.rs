//! Stands between a program and a server, and cuts their connections.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// Connections that are there.
type Ends = Arc<Mutex<Vec<TcpStream>>>;

/// Hands on what it is sent, in both directions.
pub(crate) struct Relay {
    port: u16,
    ends: Ends,
}

impl Relay {
    /// Stands before the server at `host:port`.
    pub(crate) fn before(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let ends = Ends::default();
        let (server, all) = (server.to_owned(), Arc::clone(&ends));
        thread(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // Whoever asks for a server that is away is hung up on.
                if let Ok(server) = TcpStream::connect(&server) {
                    hand_on(&client, &server, &all);
                }
            }
        });
        Self { port, ends }
    }

    /// Where the program finds it.
    pub(crate) fn address(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// Cuts the connections that there are. New ones can be made.
    pub(crate) fn cut(&self) {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        for end in ends.drain(..) {
            // It may have ended.
            drop(end.shutdown(Shutdown::Both));
        }
    }
}

fn hand_on(client: &TcpStream, server: &TcpStream, all: &Ends) {
    let copy = |end: &TcpStream| end.try_clone().expect("a file");
    let mut ends = all.lock().unwrap_or_else(PoisonError::into_inner);
    ends.extend([copy(client), copy(server)]);
    for (from, to) in [(client, server), (server, client)] {
        let (mut from, mut to) = (copy(from), copy(to));
        thread(move || {
            drop(io::copy(&mut from, &mut to));
            drop(to.shutdown(Shutdown::Both));
        });
    }
}

fn thread(body: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().spawn(body).expect("a thread");
}
