//! What is held of a stripe: its reader takes the compressed bytes of all columns that are read before it hands out the first row.

use std::collections::BTreeSet;

use orc_rust::proto::Stream;

use super::{OrcColumns, OrcType, index};
use crate::files_source::failure::Unfit;

/// The most that is held of a stripe. Writers make stripes of 64 MiB, some of 256.
const LARGEST: u64 = 1 << 30;
const MIB: u64 = 1 << 20;

/// Whether so much of a stripe is held as these columns have.
///
/// # Errors
/// It is too much.
pub(super) fn check(file: &OrcColumns, group: usize, columns: &[usize]) -> Result<(), Unfit> {
    // Streams lie one behind the other, whatever a damaged footer says of them.
    if file.file.size() <= LARGEST {
        return Ok(());
    }
    let Some(footer) = index::footer(file, file.stripe(group)?) else {
        // The reader can't read it either, and says why.
        return Ok(());
    };
    let columns = columns.iter().filter_map(|place| file.column(*place));
    let mut numbers: BTreeSet<usize> = columns.flat_map(OrcType::all_indices).collect();
    // That of the row itself.
    numbers.insert(0);
    check_streams(group, &footer.streams, &numbers)
}

/// The same of the streams of all columns, of which those with these `numbers` are read. Pure.
fn check_streams(group: usize, streams: &[Stream], numbers: &BTreeSet<usize>) -> Result<(), Unfit> {
    let read = streams
        .iter()
        .filter(|stream| numbers.contains(&(stream.column() as usize)));
    let bytes = read.map(Stream::length).fold(0, u64::saturating_add);
    if bytes <= LARGEST {
        return Ok(());
    }
    Err(Unfit::Large(format!(
        "the columns that are read have {} MiB in stripe {group}, and no more than {} MiB of a stripe are held",
        bytes.div_ceil(MIB),
        LARGEST / MIB
    )))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use orc_rust::proto::Stream;

    use super::{LARGEST, check_streams};
    use crate::files_source::failure::Unfit;

    #[test]
    fn only_what_is_read_of_a_stripe_counts() {
        let streams = |lengths: &[(u32, u64)]| -> Vec<Stream> {
            let streams = lengths.iter().map(|(column, length)| Stream {
                column: Some(*column),
                length: Some(*length),
                ..Stream::default()
            });
            streams.collect()
        };
        let read = BTreeSet::from([0, 2]);
        for lengths in [
            &[(1, LARGEST + 1), (2, 7)][..],
            &[(0, 1), (2, LARGEST - 1), (3, u64::MAX)],
            &[],
        ] {
            assert_eq!(check_streams(0, &streams(lengths), &read), Ok(()));
        }
        let why = "the columns that are read have 1025 MiB in stripe 3, and no more than 1024 MiB of a stripe are held";
        let large = Err(Unfit::Large(why.to_owned()));
        let two = streams(&[(2, LARGEST), (2, 1), (1, 5)]);
        assert_eq!(check_streams(3, &two, &read), large);
        let beyond = streams(&[(2, u64::MAX), (2, u64::MAX)]);
        assert!(check_streams(3, &beyond, &read).is_err());
    }
}
