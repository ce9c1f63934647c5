//! Messages over HTTP: each is a POST, on a connection that stays for as long as the server, or who stands before it, has it stay.

use std::io::{BufRead, BufReader, Cursor, Error, ErrorKind, Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use millstream_gssapi::{Keys, Service, token};

use super::socket::Socket;
use super::{Carrier, Place};
use crate::hive::options::Login;
use crate::hive::trouble::Trouble;
use crate::hive::url::Auth;

/// A line of a head, and all of it, at most.
const LONGEST_LINE: u64 = 64 << 10;
const MOST_LINES: usize = 200;
/// The longest body.
const LONGEST_BODY: u64 = i32::MAX as u64;

/// The cookie by which a server knows who has shown a ticket.
const KNOWS_US: &str = "hive.server2.auth";

/// Messages over HTTP.
pub(super) struct Http {
    reader: BufReader<Socket>,
    /// Where the next connection goes.
    place: Place,
    /// The last answer was the last one of its connection.
    is_over: bool,
    /// What every request begins with, without the length.
    head: String,
    /// Whom a ticket is shown to where it is asked for, and whose keys it is got with.
    negotiates: Option<(Service, Keys)>,
    user: String,
    /// What the server gave to be shown again.
    cookies: Vec<(String, String)>,
    body: Cursor<Vec<u8>>,
}

/// What was answered, without its body.
#[derive(Debug, Default, PartialEq, Eq)]
struct Answer {
    status: u16,
    length: Option<u64>,
    chunked: bool,
    /// The connection ends with it.
    is_last: bool,
    cookies: Vec<(String, String)>,
}

impl Http {
    pub(super) fn new(socket: Socket, place: Place, path: &str, login: &Login) -> Self {
        let (host, url) = (&place.host, &place.url);
        let negotiates = match &url.auth {
            Auth::Kerberos(kerberos) => Some((kerberos.on(host), login.keys.clone())),
            _ => None,
        };
        let mut head = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-thrift\r\nAccept: application/x-thrift\r\n\
             User-Agent: millstream\r\nX-XSRF-HEADER: true\r\n"
        );
        if negotiates.is_none() {
            head.push_str(&authorization(login));
        }
        for (name, value) in &url.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        Self {
            reader: BufReader::new(socket),
            place,
            is_over: false,
            head,
            negotiates,
            user: login.user.clone(),
            cookies: Vec::new(),
            body: Cursor::default(),
        }
    }

    /// Connects anew where the connection has ended behind an answer: nothing has been asked over it then that might be done twice.
    fn go_on(&mut self) -> Result<(), Trouble> {
        if self.is_over || self.reader.get_mut().has_ended() {
            self.reader = BufReader::new(self.place.open()?);
            self.is_over = false;
        }
        Ok(())
    }

    /// Asks; a server that does not know us any more is shown a ticket.
    fn ask(&mut self, message: &[u8]) -> Result<Answer, Trouble> {
        let odd = |error: Error| match error.kind() {
            ErrorKind::InvalidData => Trouble::Login(format!("it does not speak HTTP: {error}")),
            _ => Trouble::broken(&error),
        };
        let Some((service, keys)) = self.negotiates.clone() else {
            self.go_on()?;
            return self.exchange(message, "").map_err(odd);
        };
        if self.cookies.iter().any(|(name, _)| name == KNOWS_US) {
            self.go_on()?;
            let answer = self.exchange(message, "").map_err(odd)?;
            if answer.status != 401 {
                return Ok(answer);
            }
            self.cookies.retain(|(name, _)| name != KNOWS_US);
        }
        let ticket = token(&service, &keys).map_err(|error| Trouble::of_kerberos(&error))?;
        let shown = format!("Authorization: Negotiate {}\r\n", STANDARD.encode(ticket));
        self.go_on()?;
        let answer = self.exchange(message, &shown).map_err(odd)?;
        if !matches!(answer.status, 401 | 403) {
            return Ok(answer);
        }
        let who = keys.who().unwrap_or_default();
        let why = format!(
            "it does not take {who} at {service}: it answers with HTTP {}",
            answer.status
        );
        let next = "see that principal= in source.db.url is the server's own, that its keytab has the newest key, and its log";
        Err(Trouble::Kerberos { why, next })
    }

    fn exchange(&mut self, message: &[u8], shown: &str) -> Result<Answer, Error> {
        let mut request = self.head.clone();
        request.push_str(shown);
        if !self.cookies.is_empty() {
            let cookies: Vec<String> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request.push_str(&format!("Cookie: {}\r\n", cookies.join("; ")));
        }
        request.push_str(&format!("Content-Length: {}\r\n\r\n", message.len()));
        let mut bytes = request.into_bytes();
        bytes.extend_from_slice(message);
        let socket = self.reader.get_mut();
        socket.write_all(&bytes)?;
        socket.flush()?;
        let answer = head(&mut self.reader)?;
        let mut body = std::mem::take(&mut self.body).into_inner();
        body.clear();
        read_body(&mut self.reader, &answer, &mut body)?;
        self.body = Cursor::new(body);
        self.is_over = answer.is_last;
        Ok(answer)
    }
}

impl Carrier for Http {
    fn send(&mut self, message: &[u8]) -> Result<(), Trouble> {
        let answer = self.ask(message)?;
        for (name, value) in answer.cookies {
            self.cookies.retain(|(known, _)| *known != name);
            self.cookies.push((name, value));
        }
        match answer.status {
            200 => Ok(()),
            401 | 403 => Err(Trouble::Login(format!(
                "it does not take user `{}`: it answers with HTTP {}",
                self.user, answer.status
            ))),
            404 | 405 => Err(Trouble::Login(
                "there is no HiveServer2 at this path: give httpPath as in hive.server2.thrift.http.path".to_owned(),
            )),
            status => Err(Trouble::Away(format!("it answers with HTTP {status}"))),
        }
    }

    fn answer(&mut self) -> &mut dyn BufRead {
        &mut self.body
    }
}

/// How user and password, or a token, are shown.
fn authorization(login: &Login) -> String {
    let shown = match &login.token {
        Some(token) => format!("Bearer {token}"),
        None => {
            let pair = format!("{}:{}", login.user, login.password);
            format!("Basic {}", STANDARD.encode(pair))
        }
    };
    format!("Authorization: {shown}\r\n")
}

fn invalid(why: &str) -> Error {
    Error::new(ErrorKind::InvalidData, why)
}

fn line(reader: &mut impl BufRead) -> Result<String, Error> {
    let mut line = Vec::new();
    reader.take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    match line.pop() {
        Some(b'\n') => {}
        _ => return Err(invalid("a line has no end")),
    }
    let line = String::from_utf8_lossy(&line);
    Ok(line.trim_end().to_owned())
}

/// Reads the head of an answer.
fn head(reader: &mut impl BufRead) -> Result<Answer, Error> {
    let first = line(reader)?;
    let mut words = first.split_whitespace();
    let version = words.next().filter(|word| word.starts_with("HTTP/1."));
    let status = words.next().and_then(|word| word.parse().ok());
    let (Some(version), Some(status)) = (version, status) else {
        return Err(invalid("the first line is none of HTTP"));
    };
    let mut answer = Answer {
        status,
        is_last: version == "HTTP/1.0",
        ..Answer::default()
    };
    for _ in 0..MOST_LINES {
        let line = line(reader)?;
        if line.is_empty() {
            return Ok(answer);
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => {
                let length = value
                    .parse()
                    .map_err(|_| invalid("a length is no number"))?;
                answer.length = Some(length);
            }
            "connection" => {
                let mut words = value
                    .split(',')
                    .map(|word| word.trim().to_ascii_lowercase());
                answer.is_last = words.any(|word| word == "close")
                    || answer.is_last && !value.to_ascii_lowercase().contains("keep-alive");
            }
            "transfer-encoding" => answer.chunked = value.eq_ignore_ascii_case("chunked"),
            "set-cookie" => {
                let cookie = value.split(';').next().unwrap_or_default();
                if let Some((name, value)) = cookie.split_once('=') {
                    answer
                        .cookies
                        .push((name.trim().to_owned(), value.trim().to_owned()));
                }
            }
            _ => {}
        }
    }
    Err(invalid("a head has no end"))
}

/// Reads the body of an answer.
fn read_body(reader: &mut impl BufRead, answer: &Answer, body: &mut Vec<u8>) -> Result<(), Error> {
    if !answer.chunked {
        return match answer.length {
            None if answer.is_last => to_end(reader, body),
            length => piece(reader, length.unwrap_or(0), body),
        };
    }
    loop {
        let size = line(reader)?;
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).map_err(|_| invalid("a chunk has no length"))?;
        if size == 0 {
            // What may stand behind the last chunk ends with an empty line.
            while !line(reader)?.is_empty() {}
            return Ok(());
        }
        piece(reader, size, body)?;
        if !line(reader)?.is_empty() {
            return Err(invalid("a chunk is longer than it said"));
        }
    }
}

/// A body whose end is that of the connection.
fn to_end(reader: &mut impl BufRead, body: &mut Vec<u8>) -> Result<(), Error> {
    let read = reader.take(LONGEST_BODY + 1).read_to_end(body)?;
    match read as u64 > LONGEST_BODY {
        true => Err(invalid("an answer is longer than 2 GB")),
        false => Ok(()),
    }
}

fn piece(reader: &mut impl BufRead, length: u64, body: &mut Vec<u8>) -> Result<(), Error> {
    if length.saturating_add(body.len() as u64) > LONGEST_BODY {
        return Err(invalid("an answer is longer than 2 GB"));
    }
    let read = reader.take(length).read_to_end(body)?;
    match read as u64 == length {
        true => Ok(()),
        false => Err(ErrorKind::UnexpectedEof.into()),
    }
}

#[cfg(test)]
mod tests;
