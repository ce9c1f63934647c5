//! Who is there, before the first message: SASL as Thrift speaks it, a status and a payload with its length.

use std::io::{Read, Write};

use super::socket::Socket;
use crate::hive::trouble::Trouble;

const START: u8 = 1;
const GO_ON: u8 = 2;
const BAD: u8 = 3;
const ERROR: u8 = 4;
const COMPLETE: u8 = 5;

/// A server has few words to say about a login.
const LONGEST: u32 = 1 << 20;

/// Logs in by user and password.
///
/// # Errors
/// The server does not take them, speaks otherwise, or is away.
pub(super) fn plain(socket: &mut Socket, user: &str, password: &str) -> Result<(), Trouble> {
    send(socket, START, b"PLAIN")?;
    send(socket, GO_ON, format!("\0{user}\0{password}").as_bytes())?;
    let (status, words) = receive(socket)?;
    match status {
        COMPLETE => Ok(()),
        _ => Err(refusal(&words, user)),
    }
}

fn refusal(words: &[u8], user: &str) -> Trouble {
    let words = String::from_utf8_lossy(words);
    let words = words.trim();
    let said = if words.is_empty() { "nothing" } else { words };
    Trouble::Login(format!(
        "it does not take user `{user}` with this password; it says: {said}"
    ))
}

fn send(socket: &mut Socket, status: u8, payload: &[u8]) -> Result<(), Trouble> {
    let mut message = vec![status];
    message.extend_from_slice(&(payload.len() as u32).to_be_bytes());
    message.extend_from_slice(payload);
    let sent = socket.write_all(&message).and_then(|()| socket.flush());
    sent.map_err(|error| Trouble::broken(&error))
}

fn receive(socket: &mut Socket) -> Result<(u8, Vec<u8>), Trouble> {
    let mut head = [0; 5];
    let read = socket.read_exact(&mut head);
    read.map_err(|error| match error.kind() {
        // A server that expects something else mostly hangs up.
        std::io::ErrorKind::UnexpectedEof => otherwise(),
        _ => Trouble::broken(&error),
    })?;
    let [status, length @ ..] = head;
    let length = u32::from_be_bytes(length);
    if !matches!(status, GO_ON | BAD | ERROR | COMPLETE) || length > LONGEST {
        return Err(otherwise());
    }
    let mut payload = vec![0; length as usize];
    let read = socket.read_exact(&mut payload);
    read.map_err(|error| Trouble::broken(&error))?;
    Ok((status, payload))
}

fn otherwise() -> Trouble {
    Trouble::Login(
        "it ends the connection at the login: it may ask for another authentication (auth=noSasl), for TLS (ssl=true) or for \
         HTTP (transportMode=http)"
            .to_owned(),
    )
}
