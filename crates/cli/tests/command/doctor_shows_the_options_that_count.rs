//! `doctor` shows the options that change what it checks; the others of `run` are taken, and named as without effect.

use crate::common::millstream;

const BESIDE: [&str; 4] = [
    "--fromSavepoint",
    "--detached",
    "--allowNonRestoredState",
    "--dry-run",
];

#[test]
fn and_names_the_others() {
    let shown = millstream(&["doctor", "--help"]).out;
    assert!(shown.contains("--parallelism"), "{shown}");
    for option in BESIDE {
        assert!(!shown.contains(option), "{shown}");
    }
    let said = millstream(&["doctor", "-s", "/savepoint", "-d", "-n", "--dry-run"]);
    for option in BESIDE {
        let note = format!("WARNING: {option} has no effect: no job is checked\n");
        assert!(said.err.contains(&note), "{}", said.err);
    }
}
