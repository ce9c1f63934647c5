//! The numbers of a job that must close: every record that came in went somewhere, and it is known where.

use std::fmt;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// Where the records of a job, or of one operator, came from and went to, up to one boundary.
///
/// At every boundary `read + produced = written + filtered + deduplicated + bad + late`: nothing is in flight there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Numbers {
    /// Read from outside.
    pub read: u64,
    /// Made by operators beyond the records that they were given: a flat map that multiplies.
    pub produced: u64,
    /// Given to sinks.
    pub written: u64,
    /// Left out on purpose: by a filter, a `WHERE`, an aggregation that keeps none of its own.
    pub filtered: u64,
    /// Left out because they were there before.
    pub deduplicated: u64,
    /// Not understood: skipped or set aside.
    pub bad: u64,
    /// Come after their time.
    pub late: u64,
}

impl Numbers {
    /// How many more came in than went out: 0 at every boundary, more if records are missing, less if they are doubled.
    ///
    /// ```
    /// use millstream_core::Numbers;
    /// let numbers = Numbers { read: 10, written: 7, filtered: 2, bad: 1, ..Numbers::default() };
    /// assert_eq!(numbers.difference(), 0);
    /// ```
    pub fn difference(&self) -> i128 {
        let sum = |parts: &[u64]| parts.iter().map(|part| i128::from(*part)).sum::<i128>();
        let came = sum(&[self.read, self.produced]);
        let went = [
            self.written,
            self.filtered,
            self.deduplicated,
            self.bad,
            self.late,
        ];
        came - sum(&went)
    }

    /// Whether nothing has been counted.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

impl Numbers {
    /// Every part with its name: what came first, then what went.
    pub fn parts(&self) -> [(&'static str, u64); 7] {
        [
            ("read", self.read),
            ("produced", self.produced),
            ("written", self.written),
            ("filtered", self.filtered),
            ("deduplicated", self.deduplicated),
            ("bad", self.bad),
            ("late", self.late),
        ]
    }
}

/// The equation: `10 read = 7 written + 2 filtered + 1 bad`. Parts that are 0 are left out, but for the first on each side.
impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sign = "";
        for (name, count) in self.parts() {
            let is_first = matches!(name, "read" | "written");
            if name == "written" {
                sign = " = ";
            }
            if is_first || count > 0 {
                write!(f, "{sign}{count} {name}")?;
                sign = " + ";
            }
        }
        Ok(())
    }
}

impl AddAssign for Numbers {
    fn add_assign(&mut self, other: Self) {
        let add = |sum: &mut u64, more: u64| *sum = sum.saturating_add(more);
        add(&mut self.read, other.read);
        add(&mut self.produced, other.produced);
        add(&mut self.written, other.written);
        add(&mut self.filtered, other.filtered);
        add(&mut self.deduplicated, other.deduplicated);
        add(&mut self.bad, other.bad);
        add(&mut self.late, other.late);
    }
}

#[cfg(test)]
mod tests {
    use super::Numbers;

    #[test]
    fn the_equation_is_read_as_one() {
        let mut numbers = Numbers {
            read: 10,
            written: 7,
            filtered: 2,
            bad: 1,
            ..Numbers::default()
        };
        assert_eq!(
            numbers.to_string(),
            "10 read = 7 written + 2 filtered + 1 bad"
        );
        numbers.produced = 4;
        assert!(
            numbers
                .to_string()
                .starts_with("10 read + 4 produced = 7 written")
        );
        assert_eq!(Numbers::default().to_string(), "0 read = 0 written");
    }

    #[test]
    fn every_part_counts_once() {
        type Part = fn(&mut Numbers) -> &mut u64;
        let parts: [(Part, i128); 7] = [
            (|n| &mut n.read, 1),
            (|n| &mut n.produced, 1),
            (|n| &mut n.written, -1),
            (|n| &mut n.filtered, -1),
            (|n| &mut n.deduplicated, -1),
            (|n| &mut n.bad, -1),
            (|n| &mut n.late, -1),
        ];
        let mut all = Numbers::default();
        for (part, sign) in parts {
            let mut numbers = Numbers::default();
            *part(&mut numbers) = 3;
            assert_eq!(numbers.difference(), 3 * sign);
            assert!(!numbers.is_zero());
            all += numbers;
        }
        assert_eq!(all.difference(), 3 * (2 - 5));
        all.read = u64::MAX;
        assert_eq!(all.difference(), i128::from(u64::MAX) + 3 - 15);
    }
}
