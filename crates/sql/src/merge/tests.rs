use arrow::array::StringArray;

use super::*;

fn flat() -> RecordBatch {
    let column = |text: &str| Arc::new(StringArray::from(vec![text])) as ArrayRef;
    RecordBatch::try_from_iter([
        ("name", column("n1")),
        ("id", column("1")),
        ("k1", column("v1")),
    ])
    .unwrap()
}

fn as_json(batch: &RecordBatch) -> String {
    let mut writer = arrow::json::LineDelimitedWriter::new(Vec::new());
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    String::from_utf8(writer.into_inner()).unwrap()
}

#[test]
fn all_but_the_excluded_columns_move_into_the_nested_one() {
    let nested = Nest::default().plan(&flat().schema()).unwrap();
    let batch = nested.apply(&flat()).unwrap();
    assert_eq!(batch.schema_ref(), nested.schema());
    assert_eq!(
        as_json(&batch),
        "{\"id\":\"1\",\"feas\":{\"name\":\"n1\",\"k1\":\"v1\"}}\n"
    );
}

#[test]
fn no_value_is_copied() {
    let flat = flat();
    let nested = Nest::default().plan(&flat.schema()).unwrap();
    let batch = nested.apply(&flat).unwrap();
    assert!(Arc::ptr_eq(batch.column(0), flat.column(1)));
    let inside = arrow::array::AsArray::as_struct_opt(batch.column(1));
    assert!(Arc::ptr_eq(inside.unwrap().column(1), flat.column(2)));
}

#[test]
fn settings_that_do_not_fit_are_refused_before_the_start() {
    let refused = |field: &str, exclude: &[&str]| {
        let nest = Nest {
            field: field.to_string(),
            exclude: exclude.iter().map(ToString::to_string).collect(),
        };
        nest.plan(&flat().schema()).unwrap_err().to_string()
    };
    assert_eq!(
        refused("feas", &["id", "nam"]),
        "MS-8001: sink.merge.exclude.fields: there is no column `nam`; did you mean `name`? the \
         columns are `name`, `id`, `k1`"
    );
    assert!(refused("id", &["id"]).contains("`id` is also a column that stays"));
    assert!(refused("feas", &["id", "name", "k1"]).contains("no column is left to nest"));
}

#[test]
fn the_nested_field_may_have_the_name_of_a_column_it_takes_in() {
    let nest = Nest {
        field: "k1".to_string(),
        exclude: vec!["id".to_string(), "name".to_string()],
    };
    let nested = nest.plan(&flat().schema()).unwrap();
    let json = as_json(&nested.apply(&flat()).unwrap());
    assert_eq!(
        json,
        "{\"name\":\"n1\",\"id\":\"1\",\"k1\":{\"k1\":\"v1\"}}\n"
    );
}

#[test]
fn a_batch_of_another_shape_is_an_error() {
    let nested = Nest::default().plan(&flat().schema()).unwrap();
    let narrow = flat().project(&[0, 1]).unwrap();
    assert_eq!(nested.apply(&narrow).unwrap_err().code(), "MS-9001");
}
