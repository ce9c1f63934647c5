//! What is missing or wrong on a command line is told in one line before any server is asked, in Flink's words where it has
//! some.

use crate::common::refused;

#[test]
fn actions_without_a_job() {
    refused(
        &["savepoint"],
        "MS-1004: Missing JobID. Specify a Job ID to trigger a savepoint; see `millstream savepoint --help`",
    );
    refused(&["stop"], "MS-1004: Missing JobId; see");
    refused(
        &["cancel"],
        "MS-1004: Missing JobID. Specify a JobID to cancel a job; see",
    );
    refused(&["cancel", "-s"], "MS-1004: Missing JobID.");
    refused(&["stop", "-p"], "MS-1004: Missing JobId; see");
    refused(
        &["checkpoint"],
        "MS-1004: Missing JobID. Specify a Job ID to manipulate checkpoint; see",
    );
    for action in [
        "logs",
        "exceptions",
        "checkpoints",
        "files",
        "set",
        "restart",
    ] {
        refused(&[action], "MS-1004: Missing JobID; see");
    }
}

#[test]
fn values_that_do_not_fit() {
    let id = "f8cccb14cd33babade335fd60aefa9e4";
    for action in ["savepoint", "stop"] {
        refused(
            &[action, "-type", "foo", id],
            "MS-1002: --type is `foo`, which is no format of a savepoint; give CANONICAL or NATIVE",
        );
    }
    refused(
        &["stop", "-type"],
        "MS-1004: a value is required for '--type <FORMAT>'",
    );
    refused(
        &["list", "-m", "nowhere:port"],
        "MS-1002: --jobmanager is `nowhere:port`, which is no address of a server",
    );
    refused(
        &["list", "-Dclient.timeout=soon"],
        "MS-1002: client.timeout is `soon`, which is not a duration",
    );
    refused(&["restart", "-p", "0", id], "MS-1002: --parallelism is `0`");
    refused(&["server", "sleep"], "MS-1004: `server` can't sleep");
    refused(
        &["completion", "cmd"],
        "MS-1004: there are no completions for `cmd`",
    );
}

#[test]
fn options_that_there_are_not() {
    refused(
        &["stop", "--drian", "x"],
        "MS-1001: `stop` has no option `--drian`; did you mean --drain?",
    );
    refused(
        &["list", "-Drest.prot=1"],
        "MS-1001: -D sets what is no option: `rest.prot` (did you mean rest.port?)",
    );
    refused(
        &["list", "--config", "/nowhere/config.yaml"],
        "MS-1005: /nowhere/config.yaml can't be read",
    );
}

#[test]
fn targets_without_a_server() {
    refused(
        &["list", "-t", "yarn-session"],
        "MS-1006: target yarn-session is not there yet; use",
    );
    // What older versions of Flink take for an address.
    refused(
        &["list", "-m", "yarn-cluster"],
        "MS-1006: target yarn-cluster is not there yet; use",
    );
    refused(
        &["list", "-t", "local"],
        "MS-1003: target local runs a job in its own process",
    );
}
