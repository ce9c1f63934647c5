//! Which job is meant: its id, the beginning of it, or its name.

use millstream_core::{Error, JobId, Result, codes, counted};
use millstream_server::escaped;

use crate::answers::{JobLine, Overview};
use crate::client::Client;

/// The fewest digits that an id may be shortened to.
const FEWEST_DIGITS: usize = 4;

/// The most jobs that are named where several may be meant.
const MOST_NAMED: usize = 4;

/// The id of the job that `text` means. A full id is taken as it is, without asking whether there is such a job.
///
/// # Errors
/// There is none ([`codes::JOB_UNKNOWN`]), or there are several ([`codes::USAGE`]).
pub(crate) fn find(client: &Client, text: &str) -> Result<String> {
    if let Ok(id) = text.parse::<JobId>() {
        return Ok(id.to_string());
    }
    choose(text, &all(client)?)
}

/// All jobs that the server knows.
pub(crate) fn all(client: &Client) -> Result<Vec<JobLine>> {
    let overview: Overview = client.get("/jobs/overview")?;
    Ok(overview.jobs)
}

/// The id of the one of `jobs` that `text` means.
///
/// # Errors
/// Those of [`find`].
pub(crate) fn choose(text: &str, jobs: &[JobLine]) -> Result<String> {
    let prefix = text.to_ascii_lowercase();
    let may_be_id =
        prefix.len() >= FEWEST_DIGITS && prefix.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut found: Vec<&JobLine> = jobs
        .iter()
        .filter(|job| may_be_id && job.jid.starts_with(&prefix))
        .collect();
    let named = |running: bool| {
        jobs.iter()
            .filter(move |job| job.name == text && job.state.is_terminal() != running)
    };
    for job in named(true) {
        if !found.iter().any(|other| other.jid == job.jid) {
            found.push(job);
        }
    }
    if found.is_empty() {
        found.extend(named(false));
    }
    match found.as_slice() {
        [job] => Ok(job.jid.clone()),
        [] => Err(unknown(text)),
        several => {
            let mut candidates: Vec<String> = several
                .iter()
                .take(MOST_NAMED)
                .map(|job| format!("{} {} ({})", job.jid, escaped(&job.name), job.state))
                .collect();
            let more = several.len() - candidates.len();
            if more > 0 {
                candidates.push(counted(more, "other"));
            }
            Err(Error::new(
                &codes::USAGE,
                format!("\"{text}\" may be {}", candidates.join(" or ")),
            )
            .next("give more digits of the id; `millstream list -a` shows all jobs"))
        }
    }
}

fn unknown(text: &str) -> Error {
    Error::new(
        &codes::JOB_UNKNOWN,
        format!(
            "Cannot parse JobID from \"{text}\", and no job has an id that begins so or that name"
        ),
    )
    .next(
        "give 32 hexadecimal digits, at least the first 4, or a name that `millstream list -a` shows",
    )
}

#[cfg(test)]
mod tests {
    use millstream_core::JobStatus::{Finished, Running};

    use super::choose;
    use crate::answers::JobLine;

    fn jobs() -> Vec<JobLine> {
        [
            ("f8cccb14cd33babade335fd60aefa9e4", "orders", Running),
            ("f8cc0000000000000000000000000000", "orders", Finished),
            ("ab1b14676e8ff17c12edfe6147a85825", "clicks", Finished),
            ("ab1b14676e8ff17c12edfe6147a85826", "clicks", Finished),
            ("cafe14676e8ff17c12edfe6147a85827", "beef", Running),
            ("beef14676e8ff17c12edfe6147a85828", "late", Finished),
        ]
        .map(|(id, name, state)| JobLine::new(id, name, state, 0))
        .to_vec()
    }

    #[test]
    fn a_unique_beginning_is_enough() {
        let id = choose("F8CCCB", &jobs()).expect("unique");
        assert_eq!(id, "f8cccb14cd33babade335fd60aefa9e4");
        assert_eq!(choose("f8c", &jobs()).expect_err("short").code(), "MS-2008");
        assert_eq!(choose("0000", &jobs()).expect_err("none").code(), "MS-2008");
    }

    #[test]
    fn a_name_means_the_running_job_of_that_name() {
        let id = choose("orders", &jobs()).expect("unique among running ones");
        assert_eq!(id, "f8cccb14cd33babade335fd60aefa9e4");
        let id = choose("late", &jobs()).expect("unique among ended ones");
        assert_eq!(id, "beef14676e8ff17c12edfe6147a85828");
    }

    #[test]
    fn of_very_many_jobs_some_are_named() {
        let jobs: Vec<JobLine> = (0..9)
            .map(|n| JobLine::new(&format!("{n:032}"), "many", Finished, 0))
            .collect();
        let error = choose("many", &jobs).expect_err("nine").to_string();
        assert_eq!(error.matches(" many (FINISHED)").count(), 4, "{error}");
        assert!(error.contains(" or 5 others; "), "{error}");
    }

    #[test]
    fn every_job_that_may_be_meant_is_named() {
        for (text, ids) in [
            ("f8cc", ["f8cccb14", "f8cc0000"]),
            ("clicks", ["a85825", "a85826"]),
            ("beef", ["beef1467", "cafe1467"]),
        ] {
            let error = choose(text, &jobs()).expect_err(text);
            assert_eq!(error.code(), "MS-1004");
            for id in ids {
                assert!(error.message().contains(id), "{error}");
            }
        }
    }
}
