use super::{forms, java, postgres, strftime};

#[test]
fn a_section_is_there_or_left_out() {
    let cases: [(&str, &[&str]); 7] = [
        ("yyyy-MM-dd", &["%Y-%m-%d"]),
        (
            "yyyy-MM-dd[ HH:mm[:ss]]",
            &["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"],
        ),
        ("yyyy[-MM][-dd]", &["%Y-%m-%d", "%Y-%m", "%Y-%d", "%Y"]),
        ("[yyyy", &["%Y", ""]),
        ("yyyy[]", &["%Y"]),
        ("'['yyyy']'", &["[%Y]"]),
        ("[y][y][y][y][y]", &[]),
    ];
    for (pattern, expected) in cases {
        let items = java(pattern).unwrap_or_else(|why| panic!("{pattern}: {why}"));
        let found: Vec<_> = forms(pattern, &items)
            .iter()
            .map(|form| strftime(&form.items).unwrap_or_else(|| panic!("{pattern}: {form:?}")))
            .collect();
        assert_eq!(found, expected, "{pattern}");
    }
}

#[test]
fn a_form_is_a_pattern_of_java_again() {
    let cases: [(&str, &[&str]); 4] = [
        (
            "yyyy-MM-dd HH:mm:ss[.S]",
            &["yyyy-MM-dd HH:mm:ss.S", "yyyy-MM-dd HH:mm:ss"],
        ),
        (
            "yyyy['['MM][''dd']']",
            &["yyyy'['MM''dd']'", "yyyy'['MM", "yyyy''dd']'", "yyyy"],
        ),
        ("yyyy[MM[dd", &["yyyyMMdd", "yyyyMM", "yyyy"]),
        ("[y][y][y][y][y]", &[]),
    ];
    for (pattern, expected) in cases {
        let items = java(pattern).unwrap_or_else(|why| panic!("{pattern}: {why}"));
        let forms = forms(pattern, &items);
        let found: Vec<_> = forms.iter().map(|form| form.text.as_str()).collect();
        assert_eq!(found, expected, "{pattern}");
        for form in forms {
            assert_eq!(java(&form.text), Ok(form.items), "{pattern}");
        }
    }
}

#[test]
fn every_letter_of_java_is_offered_or_refused_by_its_name() {
    for letter in ('A'..='Z').chain('a'..='z') {
        for count in 1..=30 {
            let letters = letter.to_string().repeat(count);
            match java(&letters) {
                Ok(items) => assert!(items.iter().all(|item| !item.is_plain()), "{letters}"),
                Err(why) => {
                    assert!(why.starts_with(&format!("`{letter}")), "{letters}: {why}");
                }
            }
        }
    }
}

#[test]
fn words_are_the_longest_and_of_one_case() {
    for (pattern, told) in [
        ("Y,YYY", "`Y,YYY` is"),
        ("YYY", "`YYY` is"),
        ("yyyyy", "`y` is"),
        ("IDDD", "`IDDD` is"),
        ("TMMonth", "`TM` is"),
        ("FXYYYY", "`FX` is"),
        ("TZH:TZM", "`TZH` is"),
        ("FMRM", "`RM` is"),
        ("SSS", "`S` is"),
        ("DDSP", "`S` is"),
        ("FF7", "`F` is"),
        ("Yyyy", "write `YYYY`"),
        ("Am", "write `AM`"),
        ("MOnth", "write `MONTH`"),
        ("Hh24", "write `HH24`"),
        ("DDth", "`th` makes an ordinal"),
        ("YYYY-MM-DDTHH24", "T that means itself"),
        ("FM-DD", "`FM` stands before"),
        ("FMFMDD", "`FM` stands before"),
        ("Fm", "`F` is"),
        ("\"YYYY", "not closed"),
        ("\"YYYY\\\"", "not closed"),
    ] {
        let why = postgres(pattern).expect_err(pattern);
        assert!(why.contains(told), "{pattern}: {why}");
    }
}
