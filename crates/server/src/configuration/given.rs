//! What a request sets for a job, looked at before a process is started for it.

use millstream_core::options::{self, check_type};
use millstream_core::{Error, Result, codes};

use super::is_job_option;

/// Checks one setting of a job, as far as it can be told by itself. What a reference stands for, and which settings can't hold
/// together, is told by the process of the job.
///
/// # Errors
/// There is no such option ([`codes::OPTION_UNKNOWN`]), or it is one of jobs and the value does not fit its type
/// ([`codes::OPTION_VALUE`]).
pub(crate) fn check_setting(key: &str, value: &str) -> Result<()> {
    let option = options::find(key).ok_or_else(|| no_option(key))?;
    // What is the server's alone has no effect on a job.
    match is_job_option(key) {
        true => check_type(option, key, value),
        false => Ok(()),
    }
}

/// The error of a setting of a job whose key is no option's.
pub(crate) fn no_option(key: &str) -> Error {
    let message = format!(
        "the configuration of the job sets what is no option: `{}`",
        key.escape_debug()
    );
    Error::new(&codes::OPTION_UNKNOWN, message)
        .next("take it out or mend its name; docs/guide/options.md lists the options")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_told_by_itself_is_told() {
        for (key, value) in [
            ("parallelism.default", " 2 "),
            ("state.savepoints.dir", "anything"),
            ("execution.checkpointing.interval", "10 s"),
            ("execution.checkpointing.interval", "${env:OFTEN}"),
            (
                "restart-strategy.exponential-delay.backoff-multiplier",
                "1.5",
            ),
            ("rate.limit.bytes", "10 mb"),
            // Of the server, for which it has no meaning here.
            ("rest.port", "many"),
        ] {
            check_setting(key, value).expect(key);
        }
        for (key, value, code) in [
            ("no.such", "1", "MS-1001"),
            ("parallelism.default", "many", "MS-1002"),
            ("pipeline.operator-chaining", "perhaps", "MS-1002"),
            ("execution.checkpointing.interval", "soon", "MS-1002"),
            (
                "restart-strategy.exponential-delay.backoff-multiplier",
                "x",
                "MS-1002",
            ),
            ("rate.limit.bytes", "-1", "MS-1002"),
        ] {
            let error = check_setting(key, value).expect_err(key);
            assert_eq!(error.code(), code, "{key}");
            assert!(error.message().contains(key), "{error}");
        }
    }
}
