//! The binary form of Thrift, as far as rows need it.

use std::io::{BufRead, ErrorKind, Read};

use crate::hive::trouble::Trouble;

/// How deep what is passed over may be nested.
const DEEPEST: usize = 32;
/// Memory for values is taken in steps of this many bytes: it grows with what arrives, not with what was announced.
const STEP: usize = 4 << 20;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Bool,
    Byte,
    Double,
    I16,
    I32,
    I64,
    Binary,
    Struct,
    Map,
    Set,
    List,
}

impl Type {
    fn of(code: u8) -> Option<Self> {
        Some(match code {
            2 => Self::Bool,
            3 => Self::Byte,
            4 => Self::Double,
            6 => Self::I16,
            8 => Self::I32,
            10 => Self::I64,
            11 => Self::Binary,
            12 => Self::Struct,
            13 => Self::Map,
            14 => Self::Set,
            15 => Self::List,
            _ => return None,
        })
    }

    /// Bytes of a value, where all have as many.
    fn size(self) -> Option<usize> {
        match self {
            Self::Bool | Self::Byte => Some(1),
            Self::I16 => Some(2),
            Self::I32 => Some(4),
            Self::I64 | Self::Double => Some(8),
            Self::Binary | Self::Struct | Self::Map | Self::Set | Self::List => None,
        }
    }
}

/// Texts one behind the other.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Texts {
    /// Where each begins; one more, where the last one ends.
    pub(super) offsets: Vec<i32>,
    pub(super) bytes: Vec<u8>,
}

/// What is read from.
pub(super) struct Input<'a> {
    reader: &'a mut dyn BufRead,
}

impl<'a> Input<'a> {
    pub(super) fn new(reader: &'a mut dyn BufRead) -> Self {
        Self { reader }
    }

    /// The bytes that are left.
    pub(super) fn reader(&mut self) -> &mut dyn BufRead {
        self.reader
    }

    /// The next field of a structure; `None`: it ends here.
    pub(super) fn field(&mut self) -> Result<Option<(Type, i16)>, Trouble> {
        let [code] = self.exact()?;
        if code == 0 {
            return Ok(None);
        }
        let kind = Type::of(code).ok_or_else(unknown)?;
        Ok(Some((kind, i16::from_be_bytes(self.exact()?))))
    }

    /// What a list holds, and how many.
    pub(super) fn list(&mut self) -> Result<(Type, usize), Trouble> {
        let [code] = self.exact()?;
        let count = self.length()?;
        match Type::of(code) {
            Some(kind) => Ok((kind, count)),
            // Empty lists need say nothing.
            None if count == 0 => Ok((Type::Bool, 0)),
            None => Err(unknown()),
        }
    }

    /// Bytes with their length.
    pub(super) fn binary(&mut self) -> Result<Vec<u8>, Trouble> {
        let length = self.length()?;
        let mut bytes = Vec::new();
        self.append(length, &mut bytes)?;
        Ok(bytes)
    }

    /// The bytes of `count` values of `size` bytes each.
    pub(super) fn fixed(&mut self, size: usize, count: usize) -> Result<Vec<u8>, Trouble> {
        let mut bytes = Vec::with_capacity((size * count).min(STEP));
        self.append(size * count, &mut bytes)?;
        Ok(bytes)
    }

    /// As many texts.
    pub(super) fn texts(&mut self, count: usize) -> Result<Texts, Trouble> {
        let mut texts = Texts {
            offsets: Vec::with_capacity(count.min(STEP) + 1),
            bytes: Vec::new(),
        };
        texts.offsets.push(0);
        let mut left = count;
        while left > 0 {
            left -= self.texts_at_hand(left, &mut texts)?;
            if left > 0 {
                // The next one lies across pieces of what arrives.
                let length = self.length()?;
                self.append(length, &mut texts.bytes)?;
                texts.end()?;
                left -= 1;
            }
        }
        Ok(texts)
    }

    /// Takes texts that lie in memory as a whole: how many.
    fn texts_at_hand(&mut self, most: usize, texts: &mut Texts) -> Result<usize, Trouble> {
        let buffer = self
            .reader
            .fill_buf()
            .map_err(|error| Trouble::broken(&error))?;
        let (mut rest, mut taken) = (buffer, 0);
        while taken < most {
            let Some((length, behind)) = rest.split_first_chunk::<4>() else {
                break;
            };
            let length = length_of(*length)?;
            let Some((text, behind)) = behind.split_at_checked(length) else {
                break;
            };
            texts.bytes.extend_from_slice(text);
            texts.end()?;
            rest = behind;
            taken += 1;
        }
        let used = buffer.len() - rest.len();
        self.reader.consume(used);
        Ok(taken)
    }

    /// Passes over a value.
    pub(super) fn skip(&mut self, kind: Type) -> Result<(), Trouble> {
        self.skip_within(kind, DEEPEST)
    }

    /// Passes over values.
    pub(super) fn skip_many(&mut self, kind: Type, count: usize) -> Result<(), Trouble> {
        self.skip_all(kind, count, DEEPEST)
    }

    fn skip_all(&mut self, kind: Type, count: usize, depth: usize) -> Result<(), Trouble> {
        if let Some(size) = kind.size() {
            return self.pass(size.saturating_mul(count));
        }
        (0..count).try_for_each(|_| self.skip_within(kind, depth))
    }

    fn skip_within(&mut self, kind: Type, depth: usize) -> Result<(), Trouble> {
        let depth = depth.checked_sub(1).ok_or_else(unknown)?;
        if let Some(size) = kind.size() {
            return self.pass(size);
        }
        match kind {
            Type::Struct => {
                while let Some((kind, _)) = self.field()? {
                    self.skip_within(kind, depth)?;
                }
                Ok(())
            }
            Type::List | Type::Set => {
                let (kind, count) = self.list()?;
                self.skip_all(kind, count, depth)
            }
            Type::Map => {
                let [key, value] = self.exact()?;
                for _ in 0..self.length()? {
                    self.skip_within(Type::of(key).ok_or_else(unknown)?, depth)?;
                    self.skip_within(Type::of(value).ok_or_else(unknown)?, depth)?;
                }
                Ok(())
            }
            _ => {
                let length = self.length()?;
                self.pass(length)
            }
        }
    }

    fn pass(&mut self, count: usize) -> Result<(), Trouble> {
        let mut left = count;
        while left > 0 {
            let buffer = self
                .reader
                .fill_buf()
                .map_err(|error| Trouble::broken(&error))?;
            let used = buffer.len().min(left);
            if used == 0 {
                return Err(cut_off());
            }
            self.reader.consume(used);
            left -= used;
        }
        Ok(())
    }

    fn length(&mut self) -> Result<usize, Trouble> {
        length_of(self.exact()?)
    }

    fn exact<const N: usize>(&mut self) -> Result<[u8; N], Trouble> {
        let mut bytes = [0; N];
        let read = self.reader.read_exact(&mut bytes);
        read.map_err(|error| Trouble::broken(&error))?;
        Ok(bytes)
    }

    fn append(&mut self, count: usize, bytes: &mut Vec<u8>) -> Result<(), Trouble> {
        let mut left = count;
        while left > 0 {
            let now = left.min(STEP);
            let read = (&mut *self.reader).take(now as u64).read_to_end(bytes);
            let read = read.map_err(|error| Trouble::broken(&error))?;
            if read < now {
                return Err(cut_off());
            }
            left -= read;
        }
        Ok(())
    }
}

impl Texts {
    /// The last text ends here.
    fn end(&mut self) -> Result<(), Trouble> {
        let end = i32::try_from(self.bytes.len()).map_err(|_| {
            Trouble::Away(
                "it answers with more than 2 GB in one column: give a smaller source.db.fetch.size"
                    .to_owned(),
            )
        })?;
        self.offsets.push(end);
        Ok(())
    }
}

fn length_of(bytes: [u8; 4]) -> Result<usize, Trouble> {
    usize::try_from(i32::from_be_bytes(bytes)).map_err(|_| unknown())
}

fn cut_off() -> Trouble {
    Trouble::broken(&ErrorKind::UnexpectedEof.into())
}

fn unknown() -> Trouble {
    Trouble::Away("its answer can't be read: it is none of HiveServer2".to_owned())
}
