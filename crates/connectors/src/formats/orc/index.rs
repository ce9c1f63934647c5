//! The index of rows: where groups of rows begin in the streams of a column, and between which values each group lies, so
//! that a reader can pass over groups, or begin with one.

use orc_rust::proto::{RowIndex, RowIndexEntry};
use prost::Message;

use super::statistics::Statistics;

/// Rows of a group, as all who write ORC have it.
pub(super) const STRIDE: u64 = 10_000;

/// Where a group begins in a stream: behind so many bytes of it. A run begins there, too, so that no part of one is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// In bytes without runs.
    Plain(usize),
    /// In runs.
    Run(usize),
    /// In runs of bytes whose bits are the values: the second are the bits of the next byte that belong to rows before.
    Bits(usize, u8),
}

impl Mark {
    fn bytes(self) -> usize {
        match self {
            Self::Plain(bytes) | Self::Run(bytes) | Self::Bits(bytes, _) => bytes,
        }
    }

    /// What a position says behind the place in the stream.
    fn behind(self) -> Vec<u64> {
        match self {
            Self::Plain(_) => Vec::new(),
            Self::Run(_) => vec![0],
            Self::Bits(_, bits) => vec![0, u64::from(bits)],
        }
    }
}

/// A group of rows of a column.
#[derive(Debug, Clone, Default)]
pub(super) struct Group {
    /// Where it begins, in each stream of the column in their order.
    pub(super) marks: Vec<Mark>,
    pub(super) statistics: Statistics,
}

/// A stream that has been compressed in blocks.
#[derive(Debug)]
pub(super) struct Blocks {
    /// Where each block begins, and where the last one ends.
    pub(super) begins: Vec<u64>,
    /// The bytes of each block but the last, before they were compressed.
    pub(super) size: usize,
}

impl Blocks {
    /// Where what stood behind so many bytes is: the beginning of its block, and the bytes before it there.
    fn place(&self, bytes: usize) -> [u64; 2] {
        let block = bytes / self.size.max(1);
        let begin = self.begins.get(block).or(self.begins.last());
        let within = bytes.checked_rem(self.size).unwrap_or(0);
        [begin.copied().unwrap_or(0), within as u64]
    }
}

/// The stream of the index of a column: its groups, and its streams as they are written.
pub(super) fn written(groups: &[Group], streams: &[Blocks]) -> Vec<u8> {
    let entries = groups.iter().map(|group| {
        let places = group.marks.iter().zip(streams);
        let positions = places.flat_map(|(mark, blocks)| {
            let place = blocks.place(mark.bytes());
            place.into_iter().chain(mark.behind())
        });
        RowIndexEntry {
            positions: positions.collect(),
            statistics: Some(group.statistics.written()),
        }
    });
    let index = RowIndex {
        entry: entries.collect(),
    };
    index.encode_to_vec()
}

#[cfg(test)]
mod tests {
    use super::Blocks;

    #[test]
    fn a_place_is_a_block_and_the_bytes_before_it_there() {
        let blocks = Blocks {
            begins: vec![0, 40, 90],
            size: 100,
        };
        for (bytes, place) in [
            (0, [0, 0]),
            (99, [0, 99]),
            (100, [40, 0]),
            (150, [40, 50]),
            (200, [90, 0]),
        ] {
            assert_eq!(blocks.place(bytes), place, "{bytes}");
        }
        let empty = Blocks {
            begins: vec![0],
            size: 100,
        };
        assert_eq!(empty.place(0), [0, 0]);
    }
}
