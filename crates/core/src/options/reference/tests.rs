use super::*;

fn read(reference: &Reference<'_>) -> Result<String, String> {
    match reference {
        Reference::Variable("A") => Ok("${env:B}".to_owned()),
        Reference::File("/run/s") => Ok("s3".to_owned()),
        _ => Err("which is not there".to_owned()),
    }
}

#[test]
fn references_are_replaced_whole_embedded_and_once() {
    for (text, expected) in [
        ("", ""),
        ("plain $ and $x {y}", "plain $ and $x {y}"),
        ("${env:A}", "${env:B}"),
        ("u:${file:/run/s}@h/${env:A}$", "u:s3@h/${env:B}$"),
        ("$${env:A}", "${env:A}"),
        ("$$${env:A}", "$${env:A}"),
        ("a$${b}${file:/run/s}", "a${b}s3"),
        ("$$", "$$"),
    ] {
        let resolved = resolve("x", text, &read).expect(text);
        assert_eq!(resolved, expected, "{text}");
    }
}

#[test]
fn what_is_escaped_is_meant_itself() {
    for text in ["", "$", "${", "$${env:A}", "a${b}$$${c", "$$$"] {
        let escaped = escape(text);
        assert!(!has_references(&escaped), "{escaped}");
        assert_eq!(resolve("x", &escaped, &read).expect(text), text);
    }
}

#[test]
fn what_begins_as_a_reference_and_is_none_is_told_in_one_line() {
    for text in [
        "${A}",
        "${env:}",
        "${Env:A}",
        "${file:relative}",
        "${env:A",
        "x${",
    ] {
        assert!(has_references(text), "{text}");
        let error = resolve("job.name", text, &read).expect_err(text);
        assert_eq!(error.code(), "MS-1022", "{text}");
        assert!(error.message().starts_with("job.name has `$"), "{error}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
    let error = resolve("sink.path", "x${env:C}", &read).expect_err("C is not there");
    assert_eq!(
        error.message(),
        "sink.path is given by ${env:C}, which is not there"
    );
}

#[test]
fn a_name_that_everybody_sees_is_given_by_none() {
    for place in ["job.name", "pipeline.name", "job.name (a.properties:3)"] {
        let error = resolve(place, "x${env:A}", &read).expect_err(place);
        assert_eq!(error.code(), "MS-1022", "{error}");
        let told =
            format!("{place} is given by ${{env:A}}, and a name is stored and shown to everybody");
        assert_eq!(error.message(), told);
        assert_eq!(resolve(place, "$${env:A}", &read).expect(place), "${env:A}");
    }
}

#[test]
fn a_reference_alone_may_be_shown() {
    assert!(is_reference(" ${env:A} "));
    for text in [
        "",
        "x",
        "${env:A}${env:A}",
        "x${env:A}",
        "${A}",
        "$${env:A}",
    ] {
        assert!(!is_reference(text), "{text}");
    }
    assert_eq!(without_references("a=${env:A};b=$${c}"), "a=;b=${c}");
}

#[test]
fn what_references_stand_for_is_not_shown() {
    let mut hidden = Hidden::default();
    hidden.add(&Reference::Variable("LONG"), "It's Secret");
    hidden.add(&Reference::Variable("PART"), "Secret");
    hidden.add(&Reference::Variable("SHORT"), "ab");
    hidden.add(&Reference::Variable("NONE"), "");
    for (text, shown) in [
        ("no column `It's Secret`", "no column `${env:LONG}`"),
        ("near 'It''s Secret'", "near '${env:LONG}'"),
        ("a column it's secret", "a column ${env:LONG}"),
        ("\"It\\'s Secret\"", "\"${env:LONG}\""),
        ("xSecrety", "x${env:PART}y"),
        (
            "table, ab and tab: ab",
            "table, ${env:SHORT} and tab: ${env:SHORT}",
        ),
        ("", ""),
    ] {
        assert_eq!(hidden.hide(text), shown, "{text}");
    }
    let error = Error::new(&codes::SQL_INVALID, "Secret")
        .cause("xSecret")
        .next("not ab");
    assert_eq!(
        hidden.hide_in(error).to_string(),
        "MS-5001: ${env:PART} (x${env:PART}); not ${env:SHORT}"
    );
    assert!(!format!("{hidden:?}").contains("ecret"));
}
