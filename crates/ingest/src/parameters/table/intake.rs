//! How files are taken in, and what becomes of those with which something is wrong.

use std::time::Duration;

use crate::parameters::choices::{
    AfterCommit, BadFile, ChangedFile, LostFile, OtherPath, SourceType,
};
use crate::parameters::definition::{Group, Parameter, ParameterSummary, Scope};

const FILES: Scope = Scope::Source(SourceType::FILES);

parameters! {
    FILE_SETTLE: Duration = Parameter::new(Group::Source, "source.file.settle",
        "A file is taken up when its size and modification time have stood still for this long, or for ten times as long where a text \
         file ends within a record (in a watched directory, and with PROCESS_ONCE where it was modified a moment ago), so that none \
         is read while it is copied in; a `0` that is given waits for nothing. Names such as `.x`, `_x`, `*.tmp`, `*.inprogress` and `*._COPYING_` are never taken up.")
        .default_depends("`2000` when the directory is watched; `0` for PROCESS_ONCE and with `source.file.changed` append")
        .unit("ms").only(Scope::Files).example("10000");
    FILE_CHANGED: ChangedFile = Parameter::new(Group::Source, "source.file.changed",
        "What happens when a file has another size or modification time than when it was read. ignore: a warning. \
         reread: read again from its start, so its records come again. append: what was appended is read on behind what \
         was read, and a last record without its end waits for that; any other change fails the job. fail: the job fails.")
        .default_depends("`ignore`; `fail` with `source.db.type` hive-metastore, where half of an `insert overwrite` would be read")
        .only(Scope::Files).example("append");
    FILE_BAD: BadFile = Parameter::new(Group::Source, "source.file.bad",
        "What happens with what can't be read as a file: half a .gz, a damaged or encrypted Parquet file or one with another schema, \
         no permission, a directory, a pipe, a link to nothing. \
         fail: the job fails and names it. skip: a warning, it is counted and left where it is. quarantine: the same, and it is \
         moved to `source.file.bad.path`.")
        .default_depends("`skip` when the directory is watched; `fail` for PROCESS_ONCE").only(Scope::Files).example("quarantine");
    FILE_BAD_PATH: String = Parameter::new(Group::Source, "source.file.bad.path",
        "Directory for files that can't be read, on the file system of `source.path`. Below it only under a name that begins \
         with `_` or `.`. It is made if its parent is there.")
        .required("with `source.file.bad` quarantine").only(Scope::Quarantine).example("/data/orders-unreadable");
    FILE_LOST: LostFile = Parameter::new(Group::Source, "source.file.lost",
        "What happens when a file that was found is gone before it was read to its end, a crash in between included. fail: the \
         job fails and names it. skip: a warning names it, it is counted, the job goes on.")
        .default("fail").only(Scope::Files).example("skip");
    FILE_FORGET: Duration = Parameter::new(Group::Source, "source.file.forget",
        "How long a file that has left the directory is remembered at least, counted while the job runs; not counted while the \
         whole directory is away or another one. A file of that name is a new one afterwards.")
        .default("7 d").unit("ms").only(Scope::Files).example("1 d");
    AFTER_COMMIT: AfterCommit = Parameter::new(Group::Source, "source.after.commit",
        "What happens with a file when a completed and committed checkpoint covers all of its records. keep: it stays. \
         move: it is moved to `source.after.commit.path`. delete: it is deleted. What was passed over stays. Another file of \
         that name is a new one afterwards.")
        .default("keep").only(FILES).example("move");
    AFTER_COMMIT_PATH: String = Parameter::new(Group::Source, "source.after.commit.path",
        "Directory for files that are done with, on the file system of `source.path`. Below it only under a name that begins \
         with `_` or `.`. It is made if its parent is there.")
        .required("with `source.after.commit` move").only(Scope::MovedAfterCommit).example("/data/orders-done");
    PATH_OTHER: OtherPath = Parameter::new(Group::Source, "source.path.other",
        "What happens when the job goes on from a snapshot and none of the files that it knows is in `source.path`, which \
         mostly is a wrong path then. fail: the job fails and says so. accept: what is there is read.")
        .default("fail").only(Scope::Files).example("accept");
}
