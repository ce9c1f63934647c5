//! Whose program is at the other end of a connection that does not leave this machine: the kernel knows the user of every
//! socket. It is asked for the very one (`sock_diag`), and where it has no answer to that, or could not be asked, its tables
//! are read (`/proc/net/tcp`, `/proc/net/tcp6`).
//!
//! A socket that its program has closed belongs to nobody, and is shown as if it were root's: its number of an inode is 0,
//! and it is not taken for anybody's.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

/// The family of sockets that talk to the kernel (`AF_NETLINK`), and the part of it that tells about sockets.
const NETLINK: i32 = 16;
const SOCK_DIAG: i32 = 4;
/// `SOCK_DIAG_BY_FAMILY`: the kind of the question, and of its answer.
const BY_FAMILY: u16 = 20;
const HEADER: usize = 16;
/// The kernel answers at once.
const PATIENCE: Duration = Duration::from_secs(1);

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    /// The user of its program, where that is looked up and can be told.
    pub(crate) user: Option<u32>,
}

/// What is known of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Found {
    /// A state of TCP, in the kernel's numbers.
    state: u8,
    user: u32,
    /// 0: no program has it open.
    inode: u64,
}

impl Found {
    /// The user of a socket that a program has open and talks over.
    fn owner(self) -> Option<u32> {
        /// Established, both FIN-WAIT (the program sends no more, but reads), CLOSE-WAIT.
        const TALKING: [u8; 4] = [1, 4, 5, 8];
        (TALKING.contains(&self.state) && self.inode != 0).then_some(self.user)
    }
}

/// The user of the program that has connected from `peer` to `own`, both of this machine; `None`: it can't be told, or no
/// program has that socket any more.
pub(crate) fn user_of(peer: SocketAddr, own: SocketAddr) -> Option<u32> {
    known(ask(peer, own), peer, own).and_then(Found::owner)
}

/// What is known of the socket behind `peer`, once the kernel has `told` about it.
fn known(told: io::Result<Option<Found>>, peer: SocketAddr, own: SocketAddr) -> Option<Found> {
    match told {
        Ok(Some(found)) => {
            ANSWERS.store(true, Ordering::Relaxed);
            Some(found)
        }
        // "No such socket" and "no such question" are the same answer. Where others were answered it is the former, and the
        // tables, which may be long, need not be read.
        Ok(None) if ANSWERS.load(Ordering::Relaxed) => None,
        Ok(None) => look_up(peer, own),
        // A question that failed (too many open files, no memory, no answer in time) says nothing about the socket.
        Err(error) => {
            tracing::debug!("The kernel does not tell about the socket of {peer}: {error}");
            look_up(peer, own)
        }
    }
}

/// Whether the kernel has ever answered a question about a socket.
static ANSWERS: AtomicBool = AtomicBool::new(false);

/// Asks the kernel for one socket: that whose own end is `peer`. `None`: it knows none such.
fn ask(peer: SocketAddr, own: SocketAddr) -> io::Result<Option<Found>> {
    let protocol = Some(Protocol::from(SOCK_DIAG));
    let mut socket = Socket::new(Domain::from(NETLINK), Type::DGRAM, protocol)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.write_all(&question(peer, own))?;
    let mut answer = [0; 1024];
    let length = socket.read(&mut answer)?;
    let answer = answer.get(..length).unwrap_or_default();
    match trouble(answer) {
        Some(error) => Err(error),
        None => Ok(parse(answer, peer, own)),
    }
}

/// The error that the kernel answers (`nlmsgerr` behind a header), but for that by which it says that there is none such.
fn trouble(answer: &[u8]) -> Option<io::Error> {
    const ERROR: u16 = 2;
    /// `ENOENT`.
    const NONE_SUCH: i32 = 2;
    let kind = u16::from_ne_bytes(answer.get(4..6)?.try_into().ok()?);
    let negative = i32::from_ne_bytes(answer.get(HEADER..HEADER + 4)?.try_into().ok()?);
    let error = negative.checked_neg()?;
    (kind == ERROR && error != NONE_SUCH).then(|| io::Error::from_raw_os_error(error))
}

/// A header (`nlmsghdr`) and `inet_diag_req_v2`.
fn question(peer: SocketAddr, own: SocketAddr) -> Vec<u8> {
    const TCP: u8 = 6;
    const REQUEST: u16 = 1;
    const LENGTH: u32 = 72;
    let family = if peer.is_ipv4() { 2 } else { 10 };
    let mut bytes = Vec::with_capacity(72);
    bytes.extend(LENGTH.to_ne_bytes());
    bytes.extend(BY_FAMILY.to_ne_bytes());
    bytes.extend(REQUEST.to_ne_bytes());
    bytes.extend([1_u32, 0].map(u32::to_ne_bytes).concat());
    bytes.extend([family, TCP, 0, 0]);
    // In any state.
    bytes.extend(u32::MAX.to_ne_bytes());
    bytes.extend(peer.port().to_be_bytes());
    bytes.extend(own.port().to_be_bytes());
    bytes.extend(address_of(peer));
    bytes.extend(address_of(own));
    // On any interface, whatever its cookie is.
    bytes.extend([0, u32::MAX, u32::MAX].map(u32::to_ne_bytes).concat());
    bytes
}

fn address_of(address: SocketAddr) -> [u8; 16] {
    match address.ip() {
        IpAddr::V6(address) => address.octets(),
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        }
    }
}

/// The answer, `inet_diag_msg` behind a header; `None`: it is an error, or about another socket (one that listens, say).
fn parse(answer: &[u8], peer: SocketAddr, own: SocketAddr) -> Option<Found> {
    let (header, body) = answer.split_at_checked(HEADER)?;
    let kind = header.get(4..6)?.try_into().ok()?;
    if u16::from_ne_bytes(kind) != BY_FAMILY {
        return None;
    }
    let port = |from: usize| {
        Some(u16::from_be_bytes(
            body.get(from..from + 2)?.try_into().ok()?,
        ))
    };
    let number = |from: usize| {
        Some(u32::from_ne_bytes(
            body.get(from..from + 4)?.try_into().ok()?,
        ))
    };
    let is_it = port(4)? == peer.port() && port(6)? == own.port();
    is_it.then_some(Found {
        state: *body.get(1)?,
        user: number(64)?,
        inode: u64::from(number(68)?),
    })
}

/// Looks a socket up in the tables of the kernel. A program may use a socket of IPv6 to talk over IPv4.
fn look_up(peer: SocketAddr, own: SocketAddr) -> Option<Found> {
    ["/proc/net/tcp", "/proc/net/tcp6"].iter().find_map(|path| {
        let table = std::fs::read_to_string(path).ok()?;
        table.lines().find_map(|line| parse_row(line, peer, own))
    })
}

/// `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …`; `None`: it is another socket.
fn parse_row(line: &str, peer: SocketAddr, own: SocketAddr) -> Option<Found> {
    let mut columns = line.split_ascii_whitespace().skip(1);
    let is_same = |column: &str, address: SocketAddr| {
        let (ip, port) = parse_end(column)?;
        (ip == address.ip().to_canonical() && port == address.port()).then_some(())
    };
    is_same(columns.next()?, peer)?;
    is_same(columns.next()?, own)?;
    let state = u8::from_str_radix(columns.next()?, 16).ok()?;
    let user = columns.nth(3)?.parse().ok()?;
    let inode = columns.nth(1)?.parse().ok()?;
    Some(Found { state, user, inode })
}

/// `0100007F:1F91`: the words of the address in the order of bytes of this machine.
fn parse_end(column: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = column.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = Vec::with_capacity(16);
    for at in (0..address.len()).step_by(8) {
        let word = u32::from_str_radix(address.get(at..at + 8)?, 16).ok()?;
        bytes.extend(word.to_ne_bytes());
    }
    let ip = if let Ok(four) = <[u8; 4]>::try_from(bytes.as_slice()) {
        IpAddr::from(four)
    } else {
        let sixteen: [u8; 16] = bytes.try_into().ok()?;
        IpAddr::from(Ipv6Addr::from(sixteen)).to_canonical()
    };
    Some((ip, port))
}

#[cfg(test)]
mod tests;
