//! The names of the files of a snapshot, and of those that lie beside snapshots.

use millstream_core::OperatorId;
use millstream_core::hash::stable_hash;

/// The name of the file whose being there makes a directory a snapshot.
pub const METADATA_FILE: &str = "_metadata";
/// What `_metadata` is called until it is complete.
pub(crate) const METADATA_IN_PROGRESS: &str = "_metadata.inprogress";
/// What `_metadata` is called while the snapshot is being deleted: it still lists what is left to delete.
pub(crate) const METADATA_DISPOSED: &str = "_metadata.disposed";
/// The name of the file that stands beside `_metadata` once what the snapshot holds prepared is committed.
pub(crate) const COMMITTED_FILE: &str = "_committed";
/// The directory of files that several checkpoints of a job refer to.
pub(crate) const SHARED: &str = "shared";
/// How a snapshot names the directory of files that it shares with others.
pub(crate) const SHARED_PREFIX: &str = "../shared/";
/// The name of the file that whoever runs a job has locked.
pub(crate) const OWNER_FILE: &str = "_owner";
/// The name of the file with the highest number that an attempt of a job has taken.
pub(crate) const RUN_FILE: &str = "_run";
/// The name of the file with the number up to which output is committed.
pub(crate) const REACHED_FILE: &str = "_reached";
/// The directory beside those of the jobs with a copy of that file for each, named by the job's id.
pub const REACHED_DIRECTORY: &str = "_reached";
/// The name of the file that tells of the end of a job.
pub(crate) const ENDED_FILE: &str = "_ended";
/// What the names of files begin with in which sources note what they read behind the last checkpoint.
pub(crate) const JOURNAL: &str = "_intake-";
/// What the names of notes begin with by which a snapshot in a store is kept from being deleted.
pub(crate) const PIN: &str = "_pin-";
/// The ending of a file that is not whole yet.
pub(crate) const IN_PROGRESS: &str = "inprogress";
/// The ending of opaque state files.
pub(crate) const OPAQUE_EXTENSION: &str = "opaque";

const EXTENSIONS: [&str; 3] = [".parquet", ".state", ".opaque"];

/// `<16 digits of the operator's id>-<subtask>-<state>.<extension>`. A state's name that is no file
/// name is made one, and told from others by its hash.
pub(crate) fn state_file_name(
    operator: OperatorId,
    subtask: usize,
    state: &str,
    extension: &str,
) -> String {
    let operator: String = operator.to_string().chars().take(16).collect();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let mut plain: String = state
        .chars()
        .take(64)
        .map(|c| if is_plain(c) { c } else { '_' })
        .collect();
    if plain != state {
        plain.push_str(&format!("-{:016x}", stable_hash(state)));
    }
    format!("{operator}-{subtask}-{plain}.{extension}")
}

/// Whether `name` is one that a snapshot gives to its files.
pub(crate) fn is_snapshot_file(name: &str) -> bool {
    [METADATA_FILE, METADATA_IN_PROGRESS, COMMITTED_FILE].contains(&name) || is_state_file(name)
}

/// Whether `name` is one of a file of state.
pub(crate) fn is_state_file(name: &str) -> bool {
    let mut parts = name.splitn(3, '-');
    let (Some(operator), Some(subtask), Some(state)) = (parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let is_number = !subtask.is_empty() && subtask.bytes().all(|b| b.is_ascii_digit());
    let is_operator = operator.len() == 16 && operator.bytes().all(|b| b.is_ascii_hexdigit());
    let is_state = EXTENSIONS.iter().any(|ending| state.ends_with(ending));
    is_operator && is_number && is_state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_tell_states_apart_and_are_recognised() {
        let operator = OperatorId::from_uid("sum");
        for extension in ["state", "parquet", OPAQUE_EXTENSION] {
            let name = |state: &str| state_file_name(operator, 3, state, extension);
            assert!(name("count").ends_with(&format!("-3-count.{extension}")));
            assert_ne!(name("a/b"), name("a.b"));
            for state in ["count", "a/b", "../..", "数", &"long".repeat(50)] {
                let name = name(state);
                assert!(is_snapshot_file(&name) && name.len() < 255, "{name}");
                assert!(!name.contains('/'), "{name}");
            }
        }
        for foreign in [
            "notes.txt",
            "data.parquet",
            "-0-x.state",
            "part-0-x.parquet",
            METADATA_DISPOSED,
        ] {
            assert!(!is_snapshot_file(foreign), "{foreign}");
        }
    }
}
