use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::*;

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Wanted {
    number: Option<i64>,
    flag: bool,
    text: Option<String>,
    list: Vec<String>,
    map: BTreeMap<String, String>,
    inner: Option<Box<Wanted>>,
}

fn read(value: Value) -> Result<Wanted, Vec<String>> {
    super::read(value).map_err(|wrong| wrong.problems)
}

#[test]
fn everything_that_is_wrong_is_told() {
    let given = json!({
        "number": "x", "flag": "maybe", "text": {}, "list": ["a"],
        "inner": {"number": [], "text": "well", "flag": "often"}, "map": {"a: b": [], "a": []},
    });
    let problems = read(given).expect_err("much is wrong");
    let mut told: Vec<_> = problems
        .iter()
        .filter_map(|problem| problem.split_once(": invalid type"))
        .map(|(field, _)| field)
        .collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            "flag",
            "inner: flag",
            "inner: number",
            "map: a",
            "map: a: b",
            "number",
            "text"
        ],
        "{problems:?}"
    );
}

#[test]
fn every_element_that_is_wrong_is_told_by_the_place_that_it_has() {
    let given = json!({
        "list": ["a", {}, 7, [], null, "b"], "number": "x",
        "inner": {"list": [{"a": 1}, {"a": 2}]},
    });
    let wrong = super::read::<Wanted>(given).expect_err("much is wrong");
    let mut told: Vec<_> = wrong
        .problems
        .iter()
        .filter_map(|problem| problem.split_once(": invalid type"))
        .map(|(place, _)| place)
        .collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            "inner: list: [0]",
            "inner: list: [1]",
            "list: [1]",
            "list: [3]",
            "list: [4]",
            "number"
        ],
        "{wrong:?}"
    );
    let rest = wrong.rest.expect("the rest is read");
    assert_eq!(rest.list, ["a", "7", "b"]);
}

#[test]
fn what_is_wrong_in_an_element_is_told_by_its_place_and_name() {
    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Many {
        many: Vec<Wanted>,
    }
    let given = json!({"many": [7, {"number": "x", "flag": "often"}, {}, {"list": [[]]}]});
    let wrong = super::read::<Many>(given).expect_err("much is wrong");
    let mut told = wrong.problems;
    told.sort_unstable();
    let beginnings = [
        "many: [0]: invalid type",
        "many: [1]: flag: invalid type",
        "many: [1]: number: invalid type",
        "many: [3]: list: [0]: invalid type",
    ];
    assert_eq!(told.len(), beginnings.len(), "{told:?}");
    for (told, beginning) in told.iter().zip(beginnings) {
        assert!(told.starts_with(beginning), "{told}");
    }
    assert_eq!(wrong.rest.map(|rest| rest.many.len()), Some(3));
}

#[test]
fn what_jackson_coerces_is_taken() {
    let given = json!({
        "number": "2", "flag": "true", "text": 5, "list": [1, true, "a"], "map": {"a": 1, "b": false},
        "inner": {"number": 2.7, "flag": 0, "text": true}, "nope": [{}],
    });
    let read = read(given).expect("all of it");
    let expected = Wanted {
        number: Some(2),
        flag: true,
        text: Some("5".to_owned()),
        list: ["1", "true", "a"].map(str::to_owned).into(),
        map: [("a", "1"), ("b", "false")]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into(),
        inner: Some(Box::new(Wanted {
            number: Some(2),
            text: Some("true".to_owned()),
            ..Wanted::default()
        })),
    };
    assert_eq!(read, expected);
}

#[test]
fn a_blank_text_is_no_number_and_no_flag_but_nothing() {
    let given =
        json!({"number": "", "flag": " ", "text": "", "inner": {"number": "\t", "text": " "}});
    let read = read(given).expect("it may be left away");
    let expected = Wanted {
        text: Some(String::new()),
        inner: Some(Box::new(Wanted {
            text: Some(" ".to_owned()),
            ..Wanted::default()
        })),
        ..Wanted::default()
    };
    assert_eq!(read, expected);
    let wrong = super::read::<Wanted>(json!({"number": "", "flag": "often", "text": "t"}));
    let wrong = wrong.expect_err("a flag");
    assert!(
        matches!(wrong.problems.as_slice(), [one] if one.starts_with("flag: ")),
        "{wrong:?}"
    );
    let rest = wrong.rest.expect("the rest is read");
    assert_eq!(rest.text.as_deref(), Some("t"));
}

#[test]
fn a_blank_text_is_none_of_several_names() {
    #[derive(Debug, PartialEq, Deserialize)]
    enum Mode {
        Claim,
    }
    #[derive(Debug, Deserialize)]
    struct Chosen {
        mode: Option<Mode>,
    }
    let read = super::read::<Chosen>(json!({"mode": "Claim"}));
    assert_eq!(read.expect("one of them").mode, Some(Mode::Claim));
    super::read::<Chosen>(json!({"mode": ""})).expect_err("Jackson refuses it, too");
}

#[test]
fn what_stands_behind_the_point_is_cut_off() {
    for (given, expected) in [(2.0, 2), (2.7, 2), (-2.7, -2), (0.9, 0), (1e3, 1000)] {
        let read = read(json!({"number": given})).expect("a number");
        assert_eq!(read.number, Some(expected), "{given}");
    }
    // As a text it is no whole number, for Jackson neither.
    assert!(read(json!({"number": "2.7"})).is_err());
}

#[test]
fn what_means_nothing_is_refused_with_its_name() {
    for (given, expected) in [
        (json!([]), "an array stands where an object belongs"),
        (json!("text"), "invalid type: string"),
        (
            json!({"inner": []}),
            "inner: an array stands where an object belongs",
        ),
        (json!({"number": "two"}), "number: invalid type: string"),
        (
            json!({"number": 1e40}),
            "number: invalid type: floating point",
        ),
        (json!({"number": true}), "number: invalid type: boolean"),
        (json!({"flag": "often"}), "flag: invalid type: string"),
        (json!({"list": {"a": 1}}), "list: invalid type: map"),
        (json!({"text": [1]}), "text: invalid type: sequence"),
        (json!({"map": {"a": [1]}}), "map: a: invalid type: sequence"),
    ] {
        let problems = read(given).expect_err(expected);
        let [error] = problems.as_slice() else {
            panic!("{problems:?}");
        };
        assert!(error.starts_with(expected), "{error}");
    }
}
