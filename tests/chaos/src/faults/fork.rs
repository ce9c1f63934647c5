//! Savepoints on the way, and other jobs that go on from them.

use std::fs;
use std::time::Duration;

use anyhow::Result;
use rustix::process::Signal;

use super::life::end_of;
use crate::launcher::Target;
use crate::oracle::Oracle;
use crate::orders::{End, From, Spelling, Victim};
use crate::places::{Place, names};
use crate::processes::signal;
use crate::record::{self, Fate};
use crate::schedule::After;
use crate::subject::Server;
use crate::violation::Kind;
use crate::wait;
use crate::world::World;

/// Takes a savepoint while the job goes on. `fork`: another job goes on from it, and is killed so many times.
pub(super) fn savepoint(world: &mut World, kill: bool, fork: Option<u64>) -> Result<String> {
    if let Some(kills) = fork
        && world.launcher.setup.after != After::Keep
    {
        return take_over(world, kills);
    }
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
    let Some(kills) = fork else {
        return Ok(path);
    };
    let said = fork_from(world, &path, &before, behind, kills)?;
    Ok(format!("{path}; {said}"))
}

/// Has another job go on from a savepoint, into a directory of its own. It must write what came `behind` the savepoint,
/// nothing twice, and nothing that was out `before` the savepoint.
fn fork_from(
    world: &mut World,
    path: &str,
    before: &[u64],
    behind: u64,
    kills: u64,
) -> Result<String> {
    let (target, taken) = place(world)?;
    let job = submit(world, path, &target)?;
    world.feeder.feed(3)?;
    kill(world, &job, &target, kills)?;
    let end = world.feeder.feed(3)?;
    let mut oracle = Oracle::new(target.good.clone(), target.bad.clone(), taken);
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
    Ok(format!("job {job} went on from it, killed {kills} times"))
}

/// Where another job writes, and where its output would be taken to.
fn place(world: &mut World) -> Result<(Target, std::path::PathBuf)> {
    world.forks += 1;
    let name = format!("fork-{:03}", world.forks);
    let place = world.places.root.join(&name);
    let taken = place.join("taken");
    let target = Target {
        name,
        good: place.join("good"),
        bad: place.join("bad"),
    };
    for directory in [&target.good, &target.bad, &taken] {
        fs::create_dir_all(directory)?;
    }
    Ok((target, taken))
}

/// Where input is taken away two jobs can't read it beside each other: the other job goes on from the savepoint that this
/// one was suspended with, has the input for itself for a while, and this one goes on behind it. What comes out of either
/// must come out once.
fn take_over(world: &mut World, kills: u64) -> Result<String> {
    drain(world)?;
    world.await_job()?;
    world.subject.ask_to_end(End::Suspend)?;
    let path = end_of(world)?.savepoint;
    let first = world.feeder.end();
    world.feeder.open();
    let said = match path {
        Some(path) => {
            let (target, _) = place(world)?;
            world.launcher.shared_input.set(true);
            world.oracle.watch(target.good.clone(), target.bad.clone());
            let job = submit(world, &path, &target)?;
            world.feeder.feed(3)?;
            kill(world, &job, &target, kills)?;
            drain(world)?;
            world.others.push((first, world.feeder.end()));
            cancel(world, &job)?;
            world.feeder.open();
            format!("job {job} took over from {path}, killed {kills} times")
        }
        // Whoever was to print it was gone.
        None => String::new(),
    };
    let parallelism = world.launcher.setup.parallelism;
    let begin = (From::Latest, parallelism, Spelling::Plain);
    world.subject.begin(begin.0, begin.1, begin.2);
    Ok(said)
}

/// Has everything that was handed over come out, and its input taken away. Nothing more is handed over.
fn drain(world: &mut World) -> Result<()> {
    world.quiet()?;
    world.feeder.close();
    let end = world.feeder.end();
    world.until("the rest to come out", |world| {
        world.look()?;
        Ok(world.oracle.low() >= end)
    })?;
    input_gone(world)
}

/// Waits until all input that came out is taken away, where it is.
pub(crate) fn input_gone(world: &mut World) -> Result<()> {
    if world.launcher.setup.after == After::Keep {
        return Ok(());
    }
    let input = world.places.path(Place::Input);
    world.until("the input that came out to be taken away", |_| {
        let mut left = names(&input).into_iter();
        // What was only found hidden has not gone.
        Ok(!left.any(|name| name.contains("f-")))
    })
}

/// Kills the process of another job: when it has one, when it has a checkpoint, when it has written.
fn kill(world: &mut World, job: &str, target: &Target, times: u64) -> Result<()> {
    let checkpoints = world.places.path(Place::Checkpoints).join(job);
    for time in 0..times {
        let mut ids = Vec::new();
        world.until("another job to come to where it is killed", |world| {
            let Some(server) = world.subject.server() else {
                return Ok(true);
            };
            if server.status(job).as_deref() == Some("FAILED") {
                return Err(Kind::Ended.because(format!("job {job}: {}", server.cause(job))));
            }
            ids = server.processes_of(job);
            let has_come = match time {
                0 => true,
                1 => names(&checkpoints)
                    .iter()
                    .any(|name| name.starts_with("chk-")),
                _ => names(&target.good)
                    .iter()
                    .any(|name| !name.starts_with('.')),
            };
            Ok(has_come && !ids.is_empty())
        })?;
        signal(&world.launcher.root, &ids, Signal::KILL);
    }
    Ok(())
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

fn cancel_at(server: &mut Server, job: &str, patience: Duration) -> Result<()> {
    let said = server.act(&["cancel", job])?;
    wait::until(
        &format!("job {job} to be cancelled ({})", said.text()),
        patience,
        || Ok(server.status(job).as_deref() == Some("CANCELED")),
    )
}
