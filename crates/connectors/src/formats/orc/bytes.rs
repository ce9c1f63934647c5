//! Bytes and bits in runs.

use super::index::Mark;

/// A run of one byte is from so many on.
const SHORTEST: usize = 3;
/// The most bytes of such a run.
const LONGEST: usize = 130;
/// The most bytes that are written as they are behind one header.
const PLAIN: usize = 128;
/// So many bytes are looked at together.
const TOGETHER: usize = 1024;

/// Bytes of one stream.
#[derive(Debug, Default)]
pub(super) struct Bytes {
    waiting: Vec<u8>,
    out: Vec<u8>,
}

impl Bytes {
    pub(super) fn push(&mut self, byte: u8) {
        self.waiting.push(byte);
        if self.waiting.len() == TOGETHER {
            self.flush();
        }
    }

    pub(super) fn size(&self) -> usize {
        self.out.len() + self.waiting.len()
    }

    /// Where the next byte is written: a run begins with it.
    pub(super) fn mark(&mut self) -> Mark {
        self.flush();
        Mark::Run(self.out.len())
    }

    /// The stream; the next byte begins another one.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.flush();
        std::mem::take(&mut self.out)
    }

    fn flush(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let mut plain = Vec::with_capacity(PLAIN);
        for run in waiting.chunk_by(|one, next| one == next) {
            for run in run.chunks(LONGEST) {
                let byte = run.first().copied().unwrap_or_default();
                if run.len() < SHORTEST {
                    plain.extend_from_slice(run);
                    continue;
                }
                self.plain(&mut plain);
                self.out.push((run.len() - SHORTEST) as u8);
                self.out.push(byte);
            }
        }
        self.plain(&mut plain);
    }

    fn plain(&mut self, plain: &mut Vec<u8>) {
        for bytes in plain.chunks(PLAIN) {
            self.out.push((bytes.len() as u8).wrapping_neg());
            self.out.extend_from_slice(bytes);
        }
        plain.clear();
    }
}

/// Bits of one stream, the highest of a byte first.
#[derive(Debug, Default)]
pub(super) struct Bits {
    bytes: Bytes,
    byte: u8,
    held: u8,
}

impl Bits {
    pub(super) fn push(&mut self, bit: bool) {
        self.byte = self.byte << 1 | u8::from(bit);
        self.held += 1;
        if self.held == 8 {
            self.bytes.push(self.byte);
            self.held = 0;
        }
    }

    pub(super) fn size(&self) -> usize {
        self.bytes.size() + 1
    }

    /// Where the next bit is written: a run begins with its byte.
    pub(super) fn mark(&mut self) -> Mark {
        self.bytes.flush();
        Mark::Bits(self.bytes.out.len(), self.held)
    }

    /// The stream; the next bit begins another one.
    pub(super) fn take(&mut self) -> Vec<u8> {
        if self.held > 0 {
            self.bytes.push(self.byte << (8 - self.held));
            self.held = 0;
        }
        self.bytes.take()
    }
}
