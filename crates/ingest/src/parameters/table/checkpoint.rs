//! Checkpoints.

use std::time::Duration;

use crate::parameters::choices::{CheckpointMode, CheckpointType};
use crate::parameters::definition::{Group, Parameter, ParameterSummary, Scope};

parameters! {
    CHECKPOINT_ENABLE: bool = Parameter::new(Group::Checkpoint, "stream.checkpoint.enable",
        "Whether the job takes checkpoints. Without them a failure starts it from the beginning, and files become \
         visible only at its end.")
        .default("true").example("false");
    CHECKPOINT_DIR: String = Parameter::new(Group::Checkpoint, "stream.checkpoint.dir",
        "Directory of checkpoints: a path, a file: URL, `s3://bucket/key` or `hdfs://host:port/path`. The CSP operator's default holds where \
         core-site.xml in HADOOP_CONF_DIR (or `hadoop.home.dir`) names a cluster of HDFS. On a local disk a checkpoint is \
         fastest; in HDFS or a store the job can go on from it on another machine.")
        .default_depends("`hdfs:///tmp/csp/flink/checkpoints` where HDFS is configured, else below `millstream.data-dir`").only(Scope::Checkpoints).example("/data/checkpoints");
    CHECKPOINT_TYPE: CheckpointType = Parameter::new(Group::Checkpoint, "stream.checkpoint.type",
        "The state backend. RocksDB is planned: until then each of the three keeps state in memory and checkpoints in \
         `stream.checkpoint.dir`. Text sources keep only positions, so there is no difference for them.")
        .default("rocksdb").only(Scope::Checkpoints).example("fs");
    CHECKPOINT_INTERVAL: Duration = Parameter::new(Group::Checkpoint, "stream.checkpoint.interval",
        "Time between the starts of two checkpoints. Shorter makes output visible sooner and leaves less to do again \
         after a failure; files become smaller.")
        .default_depends("60000; with EXACTLY_ONCE 30000").unit("ms").only(Scope::Checkpoints).example("10000");
    CHECKPOINT_TIMEOUT: Duration = Parameter::new(Group::Checkpoint, "stream.checkpoint.timeout",
        "A checkpoint that takes longer is given up and counts as failed. The CSP operator's page says both 60_000 and ten \
         minutes; ten minutes holds.")
        .default("600000").unit("ms").only(Scope::Checkpoints).example("120000");
    CHECKPOINT_TOLERABLE_FAILURES: u32 = Parameter::new(Group::Checkpoint, "stream.checkpoint.tolerable.failure.num",
        "How many checkpoints may fail one after the other before the job fails.")
        .default("10").only(Scope::Checkpoints).example("3");
    CHECKPOINT_MIN_PAUSE: Duration = Parameter::new(Group::Checkpoint, "stream.checkpoint.min.pause",
        "Least time between the end of a checkpoint and the start of the next. One that is given and longer than the interval \
         holds checkpoints up; the log says so.")
        .default_depends("1000; 0 where the interval is shorter").unit("ms").only(Scope::Checkpoints).example("500");
    CHECKPOINT_MODE: CheckpointMode = Parameter::new(Group::Checkpoint, "stream.checkpoint.mode",
        "EXACTLY_ONCE or AT_LEAST_ONCE. With `sink.type` kafka EXACTLY_ONCE writes a transaction for each checkpoint, which \
         readers of what is committed see once; with other sinks both give exactly once. It also decides the default of \
         `stream.checkpoint.interval`.")
        .default("AT_LEAST_ONCE").only(Scope::Checkpoints).example("EXACTLY_ONCE");
}
