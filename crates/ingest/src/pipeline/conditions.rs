//! What a query says of single columns, as sources take it.

use millstream_connectors::files_source::{Comparison, Condition, Test};
use millstream_sql::{ColumnTest, Query};

/// What is so of every row that the query keeps. `of_rows`: whether rows may be left out by it, not only partitions.
pub(super) fn conditions(query: &Query, of_rows: bool) -> Vec<Condition> {
    let conditions = query.conditions().iter();
    conditions
        .map(|condition| Condition {
            column: condition.column,
            of_rows,
            test: match &condition.test {
                ColumnTest::Equal(value) => Test::Compares(Comparison::Equal, value.clone()),
                ColumnTest::Less(value) => Test::Compares(Comparison::Less, value.clone()),
                ColumnTest::LessOrEqual(value) => {
                    Test::Compares(Comparison::LessOrEqual, value.clone())
                }
                ColumnTest::Greater(value) => Test::Compares(Comparison::Greater, value.clone()),
                ColumnTest::GreaterOrEqual(value) => {
                    Test::Compares(Comparison::GreaterOrEqual, value.clone())
                }
                ColumnTest::OneOf(values) => Test::OneOf(values.clone()),
                ColumnTest::IsNull => Test::IsNull,
                ColumnTest::IsNotNull => Test::IsNotNull,
            },
        })
        .collect()
}
