use regex::Regex;

use super::{refuse_missing, rewritten};

#[test]
fn groups_are_those_of_java() {
    let table = [
        ("plain", 1, "plain"),
        ("$1x", 1, "${1}x"),
        ("$0$1", 1, "${0}${1}"),
        ("$12", 1, "${1}2"),
        ("$12", 12, "${12}"),
        ("${name}x", 1, "${name}x"),
        ("\\1", 1, "\\1"),
        ("\\$1", 1, "$$1"),
        ("5 $", 1, "5 $$"),
        ("$ä", 1, "$$ä"),
    ];
    for (text, groups, made) in table {
        assert_eq!(rewritten(text, Some(groups)).expect(text), made, "{text}");
    }
    assert_eq!(rewritten("$7x", None).expect("of any pattern"), "${7}x");
}

#[test]
fn a_group_that_is_not_there_is_refused() {
    let error = rewritten("$2", Some(1)).expect_err("there is one");
    assert!(
        error
            .to_string()
            .contains("puts in group 2, and the pattern has 1"),
        "{error}"
    );
}

#[test]
fn a_group_that_the_pattern_does_not_have_is_refused_in_each_way_of_writing() {
    let pattern = Regex::new("(a)(?<b>b)").expect("a pattern");
    for text in [
        "plain",
        "\\0\\1\\2",
        "\\\\1",
        "${0}${1}${b}",
        "\\${c}",
        "${c",
        "\\n",
        "\\",
    ] {
        let told = refuse_missing(text, &pattern);
        assert!(told.is_ok(), "{text}: {told:?}");
    }
    for (text, words) in [
        ("\\3", "puts in group 3, and the pattern has 2"),
        ("\\12", "puts in group 12, and the pattern has 2"),
        ("a${3}", "puts in group 3, which the pattern does not have"),
        ("${c}", "puts in group c, which the pattern does not have"),
    ] {
        let error = refuse_missing(text, &pattern).expect_err(text);
        assert!(error.to_string().contains(words), "{text}: {error}");
    }
}
