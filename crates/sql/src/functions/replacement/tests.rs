use super::rewritten;

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
