//! Somebody else wants to run the job that runs.

use anyhow::Result;

use crate::fault::Second;
use crate::orders::From;
use crate::processes::Running;
use crate::subject::Server;
use crate::violation::Kind;
use crate::wait;
use crate::world::World;

/// Asks for the job to be run once more, which must be refused. How it was.
pub(crate) fn is_refused(world: &mut World, second: Second) -> Result<String> {
    world.forks += 1;
    let patience = world.launcher.patience;
    match second {
        Second::Run => {
            let command = world
                .launcher
                .local(&From::Latest, 1, &world.launcher.main());
            let name = format!("second-{:03}", world.forks);
            let running = Running::start(command, &world.places.logs(), &name)?;
            ends(running, patience, |running| {
                running.logged().contains("to RUNNING.")
            })
        }
        Second::Server => match world.subject.server() {
            Some(server) => {
                let another = server.start_another()?;
                ends(another, patience, |running| {
                    running.printed().contains(" listens at ")
                })
            }
            None => Ok(String::new()),
        },
        Second::Submission => match world.subject.server() {
            Some(server) => submission_fails(server),
            None => Ok(String::new()),
        },
    }
}

/// Waits until a second owner has ended with an error; it must not get to `has_begun`.
fn ends(
    mut running: Running,
    patience: std::time::Duration,
    has_begun: impl Fn(&Running) -> bool,
) -> Result<String> {
    wait::until("a second owner to be refused", patience, || {
        if has_begun(&running) {
            running.kill()?;
            return Err(Kind::SecondOwner.because(format!("let in: {}", running.err.display())));
        }
        Ok(!running.runs()?)
    })?;
    let code = running.status()?.and_then(|status| status.code());
    let log = running.logged();
    let last = log.lines().next_back().unwrap_or_default().to_owned();
    if code == Some(0) {
        return Err(Kind::SecondOwner.because(format!("ended well: {last}")));
    }
    Ok(format!("refused: {last}"))
}

fn submission_fails(server: &mut Server) -> Result<String> {
    let target = server.launcher.main();
    let job = match server.submit(&From::Latest, 1, &target)? {
        Ok(job) => job,
        Err(said) => return Ok(format!("refused: {}", said.text())),
    };
    let mut status = String::new();
    wait::until(
        "a second job to be refused",
        server.launcher.patience,
        || {
            status = server.status(&job).unwrap_or_default();
            Ok(["RUNNING", "FAILED", "CANCELED", "FINISHED"].contains(&status.as_str()))
        },
    )?;
    if status != "FAILED" {
        return Err(Kind::SecondOwner.because(format!("job {job} is {status} beside the first")));
    }
    Ok(format!("job {job} failed"))
}
