//! Which rows of a stripe need be read, by its index of rows: between which values each group of rows lies.

use std::io::Read;
use std::ops::Range;

use orc_rust::compression::Decompressor;
use orc_rust::proto::stream::Kind;
use orc_rust::proto::{RowIndex, StripeFooter};
use orc_rust::statistics::ColumnStatistics;
use orc_rust::stripe::StripeMetadata;
use prost::Message;

use super::{OrcColumns, prune};
use crate::files_source::columnar::open::{Asked, intersection};

/// The largest part of an index, decompressed: it has some hundred bytes for each group of rows.
const LARGEST: u64 = 64 << 20;

/// The most ranges of a stripe that are read one by one.
const RANGES: usize = 4;

/// The rows of a stripe of which every test may be so. `None`: there is no index that can be read, and nothing is known.
pub(super) fn may_hold(
    file: &OrcColumns,
    stripe: &StripeMetadata,
    asked: &[Asked<'_>],
) -> Option<Vec<Range<u64>>> {
    let stride = file.metadata.row_index_stride().filter(|rows| *rows > 0)? as u64;
    let rows = stripe.number_of_rows();
    if stripe.index_length() == 0 || rows <= stride {
        return None;
    }
    let footer = footer(file, stripe)?;
    let mut wanted: Vec<Range<u64>> = std::iter::once(0..rows).collect();
    for asked in asked {
        let number = asked.found.and_then(|found| file.column(found.place));
        let Some(number) = number.map(|column| column.column_index()) else {
            continue;
        };
        let Some(index) = index_of(file, stripe, &footer, number) else {
            continue;
        };
        if index.entry.len() as u64 != rows.div_ceil(stride) {
            continue;
        }
        let mut groups: Vec<Range<u64>> = Vec::new();
        for (begin, entry) in (0..rows).step_by(stride as usize).zip(&index.entry) {
            let end = rows.min(begin + stride);
            let told = entry.statistics.as_ref();
            let told = told.and_then(|told| ColumnStatistics::try_from(told).ok());
            let known = told.and_then(|told| prune::known_of(file, &told, asked, end - begin));
            if known.is_none_or(|known| asked.may_be(&known)) {
                match groups.last_mut().filter(|last| last.end == begin) {
                    Some(last) => last.end = end,
                    None => groups.push(begin..end),
                }
            }
        }
        wanted = intersection(&wanted, &groups);
    }
    // For each range the stripe is opened anew.
    if let ([first, ..], [.., last]) = (wanted.as_slice(), wanted.as_slice())
        && wanted.len() > RANGES
    {
        return Some(std::iter::once(first.start..last.end).collect());
    }
    Some(wanted)
}

/// The footer of a stripe, which tells its streams. `None`: it can't be read.
pub(super) fn footer(file: &OrcColumns, stripe: &StripeMetadata) -> Option<StripeFooter> {
    let footer = read(file, stripe.footer_offset(), stripe.footer_length())?;
    StripeFooter::decode(footer.as_slice()).ok()
}

/// The index of a column.
fn index_of(
    file: &OrcColumns,
    stripe: &StripeMetadata,
    footer: &StripeFooter,
    column: usize,
) -> Option<RowIndex> {
    let mut at = stripe.offset();
    for stream in &footer.streams {
        if stream.kind() == Kind::RowIndex && stream.column() as usize == column {
            let bytes = read(file, at, stream.length())?;
            return RowIndex::decode(bytes.as_slice()).ok();
        }
        at = at.checked_add(stream.length())?;
    }
    None
}

/// Bytes of the file, decompressed. `None`: they are not there, or come to more than any index has.
fn read(file: &OrcColumns, at: u64, length: u64) -> Option<Vec<u8>> {
    at.checked_add(length)
        .filter(|end| *end <= file.file.size())?;
    let bytes = file.file.bytes(at, length).ok()?;
    let mut all = Vec::new();
    let packed = Decompressor::new(bytes, file.metadata.compression(), Vec::new());
    let read = packed.take(LARGEST + 1).read_to_end(&mut all).ok()?;
    (read as u64 <= LARGEST).then_some(all)
}
