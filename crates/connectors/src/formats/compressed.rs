//! Formats whose files are compressed as a whole.

use std::io::{self, Write};
use std::sync::Arc;

use flate2::write::GzEncoder;
use millstream_core::{Error, Result, codes};

use super::{FileEncoder, FileFormat};

/// How files are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Gzip: `.gz`.
    Gzip,
    /// Zstandard: `.zst`.
    Zstd,
}

/// Levels that compress well at the speed of the formats.
const GZIP_LEVEL: u32 = 6;
const ZSTD_LEVEL: i32 = 3;

/// Files of another format, each compressed as one stream that `gunzip`, `zstd` and the sources of files read.
pub struct Compressed<T> {
    format: Arc<dyn FileFormat<T>>,
    codec: Codec,
    extension: &'static str,
}

impl<T> Compressed<T> {
    /// Files of `format`, compressed by `codec`. The size at which a file ends is that of the compressed file, about.
    pub fn new(format: impl FileFormat<T>, codec: Codec) -> Self {
        let extension = match (format.extension(), codec) {
            ("json", Codec::Gzip) => "json.gz",
            ("json", Codec::Zstd) => "json.zst",
            ("csv", Codec::Gzip) => "csv.gz",
            ("csv", Codec::Zstd) => "csv.zst",
            (_, Codec::Gzip) => "gz",
            (_, Codec::Zstd) => "zst",
        };
        Self {
            format: Arc::new(format),
            codec,
            extension,
        }
    }
}

impl<T: 'static> FileFormat<T> for Compressed<T> {
    fn extension(&self) -> &'static str {
        self.extension
    }

    fn encoder(&self) -> Box<dyn FileEncoder<T>> {
        Box::new(CompressedEncoder {
            encoder: self.format.encoder(),
            codec: self.codec,
            plain: Vec::new(),
            stream: None,
        })
    }
}

/// The compressed bytes of the present file.
enum Stream {
    Gzip(GzEncoder<Vec<u8>>),
    Zstd(zstd::Encoder<'static, Vec<u8>>),
}

struct CompressedEncoder<T> {
    encoder: Box<dyn FileEncoder<T>>,
    codec: Codec,
    plain: Vec<u8>,
    stream: Option<Stream>,
}

impl Stream {
    fn begin(codec: Codec) -> io::Result<Self> {
        Ok(match codec {
            Codec::Gzip => {
                let level = flate2::Compression::new(GZIP_LEVEL);
                Self::Gzip(GzEncoder::new(Vec::new(), level))
            }
            Codec::Zstd => {
                let mut encoder = zstd::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
                encoder.include_checksum(true)?;
                Self::Zstd(encoder)
            }
        })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Gzip(encoder) => encoder.write_all(bytes),
            Self::Zstd(encoder) => encoder.write_all(bytes),
        }
    }

    fn written(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Gzip(encoder) => encoder.get_mut(),
            Self::Zstd(encoder) => encoder.get_mut(),
        }
    }

    fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl<T> CompressedEncoder<T> {
    /// Compresses what the format has made.
    fn compress(&mut self, out: &mut Vec<u8>) -> Result<()> {
        if self.plain.is_empty() {
            return Ok(());
        }
        let stream = match self.stream.take() {
            Some(stream) => stream,
            None => Stream::begin(self.codec).map_err(not_compressed)?,
        };
        let stream = self.stream.insert(stream);
        stream.write(&self.plain).map_err(not_compressed)?;
        self.plain.clear();
        out.append(stream.written());
        Ok(())
    }
}

impl<T> FileEncoder<T> for CompressedEncoder<T> {
    fn encode(&mut self, record: &T, out: &mut Vec<u8>) -> Result<()> {
        self.encoder.encode(record, &mut self.plain)?;
        self.compress(out)
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<()> {
        self.encoder.finish(&mut self.plain)?;
        self.compress(out)?;
        if let Some(stream) = self.stream.take() {
            out.append(&mut stream.finish().map_err(not_compressed)?);
        }
        Ok(())
    }

    fn records(&self, record: &T) -> u64 {
        self.encoder.records(record)
    }

    fn buffered(&self) -> usize {
        // How much is kept back is not known; but a file with a record in it is not nothing.
        usize::from(self.stream.is_some()) + self.encoder.buffered()
    }
}

fn not_compressed(error: io::Error) -> Error {
    Error::new(&codes::SINK_WRITE, "output can't be compressed").cause(error)
}
