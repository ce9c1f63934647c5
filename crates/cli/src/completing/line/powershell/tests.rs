use super::words;

#[track_caller]
fn assert_words(line: &str, expected: &[&str]) {
    assert_eq!(words(line), expected, "{line}");
}

#[test]
fn white_space_stands_between_words() {
    assert_words("", &[""]);
    assert_words("m", &["m"]);
    assert_words(" m  stop ", &["m", "stop", ""]);
    assert_words("m stop `\n  or", &["m", "stop", "or"]);
}

#[test]
fn a_backtick_escapes_and_a_backslash_does_not() {
    assert_words("m my` jo", &["m", "my jo"]);
    assert_words("m ```'`\"", &["m", "`'\""]);
    assert_words(r"m C:\a\ b", &["m", r"C:\a\", "b"]);
    assert_words("m a`tb", &["m", "a\tb"]);
    assert_words("m a`", &["m", "a"]);
}

#[test]
fn quotes_are_doubled_within_themselves() {
    assert_words("m 'it''s", &["m", "it's"]);
    assert_words("m 'it'", &["m", "it"]);
    assert_words("m ''", &["m", ""]);
    assert_words("m 'it’’s", &["m", "it’s"]);
    assert_words("m 'a`b\"c\\", &["m", "a`b\"c\\"]);
    assert_words("m \"a\"\"b`\"c`` d'", &["m", "a\"b\"c` d'"]);
}

#[test]
fn quotes_end_a_word_that_begins_with_them() {
    assert_words("m 'a b'c", &["m", "a b", "c"]);
    assert_words("m a'b c'd", &["m", "ab cd"]);
    assert_words("m --target=\"lo", &["m", "--target=lo"]);
}
