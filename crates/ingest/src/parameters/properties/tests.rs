use super::*;

fn entries(text: &str) -> Vec<(String, String)> {
    let properties = parse(text).expect("valid");
    properties
        .into_iter()
        .map(|property| (property.name, property.value))
        .collect()
}

fn entry(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn names_end_at_equals_colon_or_blank() {
    assert_eq!(
        entries("a=1\nb: 2\nc 3\n d = 4 \ne\nf==5\n\\ g\\=h = i"),
        [
            entry("a", "1"),
            entry("b", "2"),
            entry("c", "3"),
            entry("d", "4 "),
            entry("e", ""),
            entry("f", "=5"),
            entry(" g=h", "i"),
        ]
    );
}

#[test]
fn comments_and_blank_lines_do_not_count() {
    assert_eq!(
        entries("# a=1\n  ! b=2\n\n   \r\nc=3 # kept\r\n"),
        [entry("c", "3 # kept")]
    );
}

#[test]
fn a_backslash_at_the_end_continues_the_line() {
    assert_eq!(
        entries("sql = select a, \\\r\n      b \\\n  # from t1\nd=e\\\\\nf=g"),
        [
            entry("sql", "select a, b # from t1"),
            entry("d", "e\\"),
            entry("f", "g")
        ]
    );
}

#[test]
fn escapes_are_those_of_java() {
    assert_eq!(
        entries("tab=\\t\nsoh=\\u0001\nname=\\u8BA2\\u5355\nface=\\uD83D\\uDE00!\npath=C:\\\\x\\y"),
        [
            entry("tab", "\t"),
            entry("soh", "\u{1}"),
            entry("name", "订单"),
            entry("face", "😀!"),
            entry("path", "C:\\xy"),
        ]
    );
    assert_eq!(parse("a=1\nb=\\u12"), Err(2));
    assert_eq!(parse("b=\\u+123"), Err(1));
}

#[test]
fn the_line_of_an_entry_is_its_first() {
    let lines: Vec<usize> = parse("# x\na=1\\\n2\n\nb=3")
        .expect("valid")
        .iter()
        .map(|property| property.line)
        .collect();
    assert_eq!(lines, [2, 5]);
}

#[test]
fn text_is_utf_8_else_latin_1() {
    assert_eq!(decode("订单".as_bytes()), "订单");
    assert_eq!(decode("\u{feff}a".as_bytes()), "a");
    assert_eq!(decode(&[b'f', 0xfc, b'r']), "für");
}
