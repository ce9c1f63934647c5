//! What is told after a look says what counts and what does not.

use millstream_core::{Error, codes};

use super::*;

const KEPT: &str = "Nothing is changed, what counted before goes on to: ";

fn wrong(what: &str) -> Error {
    Error::new(&codes::CONFIG_FILE, what)
}

#[test]
fn what_was_taken_is_told_from_what_was_kept() {
    let level = || Some(Err(wrong("the level")));
    let taken = || Some(Ok(Configuration::new()));
    let table = [
        (None, None, None),
        (taken(), None, None),
        (None, Some(Ok(())), None),
        (level(), None, Some(format!("{KEPT}MS-1005: the level"))),
        (
            level(),
            Some(Ok(())),
            Some(
                "The file of tokens has changed and was read again. Nothing else is changed, what counted before goes on to: MS-1005: the level"
                    .to_owned(),
            ),
        ),
        (
            level(),
            Some(Err(wrong("the file"))),
            Some(format!(
                "{KEPT}MS-1005: the level. The file of tokens has changed, too: MS-1005: the file"
            )),
        ),
        // The same for both.
        (
            level(),
            Some(Err(wrong("the level"))),
            Some(format!("{KEPT}MS-1005: the level")),
        ),
        (
            None,
            Some(Err(wrong("the file"))),
            Some(format!("{KEPT}MS-1005: the file")),
        ),
    ];
    for (all, file, expected) in table {
        assert_eq!(Look { all, file }.trouble(), expected);
    }
}
