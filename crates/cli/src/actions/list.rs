//! `millstream list`.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use millstream_core::{JobStatus, Result};
use millstream_server::escaped;
use serde_json::{Value, json};

use crate::answers::{JobLine, Overview};
use crate::arguments::Connection;
use crate::session::{Session, worded};
use crate::waiting::Waiting;
use crate::{report, times};

/// Lists running and scheduled jobs.
#[derive(Debug, Parser)]
#[command(
    name = "millstream list",
    no_binary_name = true,
    override_usage = "millstream list [OPTIONS]"
)]
pub(crate) struct ListArguments {
    /// Show running and restarting jobs only.
    #[arg(short, long)]
    running: bool,

    /// Show scheduled jobs only: those whose process is being started.
    #[arg(short, long)]
    scheduled: bool,

    /// Show ended jobs too.
    #[arg(short, long)]
    all: bool,

    /// Show the list again each second, until Ctrl-C; with --json one line each time.
    #[arg(long)]
    watch: bool,

    #[command(flatten)]
    connection: Connection,
}

/// How often `--watch` shows the list.
const AGAIN: Duration = Duration::from_secs(1);
/// Clears a terminal and goes to its first line.
const CLEAR: &str = "\x1b[H\x1b[2J";

/// Which jobs are shown.
#[derive(Debug, Clone, Copy)]
struct Shown {
    running: bool,
    scheduled: bool,
    ended: bool,
}

impl Shown {
    fn of(arguments: &ListArguments) -> Self {
        let ListArguments {
            running,
            scheduled,
            all,
            ..
        } = *arguments;
        let neither = !running && !scheduled;
        Self {
            running: running || all || neither,
            scheduled: scheduled || all || neither,
            ended: all,
        }
    }

    fn has(self, status: JobStatus) -> bool {
        match status {
            JobStatus::Created | JobStatus::Initializing => self.scheduled,
            status if status.is_terminal() => self.ended,
            _ => self.running,
        }
    }
}

/// Lists jobs.
pub(crate) fn perform(arguments: ListArguments) -> Result<ExitCode> {
    let shown = Shown::of(&arguments);
    let session = Session::open(&arguments.connection)?;
    if arguments.watch {
        return watch(&session, shown);
    }
    session.say("Waiting for response...")?;
    let jobs = jobs(&session)?;
    if session.json {
        return report::json(&as_json(&jobs, shown));
    }
    report::write(text(jobs, shown, report::takes_colour()).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn jobs(session: &Session) -> Result<Vec<JobLine>> {
    let overview = session.client.get::<Overview>("/jobs/overview");
    let overview = overview.map_err(|error| worded("Failed to retrieve job list", &error))?;
    Ok(overview.jobs)
}

fn as_json(jobs: &[JobLine], shown: Shown) -> Value {
    let jobs = jobs.iter().filter(|job| shown.has(job.state));
    json!(jobs.collect::<Vec<&JobLine>>())
}

fn watch(session: &Session, shown: Shown) -> Result<ExitCode> {
    let mut waiting = Waiting::for_interrupts()?;
    let clear = if report::takes_colour() { CLEAR } else { "" };
    loop {
        let jobs = jobs(session)?;
        let reader = if session.json {
            report::json_line(&as_json(&jobs, shown))?
        } else {
            let text = text(jobs, shown, report::takes_colour());
            report::stream(format!("{clear}{text}").as_bytes())?
        };
        if reader.is_break() || waiting.pause(AGAIN) {
            return Ok(ExitCode::SUCCESS);
        }
    }
}

/// The list as Flink shows it.
fn text(mut jobs: Vec<JobLine>, shown: Shown, colour: bool) -> String {
    jobs.sort_by_key(|job| job.start_time);
    let (ended, others): (Vec<_>, Vec<_>) =
        jobs.into_iter().partition(|job| job.state.is_terminal());
    let (scheduled, running): (Vec<_>, Vec<_>) = others
        .into_iter()
        .partition(|job| matches!(job.state, JobStatus::Created | JobStatus::Initializing));
    let mut text = String::new();
    let mut section = |title: &str, jobs: &[JobLine], none: &str| {
        if jobs.is_empty() {
            text.push_str(none);
            return;
        }
        text.push_str(&format!("{title}\n"));
        text.extend(jobs.iter().map(|job| line(job, colour)));
        text.push_str("--------------------------------------------------------------\n");
    };
    if shown.running {
        let title = "------------------ Running/Restarting Jobs -------------------";
        section(title, &running, "No running jobs.\n");
    }
    if shown.scheduled {
        let title = "----------------------- Scheduled Jobs -----------------------";
        section(title, &scheduled, "No scheduled jobs.\n");
    }
    if shown.ended {
        let title = "---------------------- Terminated Jobs -----------------------";
        section(title, &ended, "");
    }
    text
}

fn line(job: &JobLine, colour: bool) -> String {
    let JobLine {
        jid,
        name,
        state,
        start_time,
        next_attempt,
        ..
    } = job;
    let shown = match colour_of(*state).filter(|_| colour) {
        Some(code) => format!("\x1b[{code}m{state}\x1b[0m"),
        None => state.to_string(),
    };
    let next = next_attempt.as_ref().map_or_else(String::new, |next| {
        let (at, why) = (times::as_flink(next.at), escaped(&next.why));
        format!("    starts again at {at} ({why})\n")
    });
    format!(
        "{} : {} : {} ({shown})\n{next}",
        times::as_flink(*start_time),
        escaped(jid),
        escaped(name)
    )
}

/// Green is well, yellow needs patience, red needs a person.
fn colour_of(status: JobStatus) -> Option<u8> {
    match status {
        JobStatus::Running | JobStatus::Finished => Some(32),
        JobStatus::Failed => Some(31),
        JobStatus::Canceled => None,
        _ => Some(33),
    }
}

#[cfg(test)]
mod tests {
    use millstream_core::JobStatus::{Created, Failed, Restarting, Running};

    use super::{Shown, text};
    use crate::answers::{JobLine, NextAttempt};
    use crate::times;

    const ALL: Shown = Shown {
        running: true,
        scheduled: true,
        ended: true,
    };

    #[test]
    fn the_list_is_that_of_flink() {
        let id = "f8cccb14cd33babade335fd60aefa9e4";
        let jobs = vec![
            JobLine::new(id, "second", Restarting, 2_000),
            JobLine::new(id, "first", Running, 1_000),
            JobLine::new(id, "new", Created, 3_000),
            JobLine::new(id, "old", Failed, 0),
        ];
        let at = times::as_flink;
        let expected = format!(
            "------------------ Running/Restarting Jobs -------------------\n\
             {} : {id} : first (RUNNING)\n\
             {} : {id} : second (RESTARTING)\n\
             --------------------------------------------------------------\n\
             ----------------------- Scheduled Jobs -----------------------\n\
             {} : {id} : new (CREATED)\n\
             --------------------------------------------------------------\n\
             ---------------------- Terminated Jobs -----------------------\n\
             {} : {id} : old (FAILED)\n\
             --------------------------------------------------------------\n",
            at(1_000),
            at(2_000),
            at(3_000),
            at(0)
        );
        assert_eq!(text(jobs, ALL, false), expected);
    }

    #[test]
    fn a_job_that_is_restarted_later_says_when_and_why() {
        let mut job = JobLine::new("f8cc", "job", Restarting, 1_000);
        job.next_attempt = Some(NextAttempt {
            at: 61_000,
            why: "attempt 2, restart 1 of 3: the sink\u{1b} is away".to_owned(),
        });
        let shown = super::line(&job, false);
        let at = times::as_flink(61_000);
        let second = shown.lines().nth(1).expect("two lines");
        assert!(
            second.starts_with(&format!(
                "    starts again at {at} (attempt 2, restart 1 of 3: "
            )) && !second.contains('\u{1b}'),
            "{shown}"
        );
    }

    #[test]
    fn sections_without_jobs_are_one_line_or_nothing() {
        assert_eq!(
            text(Vec::new(), ALL, false),
            "No running jobs.\nNo scheduled jobs.\n"
        );
        let scheduled = Shown {
            running: false,
            ended: false,
            ..ALL
        };
        assert_eq!(text(Vec::new(), scheduled, false), "No scheduled jobs.\n");
    }
}
