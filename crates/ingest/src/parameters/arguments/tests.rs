use super::*;

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn pairs(elements: &[&str]) -> Vec<(String, String)> {
    let arguments = read(&strings(elements));
    assert!(arguments.problems.is_empty(), "{:?}", arguments.problems);
    arguments.pairs
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn every_way_to_write_a_pair_gives_the_same() {
    let expected = [
        pair("source.path", "hdfs:///x"),
        pair("job.name", "es6 sink job"),
    ];
    assert_eq!(
        pairs(&["--source.path", "hdfs:///x", "--job.name", "es6 sink job"]),
        expected
    );
    assert_eq!(
        pairs(&["--source.path=hdfs:///x", "--job.name=es6 sink job"]),
        expected
    );
    assert_eq!(
        pairs(&["--source.path hdfs:///x", "--job.name es6 sink job"]),
        expected
    );
    assert_eq!(
        pairs(&["--source.path hdfs:///x --job.name 'es6 sink job'"]),
        expected
    );
    assert_eq!(
        pairs(&["--source.path=hdfs:///x --job.name='es6 sink job'"]),
        expected
    );
    assert_eq!(
        pairs(&["-source.path", "hdfs:///x", "-job.name", "es6 sink job"]),
        expected
    );
}

#[test]
fn a_value_may_hold_blanks_dashes_and_equals() {
    assert_eq!(
        pairs(&[
            "--stream.sql",
            "select a from t1 where b = 'x' -- all",
            "--source.field.delimiter",
            "-"
        ]),
        [
            pair("stream.sql", "select a from t1 where b = 'x' -- all"),
            pair("source.field.delimiter", "-")
        ]
    );
    assert_eq!(
        pairs(&["--stream.sql select a, b from t1 where a = 1"]),
        [pair("stream.sql", "select a, b from t1 where a = 1")]
    );
    assert_eq!(
        pairs(&["--stream.sql=select '--x'"]),
        [pair("stream.sql", "select '--x'")]
    );
}

#[test]
fn a_forgotten_value_is_reported() {
    let arguments = read(&strings(&[
        "--source.firstLine.schema",
        "--source.type",
        "csv",
    ]));
    assert_eq!(arguments.pairs, [pair("source.type", "csv")]);
    assert_eq!(
        arguments.problems[0].to_string(),
        "MS-1002: --source.firstLine.schema has no value; give true or false: --source.firstLine.schema <value>"
    );
}

#[test]
fn a_stray_word_is_reported() {
    let arguments = read(&strings(&["--stream.sql", "select", "*"]));
    assert_eq!(arguments.problems.len(), 1);
    assert!(arguments.problems[0].message().contains("`*`"));
}

#[test]
fn program_args_split_at_blanks_outside_of_quotes() {
    for (line, elements) in [
        (
            "--job.name test --sink.type orc --stream.sql 'select * from t1'",
            &[
                "--job.name",
                "test",
                "--sink.type",
                "orc",
                "--stream.sql",
                "select * from t1",
            ][..],
        ),
        ("", &[]),
        ("  a \t b\n", &["a", "b"]),
        ("--a=''", &["--a="]),
        ("'' x", &["", "x"]),
        ("--a='b c'd", &["--a=b cd"]),
        (r#""say \"hi\" \\ \n""#, &[r#"say "hi" \ \n"#]),
        (r"'a\b'", &[r"a\b"]),
        (
            r"it\'s a\ b c\\d \t \u0001",
            &["it's", "a b", r"c\d", r"\t", r"\u0001"],
        ),
        (
            r#"--s "select concat(x,'-', y)""#,
            &["--s", "select concat(x,'-', y)"],
        ),
        (r"end\", &[r"end\"]),
    ] {
        assert_eq!(
            split_program_args(line).expect(line),
            strings(elements),
            "{line}"
        );
    }
}

#[test]
fn a_quote_without_end_is_refused() {
    for line in ["--a 'b", "--a \"b", "\"a\\\""] {
        let error = split_program_args(line).expect_err(line);
        assert_eq!(error.code(), "MS-1004", "{line}");
    }
}

#[test]
fn help_is_wanted_wherever_it_stands() {
    assert!(wants_help(&strings(&["--help"])));
    assert!(wants_help(&strings(&["--source.type", "csv", "-h"])));
    assert!(!wants_help(&strings(&["--job.name", "help"])));
}

#[test]
fn a_misspelt_name_takes_no_other_name_as_its_value() {
    let arguments = read(&strings(&["--sorce.type", "--surce.path", "/x"]));
    assert_eq!(arguments.pairs, [pair("surce.path", "/x")]);
    assert_eq!(
        arguments.problems[0].to_string(),
        "MS-1001: there is no parameter `sorce.type`; did you mean source.type?"
    );
}
