//! Every error code has a page `docs/errors/<code>.md` with its title, and every page belongs to a code.

use std::collections::BTreeSet;
use std::fs;

use millstream_core::codes;
use millstream_house::files::root;

/// What a page answers, in this order.
const QUESTIONS: &[&str] = &["**What happened.**", "**Likely cause.**", "**What to do.**"];

#[test]
fn every_code_has_a_page_with_its_title_and_the_three_answers() {
    let mut wrong = Vec::new();
    for code in codes::ALL {
        let path = format!("docs/errors/{}.md", code.id);
        let Ok(page) = fs::read_to_string(root().join(&path)) else {
            wrong.push(format!("{path} is missing"));
            continue;
        };
        let title = format!("# {}: {}", code.id, code.title);
        if page.lines().next() != Some(title.as_str()) {
            wrong.push(format!("{path} does not begin with `{title}`"));
        }
        let places: Vec<Option<usize>> = QUESTIONS
            .iter()
            .map(|question| page.find(question))
            .collect();
        if places.contains(&None) || !places.is_sorted() {
            wrong.push(format!(
                "{path} does not answer {QUESTIONS:?} in this order"
            ));
        }
        // In double backquotes where the message holds backquotes itself.
        let shows = |begin: &str| page.contains(&format!("{begin}{}: ", code.id));
        if !shows("`") && !shows("`` ") {
            wrong.push(format!("{path} shows no example of a message"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_page_belongs_to_a_code() {
    let codes: BTreeSet<&str> = codes::ALL.iter().map(|code| code.id).collect();
    let pages =
        fs::read_dir(root().join("docs/errors")).expect("the pages of errors can be listed");
    let mut strangers = Vec::new();
    for page in pages {
        let name = page
            .expect("a page")
            .file_name()
            .to_string_lossy()
            .into_owned();
        if name != "README.md" && !codes.contains(name.trim_end_matches(".md")) {
            strangers.push(name);
        }
    }
    assert!(strangers.is_empty(), "pages without a code: {strangers:?}");
}

#[test]
fn no_code_is_given_twice_and_all_are_in_order() {
    let ids: Vec<&str> = codes::ALL.iter().map(|code| code.id).collect();
    assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
}

#[test]
fn the_list_of_codes_names_all() {
    let list = fs::read_to_string(root().join("docs/errors/README.md")).expect("there is a list");
    let missing: Vec<String> = codes::ALL
        .iter()
        .map(|code| format!("| [{0}]({0}.md) | {1} |", code.id, code.title))
        .filter(|row| !list.contains(row))
        .collect();
    assert!(
        missing.is_empty(),
        "add to docs/errors/README.md: {missing:#?}"
    );
}
