//! What the enumerator announces: pieces of files, each with a number that no other has.
//!
//! A piece is a file as it was found, or, where growth is followed, what has been appended to it. Pieces are
//! numbered in the order in which they are announced, over the whole life of the job and of the jobs that go on
//! from it, so that a reader's position is one number.

use std::io;

use millstream_core::hash::stable_hash;

use super::listing::Identity;
use super::name::Name;

/// A stretch of a file to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) sequence: u64,
    pub(crate) name: Name,
    /// The file as it was found; nothing behind this size is read.
    pub(crate) identity: Identity,
    /// Where it begins; not 0 only for what was appended.
    pub(crate) from: u64,
    /// Bytes in a split; 0: the file can't be split.
    pub(crate) split: u64,
    /// The hash of the file's first bytes.
    pub(crate) beginning: u64,
    /// Whether the file may grow: a last record without its end is not handed out.
    pub(crate) grows: bool,
    /// Whether it ends within a record, and has stood still for as long as such files have to: nobody waits for it again.
    pub(crate) waited: bool,
}

/// What the readers are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Announcement {
    /// These pieces, in the order of their numbers.
    Pieces(Vec<Piece>),
    /// Nothing will ever be announced again.
    End,
}

/// The version of the encoding; it is written into snapshots and journals.
const VERSION: u8 = 1;
const PIECES: u8 = 0;
const END: u8 = 1;

/// What is true of a piece, in one byte. The first versions know the first alone.
const GROWS: u8 = 1;
const WAITED: u8 = 2;

impl Announcement {
    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Pieces(pieces) => encode(pieces),
            Self::End => vec![VERSION, END],
        }
    }

    /// Reads an announcement back.
    ///
    /// # Errors
    /// The bytes are not whole, or of a newer version.
    pub(crate) fn decode(bytes: &[u8]) -> io::Result<Self> {
        match bytes {
            [VERSION, END] => Ok(Self::End),
            bytes => decode(bytes).map(Self::Pieces),
        }
    }
}

/// Pieces as bytes.
pub(crate) fn encode(pieces: &[Piece]) -> Vec<u8> {
    let mut out = Vec::with_capacity(2 + pieces.len() * 64);
    out.extend([VERSION, PIECES]);
    for piece in pieces {
        let words = [
            piece.sequence,
            piece.identity.size,
            piece.identity.mtime as u64,
            piece.from,
            piece.split,
            piece.beginning,
        ];
        words.iter().for_each(|word| out.extend(word.to_le_bytes()));
        let grows = if piece.grows { GROWS } else { 0 };
        let waited = if piece.waited { WAITED } else { 0 };
        out.push(grows | waited);
        let name = piece.name.bytes();
        out.extend((name.len() as u32).to_le_bytes());
        out.extend(name);
    }
    out
}

/// Pieces from bytes.
///
/// # Errors
/// The bytes are not whole, or of a newer version.
pub(crate) fn decode(bytes: &[u8]) -> io::Result<Vec<Piece>> {
    let mut bytes = match bytes {
        [VERSION, PIECES, rest @ ..] => rest,
        _ => {
            return Err(io::Error::other(
                "no list of files of a version that is known",
            ));
        }
    };
    let mut pieces = Vec::new();
    while !bytes.is_empty() {
        pieces.push(take_piece(&mut bytes).ok_or(io::ErrorKind::UnexpectedEof)?);
    }
    Ok(pieces)
}

fn take_piece(bytes: &mut &[u8]) -> Option<Piece> {
    let sequence = take_word(bytes)?;
    let identity = Identity {
        size: take_word(bytes)?,
        mtime: take_word(bytes)? as i64,
    };
    let (from, split, beginning) = (take_word(bytes)?, take_word(bytes)?, take_word(bytes)?);
    let flags = *bytes.split_off_first()?;
    let length = bytes.split_off(..4)?.try_into().ok()?;
    let name = bytes.split_off(..u32::from_le_bytes(length) as usize)?;
    Some(Piece {
        sequence,
        name: Name::new(name),
        identity,
        from,
        split,
        beginning,
        grows: flags & GROWS != 0,
        waited: flags & WAITED != 0,
    })
}

fn take_word(bytes: &mut &[u8]) -> Option<u64> {
    let word = bytes.split_off(..8)?.try_into().ok()?;
    Some(u64::from_le_bytes(word))
}

/// Pieces with a length and a checksum before them, as a journal keeps them.
pub(crate) fn encode_record(pieces: &[Piece]) -> Vec<u8> {
    let body = encode(pieces);
    let mut out = Vec::with_capacity(body.len() + 12);
    out.extend((body.len() as u32).to_le_bytes());
    out.extend(stable_hash(body.as_slice()).to_le_bytes());
    out.extend(body);
    out
}

/// Every whole record of a journal. What a crash has cut off at its end was never acted upon.
pub(crate) fn decode_records(mut bytes: &[u8]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    while let Some(mut record) = take_record(&mut bytes) {
        pieces.append(&mut record);
    }
    pieces
}

fn take_record(bytes: &mut &[u8]) -> Option<Vec<Piece>> {
    let length = u32::from_le_bytes(bytes.split_off(..4)?.try_into().ok()?);
    let hash = take_word(bytes)?;
    let body = bytes.split_off(..length as usize)?;
    if stable_hash(body) != hash {
        return None;
    }
    decode(body).ok()
}

#[cfg(test)]
mod tests {
    use super::{Announcement, Piece, decode_records, encode_record};
    use crate::files_source::listing::Identity;
    use crate::files_source::name::Name;

    fn pieces(numbers: std::ops::Range<u64>) -> Vec<Piece> {
        let piece = |sequence| Piece {
            sequence,
            name: Name::new(b"\xff\n.csv"),
            identity: Identity {
                size: sequence * 7,
                mtime: -3,
            },
            from: sequence,
            split: 9,
            beginning: u64::MAX,
            grows: sequence % 2 == 1,
            waited: sequence % 3 == 1,
        };
        numbers.map(piece).collect()
    }

    #[test]
    fn what_is_announced_is_what_is_heard() {
        for announcement in [
            Announcement::End,
            Announcement::Pieces(Vec::new()),
            Announcement::Pieces(pieces(3..9)),
        ] {
            let bytes = announcement.encode();
            let heard = Announcement::decode(&bytes).expect("whole");
            assert_eq!(heard, announcement);
        }
        assert!(Announcement::decode(&[2, 0]).is_err(), "a newer version");
        let cut = Announcement::Pieces(pieces(0..1)).encode();
        assert!(Announcement::decode(&cut[..cut.len() - 1]).is_err());
    }

    #[test]
    fn a_journal_ends_with_its_last_whole_record() {
        let mut journal = encode_record(&pieces(0..3));
        let whole = journal.len();
        journal.extend(encode_record(&pieces(3..4)));
        assert_eq!(decode_records(&journal), pieces(0..4));
        for cut in whole..journal.len() {
            assert_eq!(decode_records(&journal[..cut]), pieces(0..3), "at {cut}");
        }
        let last = journal.len() - 1;
        journal[last] ^= 1;
        assert_eq!(decode_records(&journal), pieces(0..3), "a wrong checksum");
    }
}
