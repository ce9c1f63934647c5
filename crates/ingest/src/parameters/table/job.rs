//! The job as a whole.

use std::time::Duration;

use millstream_core::MemorySize;

use crate::parameters::definition::{Group, Parameter, ParameterSummary};
use crate::parameters::value::Parallelism;

parameters! {
    CONFIG: String = Parameter::new(Group::Job, "config",
        "File in the syntax of Java properties with more parameters, one `name=value` a line. Not given: \
         `application.properties` in the working directory, if it is there. What the environment or the \
         arguments give wins over the file.")
        .example("/etc/csp/orders.properties");
    JOB_NAME: String = Parameter::new(Group::Job, "job.name",
        "Name of the job as listed. Give every job its own: `-s latest` finds a job's snapshots by it.")
        .default("CSP StreamJob").example("orders");
    PARALLELISM: Parallelism = Parameter::new(Group::Job, "stream.parallelism",
        "How many subtasks read and transform. `millstream run -p` wins over it. Recommended: the number of cores.")
        .default("1").example("4");
    SINK_PARALLELISM: Parallelism = Parameter::new(Group::Job, "stream.sink.parallelism",
        "How many subtasks write.")
        .default_depends("with `sink.type` file as many as read, else 1").example("5");
    RATE_RECORDS: u64 = Parameter::new(Group::Job, "rate.limit.records",
        "Records that are read in a second at most, over all subtasks; 0: no limit. Can be changed while the job runs \
         (`millstream set JOB rate.limit.records=N`).")
        .default("0").example("20000");
    RATE_BYTES: MemorySize = Parameter::new(Group::Job, "rate.limit.bytes",
        "Bytes that are read in a second at most, over all subtasks, as files and topics hold them; 0: no limit. Can be changed \
         while the job runs.")
        .default("0").example("50 mb");
    RETRY_ATTEMPTS: u32 = Parameter::new(Group::Job, "job.retry.maxNumberRestartAttempts",
        "How often the job is started again after a failure before it fails; 0: never.")
        .default("4").example("10");
    RETRY_BACKOFF: Duration = Parameter::new(Group::Job, "job.retry.backoffTimeMS",
        "Wait between a failure and the next start.")
        .default("60000").unit("ms").example("10000");
}
