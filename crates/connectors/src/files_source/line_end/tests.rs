use super::end_of_rows;
use crate::files_source::format::Format;

fn end(line: &str, columns: Option<usize>, least: usize) -> Option<String> {
    let dialects = Format::csv().compile().expect("a format");
    end_of_rows(&dialects, line.as_bytes(), columns, least)
}

#[test]
fn what_parts_a_line_into_rows_of_as_many_fields_and_ends_it_ends_its_lines() {
    for (line, ends) in [
        ("a,b|1,2|3,4|", "|"),
        ("id,name||1,||2,b||", "||"),
        ("id,name|1,\"a|,b\"|2,b|", "|"),
        ("id,name\u{2028}1,a\u{2028}2,b\u{2028}", "\\u2028"),
        ("id,name\x001,a\x00", "\\u0000"),
        ("id,name\x001,a\x002,b\x00", "\\u0000"),
        ("id\u{2028}1\u{2028}2\u{2028}", "\\u2028"),
    ] {
        assert_eq!(end(line, None, 0).as_deref(), Some(ends), "{line:?}");
    }
}

#[test]
fn what_parts_a_line_into_rows_of_as_many_fields_as_there_are_columns_ends_its_lines() {
    for (line, ends) in [
        ("a,b|1,2|3,4", "|"),
        ("a,b|1,2|3,4|", "|"),
        ("id,name\u{2028}1,a", "\\u2028"),
    ] {
        assert_eq!(end(line, Some(2), 0).as_deref(), Some(ends), "{line:?}");
        assert_eq!(end(line, Some(3), 0), None, "{line:?}");
    }
    // It has the fields that it should have.
    assert_eq!(end("a,b|c,d|e,f|", Some(4), 0), None);
    assert_eq!(end("id|name|age|", Some(1), 0), None);
}

#[test]
fn a_header_alone_is_one_row() {
    for line in [
        "",
        "id",
        "id,name",
        "id,name|",
        "id|name|age|",
        "price (USD),size (cm),weight (kg)",
        "Time,Voltage (V),Current (A)",
        "Zeit;Spannung (V);Strom (A)",
        "Time ,U (V) ,I (A) ,P (W)",
        "date,price ($),fee ($)",
        "id,amount%,share%",
        "a,b|c,d",
        "a b,c d,e f",
        "id,\"a,b|c,d|e,f|\"",
        "\"id\",\"name\"",
    ] {
        for columns in [None, Some(2), Some(3)] {
            assert_eq!(end(line, columns, 0), None, "{line:?} of {columns:?}");
        }
    }
    let dialects = Format {
        field_delimiter: ';',
        ..Format::csv()
    };
    let dialects = dialects.compile().expect("a format");
    let header = b"Zeit;Spannung (V);Strom (A)";
    assert_eq!(end_of_rows(&dialects, header, None, 0), None);
}

#[test]
fn what_is_escaped_parts_nothing() {
    let escaping = Format {
        escape: Some('\\'),
        ..Format::csv()
    };
    let dialects = escaping.compile().expect("a format");
    let of_two = |line: &str| end_of_rows(&dialects, line.as_bytes(), Some(2), 1);
    assert_eq!(of_two("x\\,1|y\\,2|z,3"), None);
    assert_eq!(of_two("a,1\\|b,2\\|c,3"), None);
    assert_eq!(of_two("x\\,1,2|y\\,3,4|z,5").as_deref(), Some("|"));
}

#[test]
fn a_record_alone_is_one_row() {
    for (line, columns) in [
        ("17,from@a.de,to@b.de,subject", 4),
        ("1,$5.00,$7.00,EUR", 4),
        ("1,a;b,c;d,2", 4),
        ("2026-01-01,3.5%,4.1%", 3),
        ("1,-,-", 3),
        ("1,[1],[2]", 3),
        ("1,[1],[2],[3]", 4),
        ("1,a.,b.", 3),
        ("1,Hello. Well, yes. No, thanks.", 4),
        ("5,Title\u{b}Subtitle,x", 3),
        ("5,Title\u{2028}Subtitle,x", 3),
    ] {
        for columns in [None, Some(columns)] {
            assert_eq!(end(line, columns, 1), None, "{line:?} of {columns:?}");
        }
    }
    let text = "first\u{2028}second\u{2028}third\u{2028}";
    assert_eq!(end(text, None, 1), None, "text of one field");
}

#[test]
fn what_parts_fields_ends_no_lines() {
    for delimiter in ['\u{1c}', '\0', '\u{b}'] {
        let format = Format {
            field_delimiter: delimiter,
            ..Format::csv()
        };
        let dialects = format.compile().expect("a format");
        let header = format!("id{delimiter}name{delimiter}age");
        for columns in [None, Some(2), Some(3)] {
            let found = end_of_rows(&dialects, header.as_bytes(), columns, 0);
            assert_eq!(found, None, "{delimiter:?} of {columns:?}");
        }
    }
}
