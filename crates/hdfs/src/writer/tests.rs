use super::{compare, is_whole};
use crate::cluster::Status;
use crate::error::Trouble;

fn status(size: u64) -> Status {
    Status {
        name: "a".to_owned(),
        size,
        modified: 0,
        accessed: 0,
        is_directory: false,
        replication: 3,
        block: 1_000,
    }
}

#[test]
fn a_block_that_is_not_whole_is_never_taken_for_one() {
    for (size, space, expected, what) in [
        (5, 15, true, "one short block"),
        (5, 3_000, false, "it is being written, or not reported yet"),
        (1_005, 3_015, true, "two blocks"),
        (1_005, 6_000, false, "the second is not whole"),
        (0, 3_000, false, "its length is not told yet"),
        (
            1_000,
            3_000,
            false,
            "a full block that is being written looks the same",
        ),
        (1_005, 1_508, false, "codes in the place of copies"),
    ] {
        let bytes = if size == 0 { 5 } else { size };
        assert_eq!(is_whole(&status(size), space, bytes), expected, "{what}");
    }
}

#[test]
fn a_file_that_is_closed_has_all_that_was_written() {
    assert!(compare(5, 5).is_ok());
    for found in [0, 4, 6] {
        let error = compare(found, 5).expect_err("another length");
        assert_eq!(error.trouble(), Trouble::Changed, "{error}");
        assert!(error.to_string().contains("5 were written"), "{error}");
    }
}
