//! Who is there, before the first message: SASL as Thrift speaks it, a status and a payload with its length.

use std::io::{Read, Write};

use millstream_gssapi::{Guard, Keys};

use super::socket::Socket;
use crate::hive::trouble::Trouble;
use crate::hive::url::{Host, Kerberos};

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
        _ => {
            let said = said(&words);
            let why = match said.contains("Unsupported mechanism") {
                true => format!(
                    "it does not ask for user and password, but mostly for Kerberos (principal=hive/_HOST@REALM); it says: {said}"
                ),
                false => {
                    format!("it does not take user `{user}` with this password; it says: {said}")
                }
            };
            Err(Trouble::Login(why))
        }
    }
}

/// Logs in by Kerberos, and agrees on how messages are protected afterwards.
///
/// # Errors
/// The server or Kerberos refuses, or the server is away.
pub(super) fn kerberos(
    socket: &mut Socket,
    host: &Host,
    kerberos: &Kerberos,
    keys: &Keys,
) -> Result<Option<Guard>, Trouble> {
    let failed = |error| Trouble::of_kerberos(&error);
    let service = kerberos.on(host);
    let login = millstream_gssapi::Login::new(service.clone(), keys, kerberos.protection);
    let mut login = login.map_err(failed)?;
    let mut answer = login.step(&[]).map_err(failed)?;
    send(socket, START, b"GSSAPI")?;
    send(socket, GO_ON, &answer.message)?;
    loop {
        let (status, payload) = receive(socket)?;
        match status {
            GO_ON if !answer.is_last => {
                answer = login.step(&payload).map_err(failed)?;
                let status = if answer.is_last { COMPLETE } else { GO_ON };
                send(socket, status, &answer.message)?;
            }
            COMPLETE if answer.is_last => return Ok(login.guard()),
            _ => {
                let (who, said) = (login.who(), said(&payload));
                let why = format!("it does not take {who} at {service}; it says: {said}");
                let next = "see that principal= in source.db.url is the server's own (hive.server2.authentication.kerberos.principal; of a metastore \
                            hive.metastore.kerberos.principal), that its keytab has the newest key, and its log";
                return Err(Trouble::Kerberos { why, next });
            }
        }
    }
}

/// What the server says.
fn said(words: &[u8]) -> String {
    let words = String::from_utf8_lossy(words);
    let words = words.trim();
    let said = if words.is_empty() { "nothing" } else { words };
    said.to_owned()
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
        "it ends the connection at the login: it may ask for another authentication (auth=noSasl, principal=hive/_HOST@REALM for Kerberos), for TLS (ssl=true) or for \
         HTTP (transportMode=http)"
            .to_owned(),
    )
}

#[cfg(test)]
mod tests;
