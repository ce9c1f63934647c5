use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};

use super::*;

fn rows(pairs: &[(i64, Option<&str>)]) -> RecordBatch {
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(
        pairs.iter().map(|(id, _)| *id),
    ));
    let names: StringArray = pairs.iter().map(|(_, name)| *name).collect();
    let names: ArrayRef = Arc::new(names);
    RecordBatch::try_from_iter([("id", ids), ("name", names)]).expect("rows")
}

fn digest(batches: &[RecordBatch]) -> Digest {
    let mut digest = Digest::default();
    batches.iter().for_each(|batch| digest.take(batch));
    digest
}

fn names() -> impl Iterator<Item = String> {
    ["id", "name"].into_iter().map(str::to_owned)
}

#[test]
fn batches_may_begin_and_end_anywhere() {
    let all = rows(&[(1, Some("a")), (2, None), (3, Some("")), (4, Some("bc"))]);
    let whole = digest(std::slice::from_ref(&all));
    for cut in 0..=4 {
        let parts = [all.slice(0, cut), all.slice(cut, 4 - cut)];
        assert_eq!(digest(&parts), whole, "{cut}");
    }
}

#[test]
fn other_values_and_another_order_are_told() {
    let known = digest(&[rows(&[(1, Some("a")), (2, None)])]).named(names());
    let table = [
        (vec![(1, Some("a")), (2, None)], Compared::Same),
        (vec![(2, None), (1, Some("a"))], Compared::Other),
        (vec![(1, Some("a")), (2, Some(""))], Compared::Other),
        (vec![(1, Some("a"))], Compared::Other),
        (vec![(1, Some("b")), (2, None)], Compared::Other),
    ];
    for (pairs, expected) in table {
        let compared = digest(&[rows(&pairs)]).compare(&known, names());
        assert_eq!(compared, expected, "{pairs:?}");
    }
}

#[test]
fn columns_that_were_not_read_before_say_nothing() {
    let batch = rows(&[(1, Some("a"))]);
    let mut known = digest(std::slice::from_ref(&batch)).named(names());
    known.remove("name");
    let other = rows(&[(1, Some("b"))]);
    let compared = digest(&[other]).compare(&known, names());
    assert_eq!(compared, Compared::Same);
}

#[test]
fn rows_without_a_column_in_common_are_never_the_same() {
    let batch = rows(&[(1, Some("a"))]);
    let only = |column: usize| {
        let name = names().nth(column).into_iter();
        let column = batch.project(&[column]).expect("a column");
        (digest(&[column]), name)
    };
    let (before, name) = only(0);
    let known = before.named(name);
    for (column, expected) in [(0, Compared::Same), (1, Compared::Unknown)] {
        let (own, name) = only(column);
        assert_eq!(own.compare(&known, name), expected, "{column}");
    }
    let (own, name) = only(0);
    let compared = own.compare(&BTreeMap::new(), name);
    assert_eq!(compared, Compared::Unknown, "nothing is known");
    let compared = Digest::default().compare(&known, names());
    assert_eq!(compared, Compared::Same, "no column is read");
}
