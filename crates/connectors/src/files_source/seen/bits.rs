//! A row of bits that grows and shrinks in the middle, as the entries do that it is about.

/// Bits in a word.
const WORD: usize = 64;

/// The bits; those behind the last one that was set are 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// The bit at `at`.
    pub(super) fn get(&self, at: usize) -> bool {
        let word = self.0.get(at / WORD).copied().unwrap_or(0);
        word >> (at % WORD) & 1 == 1
    }

    /// Sets the bit at `at`.
    pub(super) fn set(&mut self, at: usize, bit: bool) {
        let number = at / WORD;
        if bit && number >= self.0.len() {
            self.0.resize(number + 1, 0);
        }
        if let Some(word) = self.0.get_mut(number) {
            *word = *word & !(1 << (at % WORD)) | u64::from(bit) << (at % WORD);
        }
    }

    /// Puts a bit in at `at`; those from there on move up.
    pub(super) fn insert(&mut self, at: usize, bit: bool) {
        let first = at / WORD;
        let mut carry = 0;
        for (number, word) in self.0.iter_mut().enumerate().skip(first) {
            let stays = if number == first { low(at) } else { 0 };
            let (kept, moved) = (*word & stays, *word & !stays);
            (*word, carry) = (kept | moved << 1 | carry, moved >> (WORD - 1));
        }
        if carry == 1 {
            self.0.push(carry);
        }
        self.set(at, bit);
    }

    /// Takes the bit at `at` out; those behind it move down.
    pub(super) fn remove(&mut self, at: usize) {
        let first = at / WORD;
        let mut above = 0;
        for (number, word) in self.0.iter_mut().enumerate().skip(first).rev() {
            let (stays, leaves) = match number == first {
                true => (low(at), 1 << (at % WORD)),
                false => (0, 1),
            };
            let down = u64::from(*word & leaves != 0);
            *word = *word & stays | (*word & !stays & !leaves) >> 1 | above << (WORD - 1);
            above = down;
        }
    }
}

/// The bits of a word before the one at `at`.
fn low(at: usize) -> u64 {
    (1 << (at % WORD)) - 1
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn they_move_as_the_elements_of_a_list_do() {
        let (mut bits, mut list) = (Bits::default(), Vec::new());
        let mut draw = 20_261_128_u64;
        for round in 0..20_000 {
            draw = draw
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let (what, bit, place) = (draw >> 60, draw >> 59 & 1 == 1, (draw >> 20) as usize);
            match what {
                _ if list.is_empty() || what < 7 && list.len() < 300 => {
                    let at = place % (list.len() + 1);
                    list.insert(at, bit);
                    bits.insert(at, bit);
                }
                0..=10 => {
                    let at = place % list.len();
                    list.remove(at);
                    bits.remove(at);
                }
                _ => {
                    let at = place % list.len();
                    list[at] = bit;
                    bits.set(at, bit);
                }
            }
            let same = (0..list.len() + 70)
                .all(|at| bits.get(at) == list.get(at).copied().unwrap_or(false));
            assert!(same, "round {round}: {list:?}, {bits:?}");
        }
    }
}
