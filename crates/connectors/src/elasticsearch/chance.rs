//! Chance, for waits that are not to come together.

use std::hash::{BuildHasher, RandomState};

/// Numbers from 0 to 1 that nobody foresees. No secret depends on them.
#[derive(Debug, Clone)]
pub(super) struct Chance {
    state: u64,
}

impl Chance {
    /// Begins anywhere.
    pub(super) fn new() -> Self {
        Self::from_seed(RandomState::new().hash_one(0))
    }

    /// Begins at a place.
    pub(super) const fn from_seed(seed: u64) -> Self {
        Self { state: seed | 1 }
    }

    /// The next one (xorshift64*).
    pub(super) fn next(&mut self) -> f64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let number = self.state.wrapping_mul(0x2545_f491_4f6c_dd1d);
        (number >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::Chance;

    #[test]
    fn it_lies_between_0_and_1_and_changes() {
        let mut chance = Chance::from_seed(7);
        let some: Vec<f64> = (0..1_000).map(|_| chance.next()).collect();
        assert!(some.iter().all(|chance| (0.0..1.0).contains(chance)));
        let mean = some.iter().sum::<f64>() / 1_000.0;
        assert!((0.4..0.6).contains(&mean), "{mean}");
        assert_ne!(Chance::new().next(), Chance::new().next());
    }
}
