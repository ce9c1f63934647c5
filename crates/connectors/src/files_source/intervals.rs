//! Sets of offsets as sorted intervals.

/// A set of offsets: intervals `[from, to)` in order that neither overlap nor touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Intervals {
    parts: Vec<(u64, u64)>,
}

impl Intervals {
    /// Adds `[from, to)`.
    pub(crate) fn insert(&mut self, from: u64, to: u64) {
        if from >= to {
            return;
        }
        // All parts that overlap or touch the new one become one with it.
        let first = self.parts.partition_point(|part| part.1 < from);
        let behind = self.parts.partition_point(|part| part.0 <= to);
        let merged = self
            .parts
            .get(first..behind)
            .unwrap_or_default()
            .iter()
            .fold((from, to), |merged, part| {
                (merged.0.min(part.0), merged.1.max(part.1))
            });
        self.parts.splice(first..behind.max(first), [merged]);
    }

    /// Whether nothing is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// What of `[from, to)` is in the set.
    pub(crate) fn within(&self, from: u64, to: u64) -> impl Iterator<Item = (u64, u64)> {
        let first = self.parts.partition_point(|part| part.1 <= from);
        self.parts
            .iter()
            .skip(first)
            .take_while(move |part| part.0 < to)
            .map(move |part| (part.0.max(from), part.1.min(to)))
    }

    /// Whether all of `[from, to)` is in the set.
    pub(crate) fn covers(&self, from: u64, to: u64) -> bool {
        from >= to || self.within(from, to).next() == Some((from, to))
    }

    /// What of `[from, to)` is not in the set.
    pub(crate) fn gaps(&self, from: u64, to: u64) -> Vec<(u64, u64)> {
        let mut gaps = Vec::new();
        let mut at = from;
        for (start, end) in self.within(from, to) {
            if start > at {
                gaps.push((at, start));
            }
            at = end;
        }
        if at < to {
            gaps.push((at, to));
        }
        gaps
    }
}

#[cfg(test)]
mod tests {
    use super::Intervals;

    #[test]
    fn parts_that_touch_become_one() {
        let mut set = Intervals::default();
        for (from, to) in [(10, 20), (30, 40), (0, 5), (20, 30), (7, 7), (5, 6)] {
            set.insert(from, to);
        }
        assert_eq!(set.parts, [(0, 6), (10, 40)]);
        assert!(set.covers(12, 40) && !set.covers(5, 11) && set.covers(8, 8));
        assert_eq!(set.gaps(0, 50), [(6, 10), (40, 50)]);
        assert_eq!(set.within(3, 12).collect::<Vec<_>>(), [(3, 6), (10, 12)]);
        set.insert(0, u64::MAX);
        assert_eq!(set.parts, [(0, u64::MAX)]);
    }
}
