//! What WHERE says of single columns is known to sources, as far as it stands before what a record may fail at.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use millstream_sql::Query;

fn conditions(filter: &str) -> usize {
    let item = Arc::new(Field::new_list_field(DataType::Float64, true));
    let schema = Schema::new(vec![
        Field::new("id", DataType::Int32, true),
        Field::new("f", DataType::Float64, true),
        Field::new("many", DataType::List(item), true),
        Field::new("s", DataType::Utf8, true),
    ]);
    let sql = format!("select id from t1 where {filter}");
    let query = Query::plan(&sql, "t1", &schema).unwrap_or_else(|e| panic!("{sql}: {e}"));
    let of_id = query.conditions().iter().filter(|it| it.column == 0);
    of_id.count()
}

#[test]
fn a_zero_of_either_sign_hides_nothing_behind_it() {
    for filter in [
        "many = [1.5] and id = 5",
        "f in (0.0, 1.0) and id = 5",
        "f in (0.0, 1.0, 2.0, 3.0) and id = 5",
    ] {
        assert_eq!(conditions(filter), 1, "{filter}");
    }
}

#[test]
fn what_may_fail_hides_what_stands_behind_it() {
    assert_eq!(conditions("id = 5 and cast(s as int) = 1"), 1);
    assert_eq!(conditions("cast(s as int) = 1 and id = 5"), 0);
}

#[test]
fn any_and_all_of_constants_say_as_much_as_other_conditions() {
    for filter in [
        "id = any([1, 2])",
        "id = any([1, 2, null])",
        "id = any([1, 2, 3, 4, 5, null])",
        "id in (1, 2, null)",
        "id > any([1, 2])",
        "id <= all([1, 2])",
    ] {
        assert_eq!(conditions(filter), 1, "{filter}");
    }
}

#[test]
fn each_of_several_lists_of_values_says_what_it_does_alone() {
    for (filter, told) in [
        ("id in (1, 2) and id in (2, 3)", 2),
        ("id in (1, 2, 3, 4, 5) and id in (id, 3)", 1),
        ("(id = 1 or id = 2) and (id = 2 or id = 3)", 2),
        ("id in (1, 2) or id in (3, 4, 5, 6)", 1),
        ("id in (1, 2, 3, 4, 5) or id = 6", 1),
        ("not (id > 5 or id < 2)", 2),
    ] {
        assert_eq!(conditions(filter), told, "{filter}");
    }
}
