//! Jobs that are ended and go on, savepoints on the way, and consumers.

use std::fs;

use anyhow::Result;

use super::away::away;
use crate::fault::{Moment, Resume, Spelling};
use crate::launcher::{From, Target};
use crate::oracle::Oracle;
use crate::places::Place;
use crate::record::{self, Fate};
use crate::subject::{End, Ended, Server, Victim};
use crate::violation::Kind;
use crate::wait;
use crate::world::World;

pub(crate) fn resume(world: &mut World, resume: &Resume) -> Result<String> {
    world.await_job()?;
    world.subject.ask_to_end(resume.how)?;
    if let Some((moment, victim)) = resume.disturb {
        world.await_moment(moment)?;
        world.subject.kill(victim)?;
        if resume.away {
            away(world, Place::Savepoints, true, |world| world.hold(800))?;
        }
    }
    let ended = end_of(world)?;
    let from = match &ended.savepoint {
        Some(path) if resume.named && resume.how == End::Suspend => From::Path(path.clone()),
        _ => From::Latest,
    };
    let said = format!("goes on from {from:?}");
    world
        .subject
        .begin(from, resume.parallelism, resume.spelling);
    world.await_job()?;
    if resume.dispose
        && let Some(path) = &ended.savepoint
    {
        return Ok(format!("{said}; {}", dispose(world, path)?));
    }
    Ok(said)
}

/// Has a job go on from `latest` that was asked to end while a fault was there.
pub(crate) fn go_on(world: &mut World) -> Result<()> {
    end_of(world)?;
    world.ends = false;
    let parallelism = world.launcher.setup.parallelism;
    world
        .subject
        .begin(From::Latest, parallelism, Spelling::Plain);
    Ok(())
}

/// Waits until the job has ended.
pub(crate) fn end_of(world: &mut World) -> Result<Ended> {
    let mut ended = None;
    world.until("the job to end", |world| {
        ended = world.subject.has_ended()?;
        Ok(ended.is_some())
    })?;
    Ok(ended.unwrap_or(Ended { savepoint: None }))
}

/// Disposes of a savepoint that a job has just begun from, by another spelling of its path, and kills the job. That it
/// is refused or done is both right, if only the job goes on.
fn dispose(world: &mut World, path: &str) -> Result<String> {
    let spelled = match path.rsplit_once('/') {
        Some((directory, name)) => format!("{directory}/../savepoints/{name}/"),
        None => path.to_owned(),
    };
    let Some(server) = world.subject.server() else {
        return Ok(String::new());
    };
    let said = server.act(&["savepoint", "-d", &spelled])?;
    world.subject.kill(Victim::Job)?;
    Ok(format!("disposed of {spelled}: {}", said.text()))
}

/// Takes a savepoint while the job goes on.
pub(crate) fn savepoint(world: &mut World, kill: bool, fork: bool) -> Result<String> {
    world.await_job()?;
    world.look()?;
    let before: Vec<u64> = (0..world.feeder.end())
        .filter(|id| world.oracle.has(*id))
        .collect();
    let mut path = None;
    world.until("a savepoint to be taken", |world| {
        let Some(server) = world.subject.server() else {
            return Ok(true);
        };
        let Some(job) = server.job() else {
            return Ok(false);
        };
        let said = server.act(&["savepoint", &job])?;
        path = crate::launcher::savepoint_in(&said.out);
        Ok(path.is_some())
    })?;
    let behind = world.feeder.end();
    if kill {
        world.subject.kill(Victim::Job)?;
    }
    let Some(path) = path else {
        return Ok(String::new());
    };
    if !fork {
        return Ok(path);
    }
    let said = fork_from(world, &path, &before, behind)?;
    Ok(format!("{path}; {said}"))
}

/// Has another job go on from a savepoint, into a directory of its own. It must write what came `behind` the savepoint,
/// nothing twice, and nothing that was out `before` the savepoint.
fn fork_from(world: &mut World, path: &str, before: &[u64], behind: u64) -> Result<String> {
    world.forks += 1;
    let place = world.places.root.join(format!("fork-{:03}", world.forks));
    let target = Target {
        name: format!("fork-{:03}", world.forks),
        good: place.join("good"),
        bad: place.join("bad"),
    };
    for directory in [&target.good, &target.bad, &place.join("taken")] {
        fs::create_dir_all(directory)?;
    }
    let job = submit(world, path, &target)?;
    let end = world.feeder.feed(3)?;
    let mut oracle = Oracle::new(target.good.clone(), target.bad.clone(), place.join("taken"));
    let is_out = |oracle: &Oracle, id: u64| record::fate(id) == Fate::Filtered || oracle.has(id);
    let waited = world.until("a job to go on from a savepoint on the way", |world| {
        oracle.look(&|| world.feeder.end())?;
        if let Some(server) = world.subject.server()
            && server.status(&job).as_deref() == Some("FAILED")
        {
            let why = server.cause(&job);
            return Err(Kind::Refused.because(format!("job {job} can't go on from {path}: {why}")));
        }
        Ok((behind..end).all(|id| is_out(&oracle, id)))
    });
    if waited.is_err() {
        let missing = (behind..end).find(|id| !is_out(&oracle, *id));
        return waited.map(|()| String::new()).map_err(|error| {
            error.context(format!(
                "fork {job} from {path}: first missing id {missing:?} of {behind}..{end}"
            ))
        });
    }
    if let Some(id) = before.iter().find(|id| oracle.has(**id)) {
        return Err(Kind::Doubled.because(format!(
            "id {id} was out before the savepoint {path}, and job {job} that goes on from it writes it"
        )));
    }
    cancel(world, &job)?;
    Ok(format!("job {job} went on from it"))
}

fn submit(world: &mut World, path: &str, target: &Target) -> Result<String> {
    let from = From::Path(path.to_owned());
    let Some(server) = world.subject.server() else {
        return Err(Kind::Refused.because("there is no server"));
    };
    server.submit(&from, 2, target)?.map_err(|said| {
        Kind::Refused.because(format!("a job from the savepoint {path}: {}", said.text()))
    })
}

fn cancel(world: &mut World, job: &str) -> Result<()> {
    let patience = world.launcher.patience;
    let Some(server) = world.subject.server() else {
        return Ok(());
    };
    cancel_at(server, job, patience)
}

fn cancel_at(server: &mut Server, job: &str, patience: std::time::Duration) -> Result<()> {
    let said = server.act(&["cancel", job])?;
    wait::until(
        &format!("job {job} to be cancelled ({})", said.text()),
        patience,
        || Ok(server.status(job).as_deref() == Some("CANCELED")),
    )
}

/// A consumer takes the output that was committed and noted, and somebody removes the input that came out so.
pub(crate) fn consume(world: &mut World, input: bool) -> Result<String> {
    world.quiet()?;
    let (known, out) = (world.oracle.known(), world.oracle.low());
    // What was out when a later record passed belongs to a checkpoint that has been noted; once nothing more comes,
    // no reader is behind.
    world.feeder.close();
    let passed = world.quiet();
    world.await_moment(Moment::Checkpoint)?;
    world.feeder.open();
    passed?;
    let taken = world.oracle.take(&known)?;
    let removed = if input { world.feeder.clean(out)? } else { 0 };
    Ok(format!("{taken} files taken, {removed} removed"))
}
