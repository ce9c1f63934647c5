//! Connections: how many may be open at once, of all and of one client, whose they are, how many may be in the middle of a
//! request, and how long a client may take to read what it has asked for. Whoever opens more than there are places is hung up on, so that clients can't take the files
//! that the server needs for its jobs.

mod farewell;
mod oldest;

use std::collections::HashMap;
use std::future::{Ready, ready};
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Extension;
use axum::middleware::AddExtension;
use axum_server::accept::Accept;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tower_layer::Layer;

use super::audit::Refusals;
use crate::peers::{self, Peer};
use farewell::Farewell;
use oldest::{Wait, Waits};

/// A client that reads nothing of its answer for so long is given up.
const READING_PATIENCE: Duration = Duration::from_secs(30);
/// So many bytes of an answer that is not read the system keeps (it doubles the number). Without a limit it keeps some megabytes of
/// each, and filling them is most of the work that clients can make by reading nothing.
const UNREAD_BYTES: usize = 128 << 10;
/// So many connections may wait at once for their clients to read.
const MOST_UNREAD: usize = 128;
/// So many may have asked for something and not been answered. Each of them has buffers, some 14 kB.
const MOST_UNANSWERED: usize = 2_048;
/// Whoever has sent more than any head of a request may have is sending its body.
const LONGEST_HEAD: usize = 64 << 10;

/// Takes so many connections.
#[derive(Clone)]
pub(super) struct Places {
    taken: Arc<Mutex<Taken>>,
    most: usize,
    refusals: Arc<Refusals>,
    unread: Waits,
    unanswered: Waits,
}

/// The connections that are open, and how many each client has of them.
#[derive(Debug, Default)]
struct Taken {
    all: usize,
    of: HashMap<Client, usize>,
}

/// Who shares a limit: a user of this machine, or an address. Whoever has one address of IPv6 has some 2^64 of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Client {
    User(u32),
    Address(IpAddr),
}

impl Client {
    fn of(peer: Peer) -> Self {
        match (peer.user, peer.address.ip().to_canonical()) {
            (Some(user), _) => Self::User(user),
            (None, IpAddr::V6(address)) => {
                let network = u128::from(address) >> 64 << 64;
                Self::Address(Ipv6Addr::from(network).into())
            }
            (None, address) => Self::Address(address),
        }
    }
}

impl Places {
    /// `most` places, of which one client can't have all.
    pub(super) fn new(most: usize, refusals: Arc<Refusals>) -> Self {
        Self {
            taken: Arc::default(),
            most,
            refusals,
            unread: Waits::new(MOST_UNREAD),
            unanswered: Waits::new(MOST_UNANSWERED),
        }
    }

    /// So many may be those of one client.
    const fn most_of_one(&self) -> usize {
        let share = self.most / 4 * 3;
        if share == 0 { 1 } else { share }
    }

    fn take(&self, client: Client) -> Result<Place, &'static str> {
        let mut taken = lock(&self.taken);
        if taken.all >= self.most {
            return Err("too many are open");
        }
        let of_client = taken.of.entry(client).or_default();
        if *of_client >= self.most_of_one() {
            return Err("too many of this client are open");
        }
        *of_client += 1;
        taken.all += 1;
        Ok(Place {
            taken: Arc::clone(&self.taken),
            client,
        })
    }
}

/// Who is at the other end. Users of this machine share its addresses, so they are told apart also where that is not needed to know
/// who may ask: else one of them could have the places of all.
fn peer(stream: &TcpStream) -> io::Result<Peer> {
    let (address, own) = (stream.peer_addr()?, stream.local_addr()?);
    let is_here = address.ip().to_canonical().is_loopback() || address.ip() == own.ip();
    let user = if is_here {
        peers::user_of(address, own)
    } else {
        None
    };
    Ok(Peer { address, user })
}

fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One place, until it is dropped.
struct Place {
    taken: Arc<Mutex<Taken>>,
    client: Client,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.all = taken.all.saturating_sub(1);
        if let Some(of_client) = taken.of.get_mut(&self.client) {
            *of_client = of_client.saturating_sub(1);
            if *of_client == 0 {
                taken.of.remove(&self.client);
            }
        }
    }
}

impl<S> Accept<TcpStream, S> for Places {
    type Stream = Placed;
    /// Every request knows the [`Peer`] that it comes from.
    type Service = AddExtension<S, Peer>;
    type Future = Ready<io::Result<(Placed, Self::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let limited = SockRef::from(&stream).set_send_buffer_size(UNREAD_BYTES);
        let peer = match limited.and_then(|()| peer(&stream)) {
            Ok(peer) => peer,
            Err(gone) => return ready(Err(gone)),
        };
        ready(match self.take(Client::of(peer)) {
            Ok(place) => {
                let placed = Placed::new(stream, place, READING_PATIENCE, self);
                Ok((placed, Extension(peer).layer(service)))
            }
            Err(why) => {
                self.refusals.no_place(peer.address, why);
                Err(io::Error::from(io::ErrorKind::ConnectionRefused))
            }
        })
    }
}

/// A connection that has a place until it is closed.
pub(super) struct Placed {
    stream: TcpStream,
    patience: Duration,
    unread: Waits,
    /// Since when the client has read nothing; `None`: nothing waits for it to read.
    stuck: Option<Stuck>,
    unanswered: Waits,
    /// Since when a request has been coming; `None`: none is, or it is its body that comes.
    asking: Option<Wait>,
    /// So many bytes have come since the last were written.
    asked: usize,
    /// All that is said is said, and the client may still send.
    farewell: Option<Farewell>,
    _place: Place,
}

/// A wait for a client to read.
struct Stuck {
    /// Ends when the client has read nothing for too long.
    patience: Pin<Box<Sleep>>,
    /// Ends before that where too many wait.
    wait: Wait,
}

impl Placed {
    fn new(stream: TcpStream, place: Place, patience: Duration, places: &Places) -> Self {
        Self {
            stream,
            patience,
            unread: places.unread.clone(),
            stuck: None,
            unanswered: places.unanswered.clone(),
            asking: None,
            asked: 0,
            farewell: None,
            _place: place,
        }
    }

    /// What has come of reading `length` bytes; where too many others have asked for something since, that is an error.
    fn among_others(
        &mut self,
        context: &mut Context<'_>,
        read: Poll<io::Result<()>>,
        length: usize,
    ) -> Poll<io::Result<()>> {
        self.asked = self.asked.saturating_add(length);
        if self.asked > LONGEST_HEAD {
            self.asking = None;
        } else if length > 0 && self.asking.is_none() {
            self.asking = Some(self.unanswered.begin(context.waker()));
        }
        let is_given_up = |asking: &Wait| !asking.goes_on(context.waker());
        if read.is_pending() && self.asking.as_ref().is_some_and(is_given_up) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }

    /// An answer is on its way.
    fn answers(&mut self) {
        self.asking = None;
        self.asked = 0;
    }

    /// What has come of writing; where nothing could be written for too long, or too many wait, that is an error.
    fn in_time<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stuck = None;
            return written;
        }
        let stuck = self.stuck.get_or_insert_with(|| Stuck {
            patience: Box::pin(tokio::time::sleep(self.patience)),
            wait: self.unread.begin(context.waker()),
        });
        if stuck.wait.goes_on(context.waker()) && stuck.patience.as_mut().poll(context).is_pending()
        {
            return Poll::Pending;
        }
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Placed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let length = buffer.filled().len() - before;
        self.among_others(context, read, length)
    }
}

impl AsyncWrite for Placed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.answers();
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.in_time(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.answers();
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.in_time(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.farewell.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
        }
        let Self {
            stream, farewell, ..
        } = &mut *self;
        let farewell = farewell.get_or_insert_with(Farewell::begin);
        farewell.poll(stream, context).map(Ok)
    }
}

#[cfg(test)]
mod tests;
