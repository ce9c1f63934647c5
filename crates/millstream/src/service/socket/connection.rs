//! One server that is connected.

use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use millstream_protocol::link::ToJob;
use mio::net::UnixStream;

use crate::service::state::{Present, SharedState};

/// Changes are told together that come within this time, but for those that somebody waits for.
const TOGETHER: Duration = Duration::from_millis(20);
/// A request is longer than this only by mistake.
const LONGEST_LINE: usize = 1 << 20;
/// A report of a small job is no longer than this.
const REPORT: usize = 8 << 10;

/// A connection, of which nothing waits for the other side.
pub(super) struct Connection {
    stream: UnixStream,
    /// What has come of a line that is not whole.
    heard: Vec<u8>,
    /// Whether what comes is understood.
    hears: bool,
    /// What is being told.
    telling: Vec<u8>,
    /// So much of it was taken by the other side.
    taken: usize,
    /// The version that was told last.
    told: u64,
    /// Nothing more is told before.
    rests_until: Instant,
}

/// The other side is gone.
#[derive(Debug)]
pub(super) struct Gone;

impl Connection {
    pub(super) fn new(stream: UnixStream, at: Instant) -> Self {
        Self {
            stream,
            heard: Vec::new(),
            hears: true,
            telling: Vec::new(),
            taken: 0,
            told: 0,
            rests_until: at,
        }
    }

    /// Takes what has come, and passes each message to `obey`.
    pub(super) fn hear(&mut self, mut obey: impl FnMut(ToJob)) -> Result<(), Gone> {
        let mut buffer = [0; 4_096];
        while self.hears {
            let length = match self.stream.read(&mut buffer) {
                Ok(0) => return Err(Gone),
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return Err(Gone),
            };
            let come = buffer.get(..length).unwrap_or_default();
            for piece in come.split_inclusive(|byte| *byte == b'\n') {
                self.heard.extend_from_slice(piece);
                if piece.ends_with(b"\n") || self.heard.len() > LONGEST_LINE {
                    self.understand(&mut obey);
                }
            }
        }
        Ok(())
    }

    /// Takes the line that is whole. Nothing behind one that makes no sense is looked at.
    fn understand(&mut self, obey: &mut impl FnMut(ToJob)) {
        let line = std::mem::take(&mut self.heard);
        if !self.hears {
            return;
        }
        match serde_json::from_slice(&line) {
            Ok(message) => obey(message),
            Err(error) => {
                tracing::warn!("What the server said was not understood: {error}");
                self.hears = false;
            }
        }
    }

    /// How long it takes until something is to be told; `None`: nothing is, or the other side takes nothing now.
    pub(super) fn tells_in(&self, present: Present, at: Instant) -> Option<Duration> {
        let waits = self.telling.is_empty() && present.version > self.told;
        waits.then(|| match self.is_awaited(present) {
            true => Duration::ZERO,
            false => self.rests_until.saturating_duration_since(at),
        })
    }

    /// Whether what is not told yet is told at once.
    fn is_awaited(&self, present: Present) -> bool {
        present.is_closed || present.awaited > self.told
    }

    /// Tells what has changed, as far as the other side takes it.
    pub(super) fn tell(
        &mut self,
        state: &SharedState,
        present: Present,
        at: Instant,
    ) -> Result<(), Gone> {
        self.go_on()?;
        let rests = at < self.rests_until && !self.is_awaited(present);
        if !self.telling.is_empty() || present.version == self.told || rests {
            return Ok(());
        }
        self.telling.reserve(REPORT);
        let version = state.write_newest(&mut self.telling).map_err(|error| {
            tracing::error!("A report can't be written: {error}");
            Gone
        })?;
        self.telling.push(b'\n');
        self.told = version;
        self.rests_until = at + TOGETHER;
        self.go_on()
    }

    /// Goes on with what is being told.
    fn go_on(&mut self) -> Result<(), Gone> {
        loop {
            let rest = self.telling.get(self.taken..).unwrap_or_default();
            if rest.is_empty() {
                self.telling.clear();
                self.telling.shrink_to(REPORT);
                self.taken = 0;
                return Ok(());
            }
            match self.stream.write(rest) {
                Ok(length) => self.taken += length,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => {
                    tracing::debug!("the server is gone: {error}");
                    return Err(Gone);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
