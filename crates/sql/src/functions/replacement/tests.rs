use super::{Groups, rewritten};

fn of_groups(text: &str, count: usize) -> String {
    let groups = Groups::of(&"()".repeat(count), None, "the pattern");
    rewritten(text, groups.as_ref()).expect(text)
}

#[test]
fn groups_are_those_of_java() {
    let table = [
        ("plain", 1, "plain"),
        ("$1x", 1, "${1}x"),
        ("$0$1", 1, "${0}${1}"),
        ("$12", 1, "${1}2"),
        ("$12", 12, "${12}"),
        ("\\1", 1, "${1}"),
        ("\\\\1", 1, "\\${}1"),
        ("\\\\\\\\1", 1, "\\\\${}1"),
        ("\\\\x\\\\", 1, "\\x\\"),
        ("\\\\\\1", 1, "\\${1}"),
        ("\\10", 1, "${1}0"),
        ("\\10", 9, "${1}0"),
        ("\\10", 10, "${10}"),
        ("\\12", 2, "${1}2"),
        ("$99999999999999999999999", 9, "${9}9999999999999999999999"),
        ("\\$1", 1, "$$1"),
        ("\\n\\", 1, "\\n\\"),
        ("5 $", 1, "5 $$"),
        ("$ä", 1, "$$ä"),
    ];
    for (text, count, made) in table {
        assert_eq!(of_groups(text, count), made, "{text}");
    }
}

#[test]
fn what_is_wrong_with_a_pattern_is_left_to_others() {
    assert!(Groups::of("(", None, "the pattern").is_none());
    for (text, made) in [("$7x", "${7}x"), ("\\7", "${7}"), ("${a}", "${a}")] {
        assert_eq!(rewritten(text, None).expect(text), made, "{text}");
    }
}

#[test]
fn groups_are_counted_as_the_flags_have_it() {
    let groups = Groups::of("(a) # (b)", Some("gx"), "the pattern").expect("a pattern");
    assert_eq!(groups.count, 1);
}

#[test]
fn a_group_that_the_pattern_does_not_have_is_refused_in_each_way_of_writing() {
    let groups = Groups::of("(a)(?<b>b)", None, "the pattern");
    for text in [
        "plain",
        "\\0\\1\\2",
        "\\\\1",
        "\\\\3",
        "${0}${1}${b}",
        "\\${c}",
        "${c",
        "\\n",
        "\\",
    ] {
        let told = rewritten(text, groups.as_ref());
        assert!(told.is_ok(), "{text}: {told:?}");
    }
    for (text, words) in [
        ("$3", "puts in group 3, and the pattern has 2; write \\$"),
        ("\\3", "puts in group 3, and the pattern has 2"),
        ("a${3}", "puts in group 3, which the pattern does not have"),
        ("${c}", "puts in group c, which the pattern does not have"),
    ] {
        let error = rewritten(text, groups.as_ref()).expect_err(text);
        assert!(error.to_string().contains(words), "{text}: {error}");
    }
}
