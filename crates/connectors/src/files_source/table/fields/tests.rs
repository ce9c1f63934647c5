use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::super::super::format::Dialect;
use super::super::super::scan::cut;
use super::{FieldTable, Misshapen, fields_of};

fn texts_of(dialect: &Dialect, record: &str) -> Option<Vec<String>> {
    let fields = fields_of(dialect, record)?;
    Some(fields.into_iter().map(|field| field.text).collect())
}

fn dialect(delimiter: &str) -> Dialect {
    Dialect::new(Some(delimiter.into()), b"\n".to_vec(), Some(b'"'), true)
}

fn rows(dialect: &Dialect, text: &str, columns: usize, plain: bool) -> Vec<Vec<Option<String>>> {
    let mut table = FieldTable::default();
    table.clear(columns, 4);
    let mut spans = Vec::new();
    cut(dialect, true, text.as_bytes(), 0, 1_000, &mut spans);
    assert_eq!(plain && table.find_plain(dialect, text.as_bytes()), plain);
    if !plain {
        table.find(dialect, text.as_bytes(), &spans);
    }
    let value = |row: usize, column: usize| {
        let field = table.column(column).nth(row).expect("a field");
        let content = table.content(text.as_bytes(), field);
        (!field.is_null()).then(|| String::from_utf8(content.to_vec()).expect("text"))
    };
    (0..table.rows())
        .map(|row| (0..columns).map(|column| value(row, column)).collect())
        .collect()
}

#[test]
fn quotes_are_taken_off_as_the_standard_says() {
    for (record, fields) in [
        (r#"a,b"#, vec!["a", "b"]),
        (r#""a,b",c"#, vec!["a,b", "c"]),
        ("\"a\nb\",c", vec!["a\nb", "c"]),
        (r#""say ""hi""",x"#, vec![r#"say "hi""#, "x"]),
        (r#""""#, vec![""]),
        (r#""""""#, vec![r#"""#]),
        (r#"a"b,"c""#, vec![r#"a"b"#, "c"]),
        (r#" "a",b"#, vec![r#" "a""#, "b"]),
        (r#",,"#, vec!["", "", ""]),
    ] {
        assert_eq!(
            texts_of(&dialect(","), record).expect(record),
            fields,
            "{record}"
        );
    }
    for broken in [r#"a,"b"#, r#""a"bc,d"#, r#""a""b"c""d,e"#, r#""a" ,b"#] {
        assert_eq!(fields_of(&dialect(","), broken), None, "{broken}");
    }
}

#[test]
fn what_follows_an_escape_means_itself() {
    let escaped = Dialect {
        escape: Some(b'\\'),
        ..dialect(",")
    };
    for (record, fields) in [
        (r#"a\,b,c"#, vec!["a,b", "c"]),
        (r#""a\"b",c"#, vec![r#"a"b"#, "c"]),
        (r#"a\\,b"#, vec![r"a\", "b"]),
        (r#""a\\",b"#, vec![r"a\", "b"]),
        (r#"\"a,b"#, vec![r#""a"#, "b"]),
        ("a\\\nb,c", vec!["a\nb", "c"]),
        ("a\\\r\nb,c", vec!["a\r\nb", "c"]),
        (r#"a,b\"#, vec!["a", r"b\"]),
    ] {
        assert_eq!(
            texts_of(&escaped, record).expect(record),
            fields,
            "{record}"
        );
    }
}

#[test]
fn an_unquoted_empty_field_is_null_and_a_quoted_one_is_empty() {
    let found = rows(&dialect(","), "a,,\"\"\n", 3, false);
    assert_eq!(found, [[Some("a".to_owned()), None, Some(String::new())]]);
}

#[test]
fn a_delimiter_of_several_bytes_cuts_fields() {
    let found = rows(&dialect("，"), "a，b\n，c\n", 2, false);
    assert_eq!(
        found,
        [
            [Some("a".to_owned()), Some("b".to_owned())],
            [None, Some("c".to_owned())]
        ]
    );
}

#[test]
fn records_of_another_shape_are_told_by_their_number() {
    let mut table = FieldTable::default();
    table.clear(2, 4);
    assert!(table.find_plain(&dialect(","), b"a,b\nc\n\nd,e,f\r\ng,h"));
    assert_eq!(table.records(), [0, 3]);
    assert_eq!(
        table.misshapen(),
        [(1, Misshapen::Fields(1)), (2, Misshapen::Fields(3))]
    );
}

#[test]
fn both_ways_find_the_same_fields() {
    let mut random = StdRng::seed_from_u64(11);
    let pieces = [
        "a",
        "bcd",
        ",",
        ",",
        "\n",
        "\r\n",
        "a long piece of text that fills blocks",
        "\r",
    ];
    for round in 0..20_000 {
        let count = random.random_range(0..40);
        let text: String = (0..count)
            .map(|_| pieces[random.random_range(0..pieces.len())])
            .collect();
        for columns in 1..4 {
            let plain = rows(&dialect(","), &text, columns, true);
            let any = rows(&dialect(","), &text, columns, false);
            assert_eq!(plain, any, "round {round}: {text:?}");
        }
    }
}

/// What a table holds: rows of texts, the numbers of their records, and the records that are no rows.
type Held = (
    Vec<Option<(Vec<u8>, bool)>>,
    Vec<u32>,
    Vec<(u32, Misshapen)>,
);

fn held(table: &FieldTable, text: &[u8]) -> Held {
    let value = |field: &super::Field| {
        let content = table.content(text, *field).to_vec();
        (!field.is_null()).then_some((content, field.start & super::QUOTED != 0))
    };
    let fields = table.fields.iter().map(value).collect();
    (fields, table.records().to_vec(), table.misshapen().to_vec())
}

#[test]
fn walking_over_marks_finds_what_is_found_record_by_record() {
    let mut random = StdRng::seed_from_u64(12);
    let pieces = [
        "a",
        "bc",
        ",",
        ",",
        "\n",
        "\n",
        "\r\n",
        "\"",
        "\"\"",
        "\",\"",
        "\"\n\"",
        "\"\r\n\"",
        "\"\n",
        "\r",
        ",\"\",",
        ",\"x\"\"y\"",
        "，",
        "\n\n",
    ];
    let semicolons = Dialect {
        limit: 70,
        ..Dialect::new(Some(b";".to_vec()), b"\n".to_vec(), Some(b'\''), true)
    };
    for round in 0..40_000 {
        let mut text = String::new();
        for _ in 0..random.random_range(0..30) {
            text += pieces[random.random_range(0..pieces.len())];
            if random.random_range(0..8) == 0 {
                text += &"x".repeat(random.random_range(0..70));
            }
        }
        let (dialect, text) = if round % 4 == 0 {
            (semicolons.clone(), text.replace(',', ";").replace('"', "'"))
        } else {
            (dialect(","), text)
        };
        let mut spans = Vec::new();
        cut(&dialect, true, text.as_bytes(), 0, 1_000, &mut spans);
        // As the decoder does: the text ends with the last record, before its line end.
        let end = spans.last().map_or(0, |span| span.end as usize);
        let text = &text.as_bytes()[..end];
        for columns in 1..4 {
            let mut walked = FieldTable::default();
            walked.clear(columns, 4);
            walked.find_in_text(&dialect, text, &spans);
            let mut alone = FieldTable::default();
            alone.clear(columns, 4);
            alone.find(&dialect, text, &spans);
            let shown = String::from_utf8_lossy(text);
            assert_eq!(
                held(&walked, text),
                held(&alone, text),
                "{round}: {shown:?}"
            );
        }
    }
}

#[test]
fn rows_can_be_taken_out() {
    let text = b"a,1\nb,2\nc,3\nd,4\n";
    let mut table = FieldTable::default();
    table.clear(2, 4);
    assert!(table.find_plain(&dialect(","), text));
    table.remove_rows(&[0, 2]);
    let left: Vec<&[u8]> = table
        .column(1)
        .map(|field| table.content(text, field))
        .collect();
    assert_eq!(
        (left, table.records()),
        (vec![&b"2"[..], b"4"], &[1, 3][..])
    );
}
