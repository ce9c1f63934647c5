//! The options of the session server and of its clients, with Flink's keys and defaults where the meaning is the same.

use std::time::Duration;

use super::{ConfigOption, MemorySize, OptionSummary};

options! {
    /// Every option of the server, for help texts and documentation. They are no options of a job.
    SERVER;
    REST_ADDRESS: String = ConfigOption::new("rest.address", Some("127.0.0.1"),
        "The server's address as its clients reach it; the server listens there unless rest.bind-address is set.");
    REST_PORT: u32 = ConfigOption::new("rest.port", Some("8081"),
        "The server's port. 0: the server takes any free one and prints it.");
    REST_BIND_ADDRESS: String = ConfigOption::new("rest.bind-address", None,
        "Where the server listens if that is not rest.address, for example 0.0.0.0 for every interface. Off loopback a token \
         is needed.");
    REST_TOKEN: String = ConfigOption::new("rest.auth.token", None,
        "The token that every request must bring (`Authorization: Bearer …`), at least 16 characters; it allows everything. Not set, and no \
         rest.auth.token-file either: none is needed, the server listens on loopback only, and answers programs of its own user and of root.");
    REST_SSL_ENABLED: bool = ConfigOption::new("security.ssl.rest.enabled", Some("false"),
        "Whether the server speaks HTTPS.");
    REST_SSL_CERTIFICATE: String = ConfigOption::new("security.ssl.rest.certificate", None,
        "PEM file of the server's certificate, followed by those that vouch for it. Flink's Java key stores are not read.");
    REST_SSL_KEY: String = ConfigOption::new("security.ssl.rest.private-key", None,
        "PEM file of the certificate's private key.");
    REST_SSL_CLIENT_CERTIFICATES: String = ConfigOption::new("security.ssl.rest.client-certificates", None,
        "PEM file of the certificates of which clients must show one, or of the authorities that vouch for it. Not set: clients need none.");
    REST_LARGEST_UPLOAD: MemorySize = ConfigOption::new("rest.server.max-content-length", Some("1 gb"),
        "The largest file that can be uploaded as a package.");
    WEB_UPLOAD_DIRECTORY: String = ConfigOption::new("web.upload.dir", None,
        "Where uploaded packages are kept. Not set: `packages` in the data directory.");
    WEB_SUBMIT: bool = ConfigOption::new("web.submit.enable", Some("true"),
        "Whether packages can be uploaded and run over REST, and dead letters replayed.");
    WEB_CANCEL: bool = ConfigOption::new("web.cancel.enable", Some("true"),
        "Whether jobs can be cancelled over REST, and so by the command line and by dashboards. Where not, they can be stopped with a savepoint.");
    WEB_ALLOW_ORIGIN: String = ConfigOption::new("web.access-control-allow-origin", None,
        "The origin whose pages browsers let talk to the server; * for all. It needs a token. Not set: none.");
    WEB_REFRESH_INTERVAL: Duration = ConfigOption::new("web.refresh-interval", Some("3 s"),
        "How often a dashboard is to look again: `/config` tells it that.");
    WEB_CHECKPOINT_HISTORY: u32 = ConfigOption::new("web.checkpoints.history", Some("10"),
        "How many ended checkpoints of each job's earlier processes are remembered.");
    JOB_START_TIMEOUT: Duration = ConfigOption::new("millstream.job-start-timeout", Some("60 s"),
        "A job's process that says nothing for so long before its job is built is killed: a submission is refused then, and a job that \
         was running is restarted as its strategy says. A process that works, or waits for its snapshot, says so and may take its time. \
         0: wait for ever.");
    JOB_STORE_EXPIRATION: u64 = ConfigOption::new("jobstore.expiration-time", Some("3600"),
        "Seconds that an ended job stays listed, with its logs and operations.");
    JOB_STORE_CAPACITY: u64 = ConfigOption::new("jobstore.max-capacity", None,
        "How many ended jobs stay listed; the oldest are forgotten first. Not set: no limit.");
    CLIENT_TRUSTED: String = ConfigOption::new("security.ssl.rest.trusted-certificates", None,
        "PEM file of what the command line trusts where it asks a server over HTTPS: authorities, or the server's very certificate, of \
         which then neither name nor dates are looked at. Not set: security.ssl.rest.certificate, else what the system trusts.");
    CLIENT_TIMEOUT: Duration = ConfigOption::new("client.timeout", Some("1 min"),
        "How long the command line waits for an answer of the server.");
    REST_TOKEN_FILE: String = ConfigOption::new("rest.auth.token-file", None,
        "A file of more tokens, a line `NAME ROLE TOKEN` for each, that only the server's user and group can read. The role says what it allows: read (to look), \
         operate (also savepoints, checkpoints, stops, cancellations, disposals, settings, files to be read again, to look at dead letters and discard them, the server's \
         end) or submit (also whatever runs a program, replays of dead letters among it). It is read again when it has changed.");
    LOG_LEVEL: String = ConfigOption::new("millstream.log.level", Some("info"),
        "What goes into the server's log: error, warn, info, debug or trace, also for parts, such as `info,audit=warn`. MILLSTREAM_LOG in the environment \
         wins. SIGHUP has it read again.");
    LOG_FORMAT: String = ConfigOption::new("millstream.log.format", Some("lines"),
        "How the server's log is written: lines as Flink writes them, or json, one object a line.");
    LOG_LARGEST: MemorySize = ConfigOption::new("millstream.log.max-size", Some("16 mb"),
        "When `server.log` has grown longer, it is put aside as `server.log.1`, and a new one is begun; at least 64 kb.");
    LOG_KEPT: u32 = ConfigOption::new("millstream.log.parts", Some("5"),
        "So many older parts of `server.log` are kept, 0 to 1000.");
    JOB_STORE_FAILED_EXPIRATION: u64 = ConfigOption::new("jobstore.failed-expiration-time", Some("604800"),
        "Seconds that a job that has FAILED stays listed, with its logs and operations, so that people find the reason; 604800 are 7 days. Less than \
         jobstore.expiration-time counts as that.");
    CLIENT_CERTIFICATE: String = ConfigOption::new("security.ssl.rest.client-certificate", None,
        "PEM file of the certificate that the command line shows to a server that asks for one, followed by those that vouch for it.");
    CLIENT_KEY: String = ConfigOption::new("security.ssl.rest.client-key", None,
        "PEM file of the private key of security.ssl.rest.client-certificate.");
}
