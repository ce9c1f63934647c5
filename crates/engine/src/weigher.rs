//! How large chunks are: guessed, as of some one record is measured.

use crate::chunk::Chunk;

/// At most this many chunks pass between two measurements.
const LONGEST_GAP: u32 = 64;

/// Guesses the sizes of the chunks of one stream.
#[derive(Debug, Default)]
pub(crate) struct Weigher {
    bytes_of_a_record: f64,
    /// Chunks that pass before one is measured.
    skip: u32,
    gap: u32,
}

impl Weigher {
    /// About how many bytes `chunk` has.
    pub(crate) fn weigh(&mut self, chunk: &Chunk) -> u64 {
        if let Some(bytes) = chunk.known_bytes() {
            return bytes;
        }
        if self.skip == 0 {
            self.measure(chunk);
        } else {
            self.skip -= 1;
        }
        (chunk.len() as f64 * self.bytes_of_a_record) as u64
    }

    fn measure(&mut self, chunk: &Chunk) {
        let Some(measured) = chunk.measure_one() else {
            return;
        };
        let measured = measured as f64;
        // Growth counts at once, so that large records are met early.
        self.bytes_of_a_record = if measured > self.bytes_of_a_record {
            measured
        } else {
            self.bytes_of_a_record.mul_add(0.75, measured * 0.25)
        };
        self.gap = (self.gap * 2).clamp(1, LONGEST_GAP);
        self.skip = self.gap;
    }
}

#[cfg(test)]
mod tests {
    use super::Weigher;
    use crate::chunk::Chunk;

    #[test]
    fn sizes_are_guessed_within_a_small_factor() {
        let mut weigher = Weigher::default();
        let text = |length| Chunk::new(vec!["x".repeat(length); 100]);
        for length in [10, 1_000, 100_000] {
            let mut guessed = 0;
            for _ in 0..100 {
                guessed = weigher.weigh(&text(length));
            }
            let real = 100 * length as u64;
            let most = real * 2 + 100 * 50;
            assert!((real..most).contains(&guessed), "{length}: {guessed}");
        }
        let known = Chunk::new(vec![1_u8]).with_bytes(77);
        assert_eq!(weigher.weigh(&known), 77);
    }
}
