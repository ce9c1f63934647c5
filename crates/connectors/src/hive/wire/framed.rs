//! Messages over a connection of their own: each with its length before it, or bare.

use std::io::{self, BufRead, BufReader, Error, ErrorKind, Read, Write};

use millstream_gssapi::Guard;

use super::Carrier;
use super::socket::Socket;
use crate::hive::trouble::Trouble;

/// The longest frame. Thrift's lengths are signed.
const LONGEST: u32 = i32::MAX as u32;

/// Frames with their length before them, as they are spoken behind a login.
pub(super) struct Framed<S> {
    frames: Frames<S>,
}

/// The bytes of one frame after the other.
struct Frames<S> {
    socket: S,
    frame: Vec<u8>,
    /// How many bytes of the frame are taken.
    taken: usize,
    /// What protects messages behind a login by Kerberos, where that was agreed on.
    guard: Option<Guard>,
}

impl<S: Read + Write> Framed<S> {
    pub(super) fn new(socket: S, guard: Option<Guard>) -> Self {
        Self {
            frames: Frames {
                socket,
                frame: Vec::new(),
                taken: 0,
                guard,
            },
        }
    }
}

impl<S: Read> Frames<S> {
    /// Reads the next frame. Memory grows with what arrives, not with what was announced.
    fn next(&mut self) -> io::Result<()> {
        let mut length = [0; 4];
        self.socket.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length);
        if length > LONGEST {
            let message = "what answers is no HiveServer2 that is spoken with in this way";
            return Err(Error::new(ErrorKind::InvalidData, message));
        }
        self.frame.clear();
        self.taken = 0;
        let read = (&mut self.socket)
            .take(u64::from(length))
            .read_to_end(&mut self.frame)?;
        if read != length as usize {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        if let Some(guard) = &mut self.guard {
            let frame = guard.unwrap(&self.frame);
            self.frame = frame.map_err(|why| Error::new(ErrorKind::InvalidData, why))?;
        }
        Ok(())
    }
}

impl<S: Read> Read for Frames<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<S: Read> BufRead for Frames<S> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        // A frame may hold nothing.
        while self.taken >= self.frame.len() {
            self.next()?;
        }
        Ok(self.frame.get(self.taken..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.taken = self.taken.saturating_add(amount).min(self.frame.len());
    }
}

impl<S: Read + Write + Send> Carrier for Framed<S> {
    fn send(&mut self, message: &[u8]) -> Result<(), Trouble> {
        let wrapped = self.frames.guard.as_mut().map(|guard| guard.wrap(message));
        let wrapped = wrapped.transpose();
        let wrapped =
            wrapped.map_err(|why| Trouble::Away(format!("a message can't be protected: {why}")))?;
        let message = wrapped.as_deref().unwrap_or(message);
        // What is left of an answer that was not read to its end is none of the next one.
        self.frames.taken = self.frames.frame.len();
        let mut bytes = Vec::with_capacity(message.len() + 4);
        bytes.extend_from_slice(&(message.len() as u32).to_be_bytes());
        bytes.extend_from_slice(message);
        let socket = &mut self.frames.socket;
        let sent = socket.write_all(&bytes).and_then(|()| socket.flush());
        sent.map_err(|error| Trouble::broken(&error))
    }

    fn answer(&mut self) -> &mut dyn BufRead {
        &mut self.frames
    }
}

/// Bare messages, as they are spoken where nobody logs in.
pub(super) struct Plain {
    reader: BufReader<Socket>,
}

impl Plain {
    pub(super) fn new(reader: BufReader<Socket>) -> Self {
        Self { reader }
    }
}

impl Carrier for Plain {
    fn send(&mut self, message: &[u8]) -> Result<(), Trouble> {
        let socket = self.reader.get_mut();
        let sent = socket.write_all(message).and_then(|()| socket.flush());
        sent.map_err(|error| Trouble::broken(&error))
    }

    fn answer(&mut self) -> &mut dyn BufRead {
        &mut self.reader
    }
}

#[cfg(test)]
mod tests;
