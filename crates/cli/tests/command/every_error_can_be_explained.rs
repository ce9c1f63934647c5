//! Every error that the command prints says how its page is shown, and the page is in the command.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::{millstream, running};
use serde_json::{Value, json};

/// The page of a code in the documents.
fn documented(code: &str) -> String {
    let errors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    fs::read_to_string(errors.join(code).with_extension("md")).expect("a page")
}

#[track_caller]
fn shown(arguments: &[&str]) -> String {
    let said = millstream(arguments);
    assert_eq!(
        (said.code, said.err.as_str()),
        (Some(0), ""),
        "{arguments:?}"
    );
    said.out
}

#[test]
fn every_code_that_is_listed_shows_its_page() {
    let list = shown(&["explain"]);
    let mut codes = 0;
    for line in list.lines() {
        let (code, title) = line.split_once("  ").expect(line);
        let page = shown(&["explain", code]);
        assert!(page.starts_with(&format!("# {code}: {title}\n")), "{page}");
        assert_eq!(page, documented(code));
        codes += 1;
    }
    let errors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    let pages = fs::read_dir(errors).expect("a directory").count();
    // One of them is the list.
    assert_eq!(codes, pages - 1);
}

#[test]
fn a_code_may_be_written_as_it_comes() {
    let page = documented("MS-1016");
    for given in ["ms-1016", "1016", "MS-1016:", "ms1016"] {
        assert_eq!(shown(&["explain", given]), page, "{given}");
    }
}

#[test]
fn as_json() {
    let one: Value = serde_json::from_str(&shown(&["explain", "--json", "1016"])).expect("JSON");
    let page = documented("MS-1016");
    assert_eq!(
        one,
        json!({ "code": "MS-1016", "title": "Request not allowed", "page": page, "place": null })
    );
    let all: Value = serde_json::from_str(&shown(&["explain", "--json"])).expect("JSON");
    assert_eq!(
        all[0],
        json!({ "code": "MS-1001", "title": "Unknown option or parameter" })
    );
}

#[test]
fn for_a_code_that_there_is_not_those_that_are_written_nearly_so_are_named() {
    for (given, next) in [
        ("MS-1061", "did you mean MS-1001 or MS-1011 or MS-1016?"),
        ("MS-9999", "`millstream explain` lists all"),
        ("x", "`millstream explain` lists all"),
    ] {
        let said = millstream(&["explain", given]);
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{given}");
        let begin = format!("MS-1004: there is no error `{given}`; {next}");
        assert!(said.err.starts_with(&begin), "{}", said.err);
        assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    }
}

#[test]
fn the_place_of_an_installed_page_is_named() {
    for documents in ["docs/errors", "share/doc/millstream/docs/errors"] {
        let root = tempfile::tempdir().expect("a directory");
        let root = root.path().canonicalize().expect("a directory");
        let (program, page) = (
            root.join("bin/millstream"),
            root.join(documents).join("MS-1016.md"),
        );
        for file in [&program, &page] {
            fs::create_dir_all(file.parent().expect("a directory")).expect("made");
        }
        // Copied by another process: one that is started meanwhile would hold a file that this one writes, and it could not be run.
        let copied = Command::new("cp")
            .arg(env!("CARGO_BIN_EXE_millstream"))
            .arg(&program)
            .status();
        assert!(copied.expect("cp").success());
        fs::write(&page, documented("MS-1016")).expect("written");
        let said = |arguments: &[&str]| {
            let mut command = Command::new(&program);
            command.arg("explain").args(arguments);
            running::run(command).out
        };
        let (text, place) = (documented("MS-1016"), page.display());
        assert_eq!(said(&["1016"]), format!("{text}\nThis page is {place}.\n"));
        let one: Value = serde_json::from_str(&said(&["--json", "1016"])).expect("JSON");
        assert_eq!(one["place"], place.to_string());
        assert_eq!(said(&["1017"]), documented("MS-1017"), "it is not there");
    }
}

#[test]
fn an_error_says_how_its_page_is_shown() {
    let way = |said: &str| {
        let (_, way) = said.rsplit_once(" (").expect(said);
        let way = way.trim_end().trim_end_matches(':');
        let way = way.strip_suffix(')').expect(way);
        way.split(' ')
            .skip(1)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let said = millstream(&["stop"]);
    assert_eq!(
        said.err,
        "MS-1004: Missing JobId; see `millstream stop --help` (millstream explain MS-1004)\n"
    );
    assert!(millstream(&way(&said.err)).out.starts_with("# MS-1004: "));
    // Of several problems in the line that says how many.
    let said = millstream(&["run", "ingest", "--sorce.type=csv", "--sink.typ=print"]);
    let first = said.err.lines().next().unwrap_or_default();
    let code = first.split(':').next().unwrap_or_default();
    assert_eq!(way(first), ["explain", code], "{}", said.err);
}

#[test]
fn for_programs_the_error_is_as_it_was() {
    let said = millstream(&["stop", "--json"]);
    let value: Value = serde_json::from_str(&said.out).expect(&said.out);
    assert_eq!(value["error"]["code"], "MS-1004");
    assert_eq!(value["error"]["help"], "see `millstream stop --help`");
}

#[test]
fn an_error_names_the_place_of_its_page_where_that_is_installed() {
    let directory = tempfile::tempdir().expect("a directory");
    let installed = directory.path().join("share/doc/millstream/docs/errors");
    fs::create_dir_all(&installed).expect("made");
    fs::create_dir_all(directory.path().join("bin")).expect("made");
    let program = directory.path().join("bin/millstream");
    // Copied by another process: one that is started meanwhile would hold a file that this one writes, and it could not be run.
    let copied = Command::new("cp")
        .arg(env!("CARGO_BIN_EXE_millstream"))
        .arg(&program)
        .status();
    assert!(copied.expect("cp").success());
    let mut command = Command::new(&program);
    command.args(["stop"]);
    let bare = running::run(command);
    assert!(
        bare.err.ends_with(" (millstream explain MS-1004)\n"),
        "{}",
        bare.err
    );
    let page = installed.join("MS-1004.md");
    fs::write(&page, documented("MS-1004")).expect("written");
    let mut command = Command::new(&program);
    command.args(["stop"]);
    let said = running::run(command);
    let place = fs::canonicalize(&page).expect("there");
    let end = format!(" (millstream explain MS-1004, or {})\n", place.display());
    assert!(said.err.ends_with(&end), "{}", said.err);
}
