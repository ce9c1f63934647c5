use std::slice::from_ref;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, IntervalUnit, Schema, SchemaRef, TimeUnit};

use super::super::SharedColumns;
use super::super::fit::wanted;
use super::Kept;

fn schema(columns: &[(&str, DataType)]) -> SchemaRef {
    let fields = columns
        .iter()
        .map(|(name, data_type)| Field::new(*name, data_type.clone(), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn shared(columns: &[(&str, DataType)]) -> SharedColumns {
    SharedColumns::new(Some(schema(columns)), None).expect("all of them are read")
}

/// What a snapshot of a source says that reads these columns.
fn kept(columns: &[(&str, DataType)]) -> Kept {
    let kept = Kept::now(&shared(columns)).expect("they are known");
    let text = serde_json::to_string(&kept).expect("is written");
    serde_json::from_str(&text).expect("is read")
}

fn list(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("item", item, true)))
}

fn parts(parts: &[(&str, DataType)]) -> DataType {
    DataType::Struct(schema(parts).fields().clone())
}

fn map(value: DataType) -> DataType {
    let entries = [
        Field::new("key", DataType::Utf8, false),
        Field::new("value", value, true),
    ];
    let entries = DataType::Struct(Fields::from(entries.to_vec()));
    DataType::Map(Arc::new(Field::new("entries", entries, false)), false)
}

#[test]
fn columns_are_read_on_where_no_file_is_left() {
    let columns = [
        ("id", DataType::Int64),
        ("the \"name\"", DataType::Utf8),
        ("price", DataType::Decimal128(12, 2)),
        ("at", DataType::Timestamp(TimeUnit::Nanosecond, None)),
        ("bytes", DataType::Binary),
        ("tags", list(DataType::Utf8)),
        (
            "more",
            map(parts(&[("a", DataType::Int8), ("b", DataType::Date32)])),
        ),
    ];
    let next = SharedColumns::new(None, None).expect("nothing is known");
    kept(&columns).go_on(&next, "in").expect("nothing differs");
    let known = next.known.get().expect("they are known now");
    assert_eq!(known.schema, schema(&columns));
    assert_eq!(known.batch.as_ref(), Some(&schema(&columns)));
}

/// What a snapshot says of a file with these columns where the SQL reads the first alone, as text.
fn first_of(columns: &[(&str, DataType)]) -> String {
    let chosen = SharedColumns::new(Some(schema(columns)), Some(vec![0]));
    let chosen = Kept::now(&chosen.expect("it is there")).expect("they are known");
    serde_json::to_string(&chosen).expect("is written")
}

#[test]
fn those_that_sql_has_chosen_are_not_taken_for_all_of_a_file() {
    let columns = [("id", DataType::Int64), ("name", DataType::Utf8)];
    let next = || SharedColumns::new(None, None).expect("nothing is known");
    let written = first_of(&columns);
    let chosen: Kept = serde_json::from_str(&written).expect("is read");
    let goes_on = next();
    chosen.go_on(&goes_on, "in").expect("nothing differs");
    let known = goes_on.known.get().expect("the others are named as well");
    assert_eq!(known.schema, schema(&columns));

    // As versions before wrote it, that did not name the others.
    let before = r#"{"all":false,"columns":[{"name":"id","type":"Int64"}]}"#;
    let chosen: Kept = serde_json::from_str(before).expect("is read");
    let goes_on = next();
    chosen.go_on(&goes_on, "in").expect("nothing differs");
    assert!(goes_on.known.get().is_none());
}

#[test]
fn a_type_that_is_not_understood_matters_where_it_is_read_only() {
    let columns = [("id", DataType::Int64), ("name", DataType::Utf8)];
    let read = |written: String| {
        let kept: Kept = serde_json::from_str(&written).expect("is read");
        kept.table()
    };
    let of_name = first_of(&columns).replace("Utf8", "of the future");
    let table = read(of_name).expect("what is read is understood");
    assert_eq!(table.field(0).data_type(), &DataType::Int64);
    assert!(wanted(&table, Some(&[0])).is_ok());
    assert!(
        wanted(&table, Some(&[1])).is_err(),
        "it can't be told what it holds"
    );
    assert_eq!(
        read(first_of(&columns).replace("Int64", "of the future")),
        None
    );
}

#[test]
fn a_file_that_lacks_what_was_read_tells_no_columns() {
    let interval = DataType::Interval(IntervalUnit::DayTime);
    let was = [("id", DataType::Int64), ("name", DataType::Utf8)];
    let all = kept(&was);
    let some: Kept = serde_json::from_str(&first_of(&was)).expect("is read");
    let holds = |columns: &[(&str, DataType)]| {
        let schema = schema(columns);
        (all.is_held_by(&schema), some.is_held_by(&schema))
    };
    let (id, name) = (was[0].clone(), was[1].clone());
    assert_eq!(holds(&was), (true, true));
    assert_eq!(holds(from_ref(&id)), (false, true));
    assert_eq!(holds(from_ref(&name)), (false, false));
    assert_eq!(
        holds(&[("id", DataType::Utf8), name.clone()]),
        (false, false)
    );
    let new = ("new", DataType::Utf8);
    assert_eq!(holds(&[name.clone(), id.clone(), new]), (true, true));
    // Who reads all columns can't go on with one that can't be read.
    assert_eq!(holds(&[id, name, ("for", interval)]), (false, true));
}

#[test]
fn another_first_file_must_hold_what_was_read() {
    let was = [
        ("id", DataType::Int32),
        ("at", DataType::Timestamp(TimeUnit::Microsecond, None)),
        (
            "part",
            list(parts(&[("a", DataType::Int32), ("b", DataType::Utf8)])),
        ),
    ];
    let seconds = DataType::Timestamp(TimeUnit::Second, None);
    let part = |parts_now: &[(&str, DataType)]| list(parts(parts_now));
    let (a, b) = (("a", DataType::Int64), ("b", DataType::Utf8));
    let cases = [
        (was.to_vec(), None),
        // More columns, and wider ones, in another order.
        (
            vec![
                ("new", DataType::Utf8),
                ("part", part(&[b.clone(), a.clone()])),
                ("at", was[1].1.clone()),
                ("id", DataType::Int64),
            ],
            None,
        ),
        (was[1..].to_vec(), Some("no `id` (Int)")),
        (
            [vec![("id", DataType::Int16)], was[1..].to_vec()].concat(),
            Some("`id` as SmallInt instead of Int"),
        ),
        (
            [vec![("id", DataType::Utf8)], was[1..].to_vec()].concat(),
            Some("`id` as String instead of Int"),
        ),
        (
            vec![was[0].clone(), ("at", seconds), was[2].clone()],
            Some("`at` as a Timestamp that holds less"),
        ),
        (
            vec![was[0].clone(), was[1].clone(), ("part", part(&[a]))],
            Some("`part` as Array("),
        ),
    ];
    for (now, told) in cases {
        let answer = kept(&was).go_on(&shared(&now), "/data/in");
        match told {
            None => assert!(answer.is_ok(), "{now:?}: {answer:?}"),
            Some(told) => {
                let error = answer.expect_err("it is told").to_string();
                assert!(error.contains(told), "{error}");
                assert!(error.contains("MS-6008"), "{error}");
            }
        }
    }
}
