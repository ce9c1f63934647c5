//! How many rows are asked for at once. Pure.

/// Rows of the first question, as in the CSP operator.
const FIRST: u32 = 50;
/// Rows of a question, at most: servers give no more.
const MOST: u32 = 10_000;
/// Bytes that an answer should have, about.
const BYTES: usize = 4 << 20;

/// How many rows are asked for at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    fixed: Option<u32>,
    next: u32,
}

impl Pace {
    /// `fixed`: as somebody has said.
    pub(super) fn new(fixed: Option<u32>) -> Self {
        Self { fixed, next: FIRST }
    }

    /// How many rows to ask for now.
    pub(super) fn rows(&self) -> u32 {
        self.fixed.unwrap_or(self.next).max(1)
    }

    /// So many rows came, which take so many bytes: the next answer is to have some megabytes.
    pub(super) fn came(&mut self, rows: usize, bytes: usize) {
        if rows == 0 {
            return;
        }
        let each = (bytes / rows).max(1);
        let fitting = u32::try_from(BYTES / each).unwrap_or(MOST);
        self.next = fitting.min(self.next.saturating_mul(8)).clamp(1, MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_while_answers_are_small_and_shrinks_with_large_rows() {
        let mut pace = Pace::new(None);
        let mut asked = Vec::new();
        for _ in 0..4 {
            asked.push(pace.rows());
            pace.came(50, 5_000);
        }
        assert_eq!(asked, [50, 400, 3_200, 10_000]);
        pace.came(100, 100 << 20);
        assert_eq!(pace.rows(), 4);
        pace.came(1, usize::MAX);
        assert_eq!(pace.rows(), 1);
        pace.came(0, 0);
        assert_eq!(pace.rows(), 1);
    }

    #[test]
    fn who_says_a_number_is_obeyed() {
        let mut pace = Pace::new(Some(7));
        pace.came(7, 10);
        assert_eq!(pace.rows(), 7);
        assert_eq!(Pace::new(Some(0)).rows(), 1);
    }
}
