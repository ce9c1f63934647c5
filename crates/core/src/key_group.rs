//! Key groups: the unit in which keyed state is owned, snapshotted and moved.
//!
//! A key belongs to a key group for ever; a subtask owns a range of groups that depends on the
//! parallelism alone. So any snapshot restores at any parallelism up to the maximum. The idea and
//! the formulas are Flink's (`KeyGroupRangeAssignment`).

use crate::codes;
use crate::error::{Error, Result};

/// The index of a key group, below the maximum parallelism.
pub type KeyGroup = u16;

/// How many key groups a job has, and so the highest parallelism it can ever have: 1 to 32,768.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct MaxParallelism(u16);

impl MaxParallelism {
    /// 128, as in Flink.
    pub const DEFAULT: Self = Self(128);

    /// A maximum parallelism of `groups`.
    ///
    /// # Errors
    /// Outside of 1 to 32,768.
    pub fn new(groups: u32) -> Result<Self> {
        match u16::try_from(groups) {
            Ok(groups @ 1..=32_768) => Ok(Self(groups)),
            _ => Err(Error::new(
                &codes::OPTION_VALUE,
                format!("maximum parallelism is {groups}, not 1 to 32768"),
            )
            .next("set pipeline.max-parallelism to a number in that range")),
        }
    }

    /// The number of key groups.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The key group of a key with this [stable hash](crate::hash::stable_hash).
    #[inline]
    pub const fn group_of(self, hash: u64) -> KeyGroup {
        (((hash >> 32) * self.0 as u64) >> 32) as KeyGroup
    }

    /// The subtask that owns `group` when `parallelism` subtasks share all groups.
    #[inline]
    pub const fn owner(self, group: KeyGroup, parallelism: usize) -> usize {
        group as usize * parallelism / self.0 as usize
    }

    /// The groups that `subtask` of `parallelism` owns; empty beyond the maximum parallelism.
    pub const fn range(self, subtask: usize, parallelism: usize) -> KeyGroupRange {
        let groups = self.0 as usize;
        KeyGroupRange {
            start: (subtask * groups).div_ceil(parallelism) as KeyGroup,
            end: ((subtask + 1) * groups).div_ceil(parallelism) as KeyGroup,
        }
    }
}

impl Default for MaxParallelism {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A range of key groups: `start` included, `end` not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct KeyGroupRange {
    /// The first group.
    pub start: KeyGroup,
    /// The group after the last.
    pub end: KeyGroup,
}

impl KeyGroupRange {
    /// Whether `group` is in the range.
    #[inline]
    pub const fn contains(&self, group: KeyGroup) -> bool {
        self.start <= group && group < self.end
    }

    /// How many groups there are.
    pub const fn len(&self) -> usize {
        self.end.saturating_sub(self.start) as usize
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.start >= self.end
    }

    /// The groups, in order.
    pub fn iter(&self) -> impl Iterator<Item = KeyGroup> + use<> {
        self.start..self.end
    }
}

#[cfg(test)]
mod tests {
    use super::MaxParallelism;

    #[test]
    fn every_group_has_one_owner_at_every_parallelism() {
        for groups in [1, 7, 128] {
            let max = MaxParallelism::new(groups).expect("in range");
            for parallelism in 1..=groups as usize {
                for group in 0..max.get() {
                    let owner = max.owner(group, parallelism);
                    assert!(owner < parallelism);
                    for subtask in 0..parallelism {
                        let owned = max.range(subtask, parallelism).contains(group);
                        assert_eq!(
                            owned,
                            owner == subtask,
                            "{group} of {groups} at {parallelism}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn groups_lie_below_the_maximum() {
        let max = MaxParallelism::new(100).expect("in range");
        assert_eq!(max.group_of(0), 0);
        assert_eq!(max.group_of(u64::MAX), 99);
    }

    #[test]
    fn a_maximum_outside_its_limits_is_refused() {
        assert!(MaxParallelism::new(0).is_err());
        assert!(MaxParallelism::new(32_769).is_err());
    }
}
