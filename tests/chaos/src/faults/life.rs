//! Jobs that are ended and go on, and consumers.

use anyhow::Result;

use super::away::away;
use crate::fault::{Moment, Resume};
use crate::orders::{End, From, Spelling, Victim};
use crate::places::Place;
use crate::subject::Ended;
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
        Some(path) if resume.named && resume.how != End::Cancel => From::Path(path.clone()),
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

/// Suspends the job and has it go on, undisturbed.
pub(crate) fn restart(world: &mut World) -> Result<()> {
    world.await_job()?;
    world.subject.ask_to_end(End::Suspend)?;
    go_on(world)
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
        Some((directory, name)) => {
            let own = directory.rsplit('/').next().unwrap_or_default();
            format!("{directory}/../{own}/{name}/")
        }
        None => path.to_owned(),
    };
    let Some(server) = world.subject.server() else {
        return Ok(String::new());
    };
    let said = server.act(&["savepoint", "-d", &spelled])?;
    world.subject.kill(Victim::Job)?;
    Ok(format!("disposed of {spelled}: {}", said.text()))
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
