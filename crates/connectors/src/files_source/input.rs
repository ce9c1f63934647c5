//! The bytes of one file as a stream: decompressed, and decoded where that has to come first.

use std::io::{self, BufRead, BufReader, Read, Take};

use flate2::bufread::GzDecoder;

use super::charset::Reading;
use super::decoding::Decoding;
pub(crate) use super::failure::InputError;
use super::listing::{Compression, FoundFile, Identity};
use super::opened::{Access, Opened};
use super::remote;
use super::skipping::Skipping;

/// Counts the bytes that are taken from the file.
struct Counted {
    file: Take<Opened>,
    count: u64,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.count += length as u64;
        Ok(length)
    }
}

/// The members of a gzip file one behind the other. Zeros behind a member are padding, as tapes and block devices
/// leave it.
enum GzipMembers {
    Open(GzDecoder<BufReader<Counted>>),
    Over(BufReader<Counted>),
    /// Only while one becomes the other.
    Changing,
}

impl GzipMembers {
    fn counted(&self) -> Option<&Counted> {
        match self {
            Self::Open(decoder) => Some(decoder.get_ref().get_ref()),
            Self::Over(input) => Some(input.get_ref()),
            Self::Changing => None,
        }
    }

    /// Goes behind the member that has ended, and behind zeros.
    fn next_member(&mut self) -> io::Result<()> {
        let mut input = match std::mem::replace(self, Self::Changing) {
            Self::Open(decoder) => decoder.into_inner(),
            Self::Over(input) => input,
            Self::Changing => return Err(io::Error::other("the decompression has failed")),
        };
        loop {
            let there = match input.fill_buf() {
                Ok(there) => there,
                Err(error) => {
                    *self = Self::Over(input);
                    return Err(error);
                }
            };
            let zeros = there.iter().take_while(|byte| **byte == 0).count();
            if there.is_empty() {
                *self = Self::Over(input);
                return Ok(());
            }
            let is_over = zeros < there.len();
            input.consume(zeros);
            if is_over {
                *self = Self::Open(GzDecoder::new(input));
                return Ok(());
            }
        }
    }
}

impl Read for GzipMembers {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Self::Open(decoder) = self {
            let length = decoder.read(buffer)?;
            if length > 0 || buffer.is_empty() {
                return Ok(length);
            }
            self.next_member()?;
        }
        Ok(0)
    }
}

/// The largest window of zstd, as a power of two: 128 MiB of memory a reader. It is what zstd itself takes unless it
/// is told to take more.
const WINDOW_LOG: u32 = 27;

enum Body {
    Plain(Counted),
    Gzip(Box<GzipMembers>),
    Zstd(Box<zstd::Decoder<'static, BufReader<Counted>>>),
}

impl Body {
    /// `None`: the decompression has failed before.
    fn counted(&self) -> Option<&Counted> {
        Some(match self {
            Self::Plain(counted) => counted,
            Self::Gzip(members) => return members.counted(),
            Self::Zstd(decoder) => decoder.get_ref().get_ref(),
        })
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(counted) => counted.read(buffer),
            Self::Gzip(members) => members.read(buffer),
            Self::Zstd(decoder) => decoder.read(buffer),
        }
    }
}

/// An open file. Nothing behind the size that it was found with is ever read.
pub(crate) struct Input {
    body: Body,
    found: Identity,
    decoding: Option<Decoding>,
    /// Takes lines out that are no records.
    skipping: Option<Skipping>,
    /// A failure behind bytes that were handed out first. Decoders tell some damage only once.
    failed: Option<io::Error>,
}

impl Input {
    /// Opens `file` at its first byte. `beginning`: the fingerprint of how it [begins](Opened::check_beginning).
    pub(crate) fn open(
        file: &FoundFile,
        beginning: u64,
        access: &Access,
        (reading, skipping): (Reading, Option<Skipping>),
    ) -> Result<Self, InputError> {
        let opened = access.open(file)?;
        opened.check_beginning(file, beginning)?;
        let size = file.identity.size;
        let counted = Counted {
            file: opened.take(size),
            count: 0,
        };
        let body = match Compression::of(file.name.bytes()) {
            // An empty file is empty, whatever it is called: somebody is about to write it.
            Compression::None => Body::Plain(counted),
            _ if size == 0 => Body::Plain(counted),
            Compression::Gzip => {
                let decoder = GzDecoder::new(BufReader::new(counted));
                Body::Gzip(Box::new(GzipMembers::Open(decoder)))
            }
            Compression::Zstd => {
                let mut decoder = zstd::Decoder::new(counted)?;
                decoder.window_log_max(WINDOW_LOG)?;
                Body::Zstd(Box::new(decoder))
            }
        };
        let decoding = match reading {
            Reading::DecodeFirst(encoding) => Some(Decoding::new(encoding)),
            Reading::Utf8 | Reading::Cut(_) => None,
        };
        Ok(Self {
            body,
            found: file.identity,
            decoding,
            skipping,
            failed: None,
        })
    }

    /// What the open file is now; it may have been written to since it was found.
    pub(crate) fn identity(&self) -> Result<Identity, InputError> {
        let Some(counted) = self.body.counted() else {
            return Err(InputError::Io(io::Error::other("it is read no more")));
        };
        Ok(counted.file.get_ref().identity(self.found)?)
    }

    /// Whether the open file [begins](Opened::begins_as) with what was found.
    pub(crate) fn begins_as(&self, beginning: u64) -> Result<bool, InputError> {
        let Some(counted) = self.body.counted() else {
            return Err(InputError::Io(io::Error::other("it is read no more")));
        };
        Ok(counted.file.get_ref().begins_as(self.found, beginning)?)
    }

    /// Bytes taken from the file so far, as they lie in it.
    pub(crate) fn bytes_taken(&self) -> u64 {
        self.body.counted().map_or(0, |counted| counted.count)
    }

    /// Whether any offset can be reached without reading what lies before.
    pub(crate) fn can_seek(&self) -> bool {
        matches!(self.body, Body::Plain(_)) && self.decoding.is_none() && self.skipping.is_none()
    }

    /// Bytes of a file that [can be sought in](Self::can_seek) from a place on; fewer or none where it ends before.
    pub(crate) fn peek(&self, from: u64, length: usize) -> Result<Vec<u8>, InputError> {
        let (mut bytes, mut at) = (vec![0; length], 0);
        let Some(counted) = self.body.counted() else {
            return Err(InputError::Io(io::Error::other("it is read no more")));
        };
        let opened = counted.file.get_ref();
        while let Some(rest) = bytes.get_mut(at..).filter(|rest| !rest.is_empty()) {
            match opened.read_at(rest, from + at as u64) {
                Ok(0) => break,
                Ok(length) => at += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(InputError::while_reading(error)),
            }
        }
        bytes.truncate(at);
        Ok(bytes)
    }

    /// Goes to `offset`, if the input [can seek](Self::can_seek).
    pub(crate) fn seek(&mut self, offset: u64) -> Result<(), InputError> {
        if let Body::Plain(counted) = &mut self.body {
            counted.file.get_mut().seek(offset)?;
            let left = self.found.size.saturating_sub(offset);
            counted.file.set_limit(left);
        }
        Ok(())
    }

    /// Appends about `wanted` bytes to `buffer`; false at the end of the file.
    pub(crate) fn read(&mut self, buffer: &mut Vec<u8>, wanted: usize) -> Result<bool, InputError> {
        if let Some(mut decoding) = self.decoding.take() {
            let more = decoding.read(buffer, wanted, |raw, wanted| self.read_bytes(raw, wanted));
            self.decoding = Some(decoding);
            return more;
        }
        if let Some(mut skipping) = self.skipping.take() {
            let more = skipping.read(buffer, wanted, |raw, wanted| self.read_bytes(raw, wanted));
            self.skipping = Some(skipping);
            return more;
        }
        self.read_bytes(buffer, wanted)
    }

    /// The first bytes of a file that is decoded first, up to as many as a byte order mark may have.
    pub(crate) fn decoded_head(&self) -> &[u8] {
        self.decoding.as_ref().map_or(&[], Decoding::head)
    }

    /// Offsets in the decoded text behind which malformed bytes were replaced; emptied by the call.
    pub(crate) fn take_malformed(&mut self) -> Vec<u64> {
        self.decoding
            .as_mut()
            .map(Decoding::take_malformed)
            .unwrap_or_default()
    }

    /// Offsets at which a record begins, whatever follows them, where lines were taken out; emptied by the call.
    pub(crate) fn take_breaks(&mut self) -> Vec<u64> {
        self.skipping
            .as_mut()
            .map(Skipping::take_breaks)
            .unwrap_or_default()
    }

    fn read_bytes(&mut self, buffer: &mut Vec<u8>, wanted: usize) -> Result<bool, InputError> {
        if let Some(error) = self.failed.take() {
            return Err(self.classify(error));
        }
        let wanted = match &self.body {
            // Most files are smaller than a block, and a buffer is kept for a while.
            Body::Plain(counted) => {
                wanted.min(usize::try_from(counted.file.limit()).unwrap_or(wanted))
            }
            Body::Gzip(_) | Body::Zstd(_) => wanted,
        };
        let filled = buffer.len();
        buffer.resize(filled + wanted, 0);
        let mut at = filled;
        while at < buffer.len() {
            match self.body.read(buffer.get_mut(at..).unwrap_or_default()) {
                Ok(0) => break,
                Ok(length) => at += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
        }
        buffer.truncate(at);
        if at > filled {
            return Ok(true);
        }
        match self.failed.take() {
            Some(error) => Err(self.classify(error)),
            None => self.check_end().map(|()| false),
        }
    }

    /// A file that ends before the size it was found with has been cut off meanwhile.
    fn check_end(&self) -> Result<(), InputError> {
        let cut_off = match &self.body {
            Body::Plain(counted) => counted.file.limit() > 0,
            Body::Gzip(_) | Body::Zstd(_) => false,
        };
        if cut_off {
            Err(InputError::Changed(self.identity()?))
        } else {
            Ok(())
        }
    }

    fn classify(&self, error: io::Error) -> InputError {
        let compressed = !matches!(self.body, Body::Plain(_));
        if matches!(self.body, Body::Zstd(_)) && error.to_string().contains("too much memory") {
            InputError::Window
        } else if compressed && error.raw_os_error().is_none() && !remote::is_remote(&error) {
            InputError::Damaged {
                at: self.bytes_taken(),
                cause: error,
            }
        } else {
            InputError::while_reading(error)
        }
    }
}
