use super::*;

fn field(text: &str) -> Option<char> {
    FieldDelimiter::from_option_text(text)
        .ok()
        .map(|delimiter| delimiter.0)
}

fn line(text: &str) -> Option<String> {
    LineDelimiter::from_option_text(text)
        .ok()
        .map(|delimiter| delimiter.0)
}

#[test]
fn a_character_stands_for_itself() {
    for text in [",", "|", ";", " ", "\t", "\u{1}", "、", "\\", "'", "x"] {
        assert_eq!(
            field(text).map(String::from).as_deref(),
            Some(text),
            "{text:?}"
        );
    }
}

#[test]
fn escapes_and_codes_name_a_character() {
    for (text, character) in [
        ("\\t", '\t'),
        ("\\u0001", '\u{1}'),
        ("\\x01", '\u{1}'),
        ("\\001", '\u{1}'),
        ("\\0", '\0'),
        ("\\\\", '\\'),
        ("0x01", '\u{1}'),
        ("0X7c", '|'),
        ("0x9", '\t'),
        ("44", ','),
        ("9", '\t'),
        ("1", '\u{1}'),
        ("49", '1'),
        ("','", ','),
        ("'\\t'", '\t'),
    ] {
        assert_eq!(field(text), Some(character), "{text}");
    }
}

#[test]
fn what_is_no_single_character_is_refused() {
    for text in [
        "", ",,", "tab", "128", "300", "0x80", "0x", "0xzz", "\\u00", "\\q", "\\r\\n", "\"", "34",
    ] {
        assert_eq!(field(text), None, "{text}");
    }
}

#[test]
fn a_line_may_end_with_several_characters() {
    assert_eq!(line("\\r\\n").as_deref(), Some("\r\n"));
    assert_eq!(line("0x0D0A").as_deref(), Some("\r\n"));
    assert_eq!(line("10").as_deref(), Some("\n"));
    assert_eq!(line("||").as_deref(), Some("||"));
    assert_eq!(line("\n").as_deref(), Some("\n"));
    assert_eq!(line(""), None);
    assert_eq!(line("a\"b"), None);
}
