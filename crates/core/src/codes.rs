//! Every stable error code. Each has a page `docs/errors/<code>.md`; a test holds the two together.
//!
//! Codes never change their meaning and are never used again for something else. The thousands say
//! the area: 1 command line and configuration, 2 job life cycle, 3 snapshots and state, 4 engine,
//! 5 SQL and schemas, 6 sources, 7 sinks, 8 the ingestion job, 9 Millstream itself.

use crate::kind::ErrorKind;

/// A stable error code.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// The code as printed, for example `MS-1001`.
    pub id: &'static str,
    /// What the caller must do.
    pub kind: ErrorKind,
    /// A short title, also the heading of the code's page.
    pub title: &'static str,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $kind:ident, $title:literal;)*) => {
        $($(#[$doc])* pub const $name: Code = Code { id: $id, kind: ErrorKind::$kind, title: $title };)*
        /// All codes, in the order of their numbers.
        pub const ALL: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    // 1: command line and configuration
    /// An option or parameter of that name does not exist.
    OPTION_UNKNOWN = "MS-1001", Invalid, "Unknown option or parameter";
    /// The value of an option can't be read as its type.
    OPTION_VALUE = "MS-1002", Invalid, "Value of an option does not fit its type";
    /// A required option is missing, or options contradict each other.
    OPTION_CONFLICT = "MS-1003", Invalid, "Options missing or contradictory";
    /// The command line can't be understood.
    USAGE = "MS-1004", Invalid, "Command line not understood";
    /// A configuration file can't be read.
    CONFIG_FILE = "MS-1005", Invalid, "Configuration file can't be read";
    /// A deployment target that is not there yet.
    TARGET_UNSUPPORTED = "MS-1006", Unsupported, "Deployment target not available";
    /// No entry class, or no package, of that name.
    ENTRY_UNKNOWN = "MS-1007", NotFound, "No such job package or entry class";
    /// Another server uses the data directory.
    SERVER_RUNNING = "MS-1008", Conflict, "Another server uses the data directory";
    /// The server can't listen at its address.
    SERVER_ADDRESS = "MS-1009", Unavailable, "Server can't listen at its address";
    /// A file or directory of the server's data directory can't be used.
    SERVER_DIRECTORY = "MS-1010", Unavailable, "Data directory can't be used";
    /// What was uploaded does not describe itself as a job package.
    PACKAGE_INVALID = "MS-1011", Invalid, "File is not a job package";
    /// No server uses the data directory.
    SERVER_ABSENT = "MS-1012", NotFound, "No server runs";
    /// The server's database can't be read or written.
    RECORDS = "MS-1013", Unavailable, "Records of the server can't be read or written";
    /// A request over REST can't be understood.
    REQUEST = "MS-1014", Invalid, "Request not understood";
    /// A path over REST, or a part of a job, that does not exist.
    RESOURCE_UNKNOWN = "MS-1015", NotFound, "No such resource";
    /// A request over REST that is not allowed: no token, a wrong one, or switched off.
    REQUEST_DENIED = "MS-1016", Invalid, "Request not allowed";
    /// The server would listen where others could reach it, without anything to keep them out.
    SERVER_EXPOSED = "MS-1017", Invalid, "Server would be open to others";
    /// A part of Flink's REST interface that is not offered.
    REQUEST_UNSUPPORTED = "MS-1018", Unsupported, "Request not supported";
    /// No server answers at the address that the command asks.
    SERVER_UNREACHABLE = "MS-1019", Unavailable, "No server at the address";
    /// What answers the command is no server, or one of another version.
    SERVER_ANSWER = "MS-1020", Unavailable, "Answer of the server not understood";
    /// The server has not answered, or an operation has not ended, within `client.timeout`.
    NO_ANSWER_IN_TIME = "MS-1021", Unavailable, "No answer in time";
    /// What a reference in a value stands for is not to be had.
    REFERENCE = "MS-1022", Unavailable, "Reference can't be resolved";

    // 2: job life cycle
    /// The job failed and its restart strategy gave up.
    JOB_FAILED = "MS-2001", Program, "Job failed";
    /// A stop could not be completed; the job goes on.
    STOP_FAILED = "MS-2002", Conflict, "Stop with savepoint failed";
    /// A savepoint or checkpoint that was asked for failed.
    CHECKPOINT_FAILED = "MS-2003", Unavailable, "Checkpoint or savepoint failed";
    /// The job is in a state in which the request has no meaning.
    JOB_STATE = "MS-2004", Conflict, "Request does not fit the job's state";
    /// A task did not end after it was cancelled.
    TASK_STUCK = "MS-2005", Program, "Task did not react to cancelling";
    /// More checkpoints failed one after the other than are tolerated.
    CHECKPOINTS_FAILING = "MS-2006", Unavailable, "Too many checkpoints failed";
    /// The job was cancelled.
    JOB_CANCELED = "MS-2007", Conflict, "Job was cancelled";
    /// The server knows no job of that id.
    JOB_UNKNOWN = "MS-2008", NotFound, "No such job";
    /// A file of a job's own directory can't be used.
    JOB_DIRECTORY = "MS-2009", Unavailable, "Directory of a job can't be used";
    /// A job was submitted with an id that another one has.
    JOB_DUPLICATE = "MS-2010", Conflict, "Id of the job is taken";
    /// The process of a job can't be started, or went away without a word.
    JOB_PROCESS = "MS-2011", Unavailable, "Process of a job ended unexpectedly";
    /// The server knows no operation of that trigger id.
    OPERATION_UNKNOWN = "MS-2012", NotFound, "No such operation";
    /// There is no log file of that name.
    LOG_UNKNOWN = "MS-2013", NotFound, "No such log file";

    // 3: snapshots and state
    /// There is no snapshot at that place.
    SNAPSHOT_MISSING = "MS-3001", NotFound, "No snapshot found";
    /// A file of a snapshot is damaged or cut off.
    SNAPSHOT_CORRUPT = "MS-3002", Data, "Snapshot file is damaged";
    /// A file that the snapshot names is not there, which may pass: a copy is not complete, or a disk is away.
    SNAPSHOT_FILE_MISSING = "MS-3003", Unavailable, "Snapshot file is missing";
    /// The snapshot was written by a newer version.
    SNAPSHOT_VERSION = "MS-3004", Data, "Snapshot was written by a newer version";
    /// The snapshot holds state that no operator of the job takes.
    STATE_NOT_RESTORED = "MS-3005", Conflict, "Snapshot holds state that no operator takes";
    /// The state in the snapshot has another type than the program's.
    STATE_TYPE = "MS-3006", Data, "Type of state does not fit";
    /// The maximum parallelism of the job and of the snapshot differ.
    MAX_PARALLELISM = "MS-3007", Invalid, "Maximum parallelism does not fit";
    /// A snapshot can't be written.
    SNAPSHOT_WRITE = "MS-3008", Unavailable, "Snapshot can't be written";
    /// A scheme or machine that snapshots can not be kept on (yet).
    SNAPSHOT_SCHEME = "MS-3009", Unsupported, "Storage of snapshots not available";
    /// A snapshot, or the directory it lies in, can't be reached at present.
    SNAPSHOT_UNREACHABLE = "MS-3010", Unavailable, "Snapshot can't be reached";
    /// Somebody else runs the job whose checkpoints these are.
    OWNED = "MS-3011", Conflict, "Checkpoints belong to a running job";
    /// A directory whose `_metadata` was not written by Millstream.
    SNAPSHOT_FOREIGN = "MS-3012", Data, "Not a snapshot of Millstream";
    /// The lease of a job's checkpoints was not renewed in time; somebody else may take them.
    OWNERSHIP_LOST = "MS-3013", Unavailable, "Checkpoints may be taken by others";
    /// Who has a job's checkpoints has locked them, and that can't be looked at from here.
    OWNER_UNKNOWN = "MS-3014", Unavailable, "Whether checkpoints are locked can't be told";
    /// The checkpoints of the newest run of a job are not there.
    RUN_MISSING = "MS-3015", Unavailable, "Checkpoints of a later run are missing";
    /// Hadoop's settings, which decide where checkpoints go, can't be read.
    HADOOP_SETTINGS = "MS-3016", Unavailable, "Settings of Hadoop can't be read";
    /// Output lies there that was committed behind the newest snapshot that there is.
    OUTPUT_BEHIND = "MS-3017", Data, "Output is newer than the newest snapshot";
    /// Somebody else has taken the checkpoints of the job while it ran.
    OWNERSHIP_TAKEN = "MS-3018", Conflict, "Checkpoints were taken by another process";

    // 4: engine and programs
    /// The program's code returned an error or panicked.
    PROGRAM_FAILED = "MS-4001", Program, "The job's code failed";
    /// The job graph is not valid.
    GRAPH_INVALID = "MS-4002", Invalid, "Job graph is not valid";

    // 5: SQL and schemas
    /// The SQL text can't be parsed or planned.
    SQL_INVALID = "MS-5001", Invalid, "SQL not valid";
    /// SQL that an unbounded stream can't answer, or that is not offered.
    SQL_UNSUPPORTED = "MS-5002", Unsupported, "SQL not supported on a stream";
    /// The text of a schema can't be parsed.
    SCHEMA_INVALID = "MS-5003", Invalid, "Schema not valid";
    /// SQL failed on a row of data.
    SQL_EVALUATION = "MS-5004", Data, "SQL failed on a record";

    // 6: sources
    /// A source's path does not exist or can't be read.
    SOURCE_PATH = "MS-6001", NotFound, "Source path can't be read";
    /// The source directory holds a directory.
    SOURCE_NESTED = "MS-6002", Invalid, "Source directory holds a directory";
    /// A file changed after it was read.
    SOURCE_CHANGED = "MS-6003", Data, "Source file changed after it was read";
    /// A record that can't be read as the schema says.
    BAD_RECORD = "MS-6004", Data, "Bad record";
    /// More bad records than the limits allow.
    BAD_RECORD_LIMIT = "MS-6005", Data, "Too many bad records";
    /// A compressed file is damaged.
    SOURCE_COMPRESSED = "MS-6006", Data, "Compressed file is damaged";
    /// A socket source can't connect.
    SOURCE_SOCKET = "MS-6007", Unavailable, "Socket source can't connect";
    /// Files with another header or schema than the first.
    SOURCE_SCHEMA = "MS-6008", Data, "File has another schema";
    /// A source that runs can't read on, for a reason that may pass.
    SOURCE_READ = "MS-6009", Unavailable, "Source can't be read at present";
    /// A file that had been found is gone before it was read to its end.
    SOURCE_LOST = "MS-6010", Data, "File is gone before it was read";
    /// None of the files that a snapshot knows is in the source directory.
    SOURCE_OTHER = "MS-6011", Invalid, "Source directory is another one";
    /// Kafka's brokers refuse what a source needs.
    SOURCE_KAFKA = "MS-6012", Unavailable, "Kafka refuses to be read";
    /// Records of Kafka are gone before they were read, or nobody knows where to begin.
    SOURCE_OFFSETS = "MS-6013", Data, "No offset to read Kafka from";
    /// Another job that comes from the same snapshot reads the same input, and one of the two takes it away.
    SOURCE_SHARED = "MS-6014", Invalid, "Another job reads the input that is taken away";
    /// A file of columns (Parquet, ORC) is damaged, cut off or encrypted.
    SOURCE_COLUMNS = "MS-6018", Data, "File of columns can't be read";
    /// HiveServer2 is away, or has lost what it was doing.
    SOURCE_HIVE = "MS-6021", Unavailable, "Hive can't be read at present";
    /// HiveServer2 does not take who logs in, or does not let him read.
    SOURCE_HIVE_DENIED = "MS-6022", Conflict, "Hive does not let the source in";
    /// HiveServer2 can't answer the statement.
    SOURCE_HIVE_STATEMENT = "MS-6023", Invalid, "Hive refuses the statement";
    /// What Hive answers again is not what it answered before.
    SOURCE_HIVE_ORDER = "MS-6024", Data, "Rows of Hive came otherwise than before";
    /// Kerberos gives no ticket, or a service does not take it.
    KERBEROS = "MS-6040", Conflict, "Kerberos lets nobody in";
    /// The metastore of Hive is away.
    SOURCE_METASTORE = "MS-6060", Unavailable, "Metastore of Hive can't be asked at present";
    /// A table of Hive is none whose files can be read.
    SOURCE_TABLE = "MS-6061", Invalid, "Table of Hive can't be read from its files";

    // 7: sinks
    /// The sink can't write.
    SINK_WRITE = "MS-7001", Unavailable, "Sink can't write";
    /// What was prepared for a commit is gone.
    COMMIT_LOST = "MS-7002", Data, "Prepared output is lost";
    /// It can't be told whether a commit happened.
    COMMIT_UNKNOWN = "MS-7003", Data, "Outcome of a commit is unknown";
    /// Kafka does not say what became of transactions.
    KAFKA_TRANSACTIONS = "MS-7004", Unavailable, "Kafka does not answer about transactions";
    /// Kafka's brokers refuse what a sink needs.
    SINK_KAFKA = "MS-7005", Unavailable, "Kafka refuses to be written";
    /// What a sink of Kafka needs to be there is not, or can't be as it is asked for.
    SINK_TOPIC = "MS-7006", Invalid, "Kafka can't take the output as it is asked for";
    /// A record that is too large for Kafka.
    SINK_MESSAGE = "MS-7007", Data, "Message is too large for Kafka";
    /// Kafka's brokers do not grant what a sink needs, or do not take who logs in.
    SINK_DENIED = "MS-7010", Conflict, "Kafka does not grant the sink what it needs";
    /// No server of Elasticsearch can be written at present.
    SINK_ELASTICSEARCH = "MS-7011", Unavailable, "Elasticsearch can't be written at present";
    /// What a sink of Elasticsearch needs to be there is not, or can't be as it is asked for.
    SINK_INDEX = "MS-7012", Invalid, "Elasticsearch can't take the output as it is asked for";
    /// A document that Elasticsearch refuses.
    SINK_DOCUMENT = "MS-7013", Data, "Elasticsearch refuses a document";
    /// The time of a message is further from the present than the topic takes.
    SINK_TIME = "MS-7014", Data, "Kafka does not take the time of a message";
    /// Whoever read what is printed reads no more.
    PRINT_CLOSED = "MS-7016", NotFound, "Nobody reads what is printed";
    /// Something else stands where the directory of the output is to be.
    SINK_PATH = "MS-7017", Invalid, "Path of a sink can't be written to";

    // 8: ingestion job
    /// Parameters of the ingestion job are missing or contradict each other.
    INGEST_PARAMETERS = "MS-8001", Invalid, "Parameters of the ingestion job do not fit together";
    /// A source or sink type that is planned but not there yet.
    INGEST_UNSUPPORTED = "MS-8002", Unsupported, "Source or sink not available yet";
    /// No job with dead letters is meant.
    DEAD_LETTERS_UNKNOWN = "MS-8003", NotFound, "No dead letters of such a job are known";
    /// Dead letters, or what was done about them, can't be read or written.
    DEAD_LETTERS = "MS-8004", Unavailable, "Dead letters can't be read or marked";

    // 9: Millstream itself
    /// A promise of Millstream that does not hold.
    INTERNAL = "MS-9001", Internal, "Internal error";
    /// Records of a job are missing or doubled, by its own count.
    NUMBERS_OPEN = "MS-9002", Internal, "Numbers of a job do not close";
}
