//! The tail of an ORC file, looked at before its reader does: what it makes of types that hold themselves, or of sizes that
//! no file has, would end the process, and no guard holds that.

use std::io::Read;

use bytes::Bytes;
use orc_rust::compression::Decompressor;
use orc_rust::proto::r#type::Kind;
use orc_rust::proto::{CalendarKind, CompressionKind, Footer, PostScript, Type};
use orc_rust::reader::metadata::read_metadata;
use prost::Message;

use super::damaged;
use super::encrypted::Encrypted;
use crate::files_source::columnar::ranged::Ranged;
use crate::files_source::failure::Unfit;

/// The largest block of compressed bytes; three bytes tell its length, and one bit of them is taken.
const LARGEST_BLOCK: u64 = 1 << 23;
/// The largest footer, decompressed: that of a file with millions of columns and stripes.
const LARGEST_FOOTER: u64 = 256 << 20;
/// Types within one another.
const DEEPEST: usize = 64;

/// The numbers of ORC's writers in Java and in C++ among those of all writers.
const JAVA: u32 = 0;
const CPP: u32 = 1;
/// The first version of the one in Java that told the largest values of a stripe right (HIVE-8732).
const RIGHT_BOUNDS: u32 = 1;

/// What the tail tells of who wrote the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Writer {
    /// ORC's library in C++.
    pub(super) is_cpp: bool,
    /// Whether values lie between the bounds that it tells.
    pub(super) tells_bounds: bool,
    /// Whether it says that days before 1582-10-15 are those of the Julian calendar.
    pub(super) is_hybrid: bool,
}

impl Writer {
    fn of(writer: u32, version: u32, calendar: CalendarKind) -> Self {
        Self {
            is_hybrid: calendar == CalendarKind::JulianGregorian,
            is_cpp: writer == CPP,
            tells_bounds: writer != JAVA || version >= RIGHT_BOUNDS,
        }
    }
}

/// Whether the reader may look at the tail; who wrote it, and what is encrypted.
pub(super) fn check(file: &Ranged) -> Result<(Writer, Encrypted), Unfit> {
    let wrong = |what: &str| Unfit::Damaged(what.to_owned());
    let read = |from: u64, length: u64| {
        let bytes = file.bytes(from, length);
        bytes.map_err(|error| damaged(&error))
    };
    let last = file.size().saturating_sub(1);
    let length = read(last, 1)?.first().copied().map_or(0, u64::from);
    let at = last.checked_sub(length);
    let at = at.ok_or_else(|| wrong("its postscript does not fit into it"))?;
    let postscript = PostScript::decode(read(at, length)?).map_err(|error| damaged(&error))?;
    if postscript.compression_block_size() > LARGEST_BLOCK {
        return Err(wrong("its compressed blocks are larger than ORC has any"));
    }
    let footer_at = at.checked_sub(postscript.footer_length());
    let metadata_at = footer_at.and_then(|at| at.checked_sub(postscript.metadata_length()));
    let (Some(footer_at), Some(metadata_at)) = (footer_at, metadata_at) else {
        return Err(wrong("its footer does not fit into it"));
    };
    let footer = read(footer_at, postscript.footer_length())?;
    let footer = decompressed(&postscript, footer)?;
    decompressed(
        &postscript,
        read(metadata_at, postscript.metadata_length())?,
    )?;
    let footer = Footer::decode(footer.as_slice()).map_err(|error| damaged(&error))?;
    check_types(&footer.types)?;
    let writer = Writer::of(
        footer.writer(),
        postscript.writer_version(),
        footer.calendar(),
    );
    Ok((writer, Encrypted::of(&footer)?))
}

/// Whether types are a tree: each is a part of one that stands before it.
fn check_types(types: &[Type]) -> Result<(), Unfit> {
    let wrong = |what: &str| Err(Unfit::Damaged(what.to_owned()));
    if types.first().map(Type::kind) != Some(Kind::Struct) {
        return wrong("its type is no struct of columns");
    }
    let mut depths: Vec<Option<usize>> = vec![None; types.len()];
    if let Some(root) = depths.first_mut() {
        *root = Some(0);
    }
    for (place, whole) in types.iter().enumerate() {
        // One that belongs to none is never looked at.
        let Some(depth) = depths.get(place).copied().flatten() else {
            continue;
        };
        for part in &whole.subtypes {
            let part = usize::try_from(*part).unwrap_or(usize::MAX);
            let is_later = part > place;
            let Some(of_part) = depths.get_mut(part).filter(|_| is_later) else {
                return wrong("its types are parts of ones that are not before them");
            };
            if of_part.replace(depth + 1).is_some() || depth + 1 > DEEPEST {
                return wrong("its types are no tree, or a very deep one");
            }
        }
    }
    Ok(())
}

/// The bytes of a section of the tail.
fn decompressed(postscript: &PostScript, section: Bytes) -> Result<Vec<u8>, Unfit> {
    let compression = small_file(postscript)?;
    let mut bytes = Vec::new();
    let limit = LARGEST_FOOTER + 1;
    let section = Decompressor::new(section, compression, Vec::new());
    let read = section.take(limit).read_to_end(&mut bytes);
    read.map_err(|error| damaged(&error))?;
    if bytes.len() as u64 > LARGEST_FOOTER {
        let message = "its footer is larger than any that is read";
        return Err(Unfit::Damaged(message.to_owned()));
    }
    Ok(bytes)
}

/// How a file is compressed. The reader tells that of files alone, so it is shown the smallest one that is compressed so.
fn small_file(
    postscript: &PostScript,
) -> Result<Option<orc_rust::compression::Compression>, Unfit> {
    let footer = Footer {
        types: vec![Type {
            kind: Some(Kind::Struct.into()),
            ..Type::default()
        }],
        ..Footer::default()
    };
    let footer = footer.encode_to_vec();
    let mut file = b"ORC".to_vec();
    let mut footer_length = footer.len();
    if postscript.compression() != CompressionKind::None {
        // A block that is not compressed.
        let header = (footer.len() as u32) << 1 | 1;
        file.extend(header.to_le_bytes().iter().take(3));
        footer_length += 3;
    }
    file.extend(footer);
    let postscript = PostScript {
        footer_length: Some(footer_length as u64),
        metadata_length: Some(0),
        ..postscript.clone()
    };
    let postscript = postscript.encode_to_vec();
    let length = u8::try_from(postscript.len());
    let length = length.map_err(|error| damaged(&error))?;
    file.extend(postscript);
    file.push(length);
    let metadata = read_metadata(&mut Bytes::from(file)).map_err(|error| damaged(&error))?;
    Ok(metadata.compression())
}

#[cfg(test)]
mod tests {
    use orc_rust::proto::r#type::Kind;
    use orc_rust::proto::{CalendarKind, Type};

    use super::{Writer, check_types};

    fn of(kind: Kind, parts: &[u32]) -> Type {
        Type {
            kind: Some(kind.into()),
            subtypes: parts.to_vec(),
            ..Type::default()
        }
    }

    #[test]
    fn bounds_of_the_first_writer_are_not_believed() {
        for (writer, version, tells_bounds) in [
            (0, 0, false),
            (0, 1, true),
            (0, 9, true),
            (1, 6, true),
            (255, 6, true),
        ] {
            let told = Writer::of(writer, version, CalendarKind::UnknownCalendar);
            assert_eq!(told.tells_bounds, tells_bounds, "{writer} {version}");
        }
    }

    #[test]
    fn days_are_those_of_a_hybrid_calendar_where_the_file_says_so() {
        for (calendar, is_hybrid) in [
            (CalendarKind::UnknownCalendar, false),
            (CalendarKind::JulianGregorian, true),
            (CalendarKind::ProlepticGregorian, false),
        ] {
            let told = Writer::of(0, 9, calendar);
            assert_eq!(told.is_hybrid, is_hybrid, "{calendar:?}");
        }
    }

    #[test]
    fn types_that_hold_themselves_are_refused() {
        let tree = [
            of(Kind::Struct, &[1, 3]),
            of(Kind::List, &[2]),
            of(Kind::Int, &[]),
            of(Kind::Long, &[]),
        ];
        assert_eq!(check_types(&tree), Ok(()));
        for (place, parts) in [(1, vec![1]), (1, vec![0]), (3, vec![2]), (1, vec![9])] {
            let mut types = tree.to_vec();
            types[place] = of(Kind::List, &parts);
            assert!(check_types(&types).is_err(), "{place} holds {parts:?}");
        }
        let deep: Vec<Type> = (0..100).map(|n| of(Kind::Struct, &[n + 1])).collect();
        assert!(check_types(&deep).is_err());
        assert!(check_types(&[]).is_err());
    }
}
