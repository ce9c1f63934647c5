use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Int64Array, StringArray};
use arrow::compute::filter;

use super::filter_columns;

#[test]
fn texts_are_filtered_as_arrow_does() {
    let text = |row: usize| match row % 7 {
        0 => None,
        1 => Some(String::new()),
        2 => Some("x".repeat(row % 80)),
        _ => Some(format!("ünïcode {row}")),
    };
    let texts: ArrayRef = Arc::new((0..500).map(text).collect::<StringArray>());
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..500));
    for step in [1, 2, 3, 50, 1_000] {
        let mask: BooleanArray = (0..500)
            .map(|row| match row % 11 {
                0 => None,
                _ => Some(row % step == 0),
            })
            .collect();
        // Also columns that are parts of others.
        for (from, length) in [(0, 500), (3, 333), (499, 1), (10, 0)] {
            let (texts, numbers) = (texts.slice(from, length), numbers.slice(from, length));
            let mask = mask.slice(from, length);
            let columns = [texts.clone(), numbers.clone()];
            let (kept, count) = filter_columns(columns.iter(), &mask).expect("is filtered");
            let expected = [&texts, &numbers].map(|all| filter(all, &mask).expect("is filtered"));
            assert_eq!(kept, expected, "every {step} of {length} from {from}");
            assert_eq!(count, expected[0].len());
        }
    }
}
