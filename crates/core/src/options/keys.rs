//! The options of jobs, with Flink's keys and defaults.

use std::time::Duration;

use super::{ConfigOption, MemorySize, OptionSummary};

options! {
    /// Every option of a job, for help texts and documentation.
    ALL;
    JOB_NAME: String = ConfigOption::new("pipeline.name", None,
        "Name of the job as listed. `-s latest` finds the snapshots of a job by it.");
    PARALLELISM: u32 = ConfigOption::new("parallelism.default", Some("1"),
        "Parallelism of every operator that sets none itself. Recommended: the number of cores.");
    MAX_PARALLELISM: u32 = ConfigOption::new("pipeline.max-parallelism", Some("128"),
        "Number of key groups, 1 to 32768: the highest parallelism the job can ever have. It is written into \
         snapshots and can't be changed on restore.");
    WORKER_THREADS: u32 = ConfigOption::new("millstream.worker-threads", None,
        "Threads that share a job's subtasks, at least 1, never more than the widest operator has subtasks. Not set: as many as there are \
         processors, which is quickest for code that computes. Set it to the parallelism where functions of the job wait for something, so that \
         each subtask waits alone; every thread tells every other how far it is, which takes time of its own beyond some 16.");
    OPERATOR_CHAINING: bool = ConfigOption::new("pipeline.operator-chaining.enabled", Some("true"),
        "Whether operators that need no exchange between them run as one vertex. Switch it off to see each \
         operator's own numbers, at the cost of speed.")
        .or(&["pipeline.operator-chaining"]);
    CHECKPOINT_INTERVAL: Duration = ConfigOption::new("execution.checkpointing.interval", None,
        "Time between the starts of two checkpoints; not set or 0: none. Shorter means less to do again after a \
         failure and earlier commits, at the cost of more writing. Recommended: 1 s to 1 min.")
        .live();
    CHECKPOINT_TIMEOUT: Duration = ConfigOption::new("execution.checkpointing.timeout", Some("10 min"),
        "A checkpoint that takes longer is given up and counts as failed.");
    CHECKPOINT_MIN_PAUSE: Duration = ConfigOption::new("execution.checkpointing.min-pause", Some("0 ms"),
        "Least time between the end of a checkpoint and the start of the next.");
    CHECKPOINT_MAX_CONCURRENT: u32 = ConfigOption::new("execution.checkpointing.max-concurrent-checkpoints", Some("1"),
        "How many checkpoints may run at once. Only 1 is offered: epochs are aligned, so a second would not be \
         earlier.");
    CHECKPOINT_TOLERABLE_FAILURES: u32 = ConfigOption::new("execution.checkpointing.tolerable-failed-checkpoints", Some("0"),
        "How many checkpoints may fail one after the other before the job is failed.");
    CHECKPOINT_MODE: String = ConfigOption::new("execution.checkpointing.mode", Some("EXACTLY_ONCE"),
        "EXACTLY_ONCE or AT_LEAST_ONCE. Alignment costs nothing measurable in this engine, so AT_LEAST_ONCE is \
         accepted and gives EXACTLY_ONCE.");
    CHECKPOINT_RETENTION: String = ConfigOption::new("execution.checkpointing.externalized-checkpoint-retention",
        Some("NO_EXTERNALIZED_CHECKPOINTS"),
        "What happens to the checkpoints of a job that was cancelled or failed: RETAIN_ON_CANCELLATION keeps them in both cases, \
         DELETE_ON_CANCELLATION keeps them only when the job failed, NO_EXTERNALIZED_CHECKPOINTS deletes them in both cases.");
    CHECKPOINT_DIRECTORY: String = ConfigOption::new("execution.checkpointing.dir", None,
        "Directory of checkpoints: a path, a file: URL, s3://bucket/key, or hdfs://host:port/path (also hdfs:///path). On a disk a checkpoint is \
         fastest; from a store or HDFS the job goes on on any machine. Recommended: there, with an interval of seconds. Not set: below the \
         data directory of the job's user; of the ingestion job in HDFS where that is configured (stream.checkpoint.dir).")
        .or(&["state.checkpoints.dir"]);
    SAVEPOINT_DIRECTORY: String = ConfigOption::new("execution.checkpointing.savepoint-dir", None,
        "Directory of savepoints for which no directory was named: a path, a file: URL, s3://bucket/key, or hdfs://host:port/path. Not set: below \
         the data directory of the job's user; on a server each savepoint has to name one then.")
        .or(&["state.savepoints.dir"]);
    CHECKPOINTS_RETAINED: u32 = ConfigOption::new("execution.checkpointing.num-retained", Some("1"),
        "How many completed checkpoints are kept; at least 1.")
        .or(&["state.checkpoints.num-retained"]);
    RESTART_STRATEGY: String = ConfigOption::new("restart-strategy.type", None,
        "none (also: off, disable), fixed-delay, failure-rate or exponential-delay. Not set: exponential-delay where \
         checkpoints are on, else none.")
        .or(&["restart-strategy"]);
    RESTART_FIXED_ATTEMPTS: u32 = ConfigOption::new("restart-strategy.fixed-delay.attempts", Some("1"),
        "How often a job is restarted before it fails.");
    RESTART_FIXED_DELAY: Duration = ConfigOption::new("restart-strategy.fixed-delay.delay", Some("1 s"),
        "Wait between a failure and the restart.");
    RESTART_RATE_FAILURES: u32 = ConfigOption::new("restart-strategy.failure-rate.max-failures-per-interval", Some("1"),
        "More failures than this within the interval fail the job.");
    RESTART_RATE_INTERVAL: Duration = ConfigOption::new("restart-strategy.failure-rate.failure-rate-interval", Some("1 min"),
        "The interval over which failures are counted.");
    RESTART_RATE_DELAY: Duration = ConfigOption::new("restart-strategy.failure-rate.delay", Some("1 s"),
        "Wait between a failure and the restart.");
    RESTART_EXPONENTIAL_INITIAL: Duration = ConfigOption::new("restart-strategy.exponential-delay.initial-backoff", Some("1 s"),
        "First wait.");
    RESTART_EXPONENTIAL_MAX: Duration = ConfigOption::new("restart-strategy.exponential-delay.max-backoff", Some("1 min"),
        "Longest wait.");
    RESTART_EXPONENTIAL_MULTIPLIER: f64 = ConfigOption::new("restart-strategy.exponential-delay.backoff-multiplier", Some("1.5"),
        "Each wait is this many times the one before.");
    RESTART_EXPONENTIAL_RESET: Duration = ConfigOption::new("restart-strategy.exponential-delay.reset-backoff-threshold", Some("1 h"),
        "A job that ran this long without failing starts again with the first wait.");
    RESTART_EXPONENTIAL_JITTER: f64 = ConfigOption::new("restart-strategy.exponential-delay.jitter-factor", Some("0.1"),
        "Each wait is made longer or shorter by up to this part of it, 0 to 1, so that jobs do not restart all at once.");
    RESTART_EXPONENTIAL_ATTEMPTS: u32 = ConfigOption::new("restart-strategy.exponential-delay.attempts-before-reset-backoff", None,
        "Restarts before the job fails, counted anew after a reset; not set: no limit.");
    TASK_CANCELLATION_INTERVAL: Duration = ConfigOption::new("task.cancellation.interval", Some("30 s"),
        "Time between two warnings about a task that does not end after it was cancelled.");
    TASK_CANCELLATION_TIMEOUT: Duration = ConfigOption::new("task.cancellation.timeout", Some("3 min"),
        "A task that has not ended this long after it was cancelled brings its process down; 0: wait for ever.");
    TARGET: String = ConfigOption::new("execution.target", None,
        "Where the job runs, as `run --target`: remote (on the session server; the default of the command line) or local (in the process that is \
         started).");
    RESTORE_PATH: String = ConfigOption::new("execution.state-recovery.path", None,
        "The snapshot that the job goes on from, as `run -s`: the directory of a savepoint or checkpoint, its `_metadata`, or \
         `latest` for the newest completed one of the job's name. Not set: the job starts afresh.")
        .or(&["execution.savepoint.path"]);
    RESTORE_IGNORE_UNCLAIMED_STATE: bool = ConfigOption::new("execution.state-recovery.ignore-unclaimed-state", Some("false"),
        "Whether state of the snapshot that no operator takes is dropped, as `run -n`, rather than refused.")
        .or(&["execution.savepoint.ignore-unclaimed-state"]);
    RESTORE_CLAIM_MODE: String = ConfigOption::new("execution.state-recovery.claim-mode", Some("NO_CLAIM"),
        "Who owns the snapshot's files afterwards, as `run --claimMode`: NO_CLAIM (who made it), CLAIM (the job, which \
         deletes it once it is replaced) or LEGACY (deprecated).")
        .or(&["execution.savepoint-restore-mode"]);
    RESTORE_ON_LOST_OUTPUT: String = ConfigOption::new("execution.state-recovery.on-lost-output", Some("fail"),
        "What a start does about output that the snapshot tells to commit and that is lost, or of which it can't be told whether it was \
         committed, as `run --on-lost-output`: fail, or accept (name it in warnings and take it for committed).");
    DATA_DIRECTORY: String = ConfigOption::new("millstream.data-dir", None,
        "Where Millstream keeps what nobody gave a place. Default: $XDG_DATA_HOME/millstream, else ~/.local/share/millstream.");
    RATE_LIMIT_RECORDS: u64 = ConfigOption::new("rate.limit.records", Some("0"),
        "Records that all sources of the job together hand out in a second at most, bad ones among them; 0: no limit. Kept exactly on \
         average, in steps of a hundredth of a second.")
        .live();
    RATE_LIMIT_BYTES: MemorySize = ConfigOption::new("rate.limit.bytes", Some("0"),
        "Bytes that all sources of the job together read in a second at most, as files and topics hold them; 0: no limit. A record \
         is never cut: what it is too large by is made up for before the next.")
        .live();
    S3_ENDPOINT: String = ConfigOption::new("s3.endpoint", None,
        "Address of the store behind `s3://` paths, for example https://minio.example:9000. Not set: AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL of \
         the environment, else AWS itself.");
    S3_REGION: String = ConfigOption::new("s3.region", None,
        "Region of the store. Not set: AWS_REGION or AWS_DEFAULT_REGION of the environment, else us-east-1.");
    S3_ACCESS_KEY: String = ConfigOption::new("s3.access-key", None,
        "Who asks the store, with `s3.secret-key`. Not set: AWS_ACCESS_KEY_ID of the environment, else the role of the machine, the pod or the container.");
    S3_SECRET_KEY: String = ConfigOption::new("s3.secret-key", None,
        "What proves `s3.access-key`; best a reference: ${env:NAME} or ${file:PATH}. Not set: AWS_SECRET_ACCESS_KEY of the environment.");
    S3_SESSION_TOKEN: String = ConfigOption::new("s3.session-token", None,
        "What keys come with that hold for a while only; best a reference. Not set: AWS_SESSION_TOKEN of the environment.");
    S3_PATH_STYLE: bool = ConfigOption::new("s3.path.style.access", None,
        "Whether the bucket is in the path of requests rather than in the name of the host. Not set: true with `s3.endpoint`, else false.")
        .or(&["s3.path-style-access"]);
    S3_SSL: bool = ConfigOption::new("s3.connection.ssl.enabled", Some("true"),
        "Whether the store must be spoken to over TLS. false allows an `s3.endpoint` that begins with http://, which sends everything in the clear.");
    HADOOP_HOME: String = ConfigOption::new("hadoop.home.dir", None,
        "Hadoop's directory, with core-site.xml and hdfs-site.xml in it, in etc/hadoop or in conf. HADOOP_CONF_DIR of the environment, the \
         directory of these files itself, wins, then HADOOP_HOME.");
    HADOOP_USER: String = ConfigOption::new("hadoop.user.name", None,
        "Who asks HDFS where it believes that. HADOOP_USER_NAME of the environment wins. Not set: the user of the process.");
    KERBEROS_KEYTAB: String = ConfigOption::new("security.kerberos.login.keytab", None,
        "Keytab by which a job shows who it is where it is asked by Kerberos: to HDFS, Hive and Kafka. /etc/user.keytab wins, where it is there. Not \
         set: the keytab that KRB5_CLIENT_KTNAME of the environment names, else the tickets of `kinit`.");
    KERBEROS_PRINCIPAL: String = ConfigOption::new("security.kerberos.login.principal", None,
        "Principal whose keys are used, with or without its realm. Not set: the only one in the keytab.");
    PROGRESS_INTERVAL: Duration = ConfigOption::new("millstream.progress-interval", Some("10 s"),
        "Time between two lines of the log that say how far a job that will end is, where the log is no terminal; 0: none.");
}
