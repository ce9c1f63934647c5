//! What the faults do.

mod away;
mod disk;
mod fork;
mod life;
mod odd;
mod second;

use anyhow::Result;
use rustix::process::Signal;

use crate::fault::{Fault, Meanwhile, Second, Step};
use crate::orders::Victim;
use crate::places::{Place, names};
use crate::processes::signal;
use crate::world::World;

pub(crate) use fork::input_gone;
pub(crate) use life::{end_of, go_on, restart};

/// Waits for the moment of a step and lets its fault strike, from its beginning to its end. What to say about it.
pub(crate) fn strike(world: &mut World, step: Step) -> Result<String> {
    world.await_moment(step.moment)?;
    let said = match step.fault {
        Fault::Kill {
            victim,
            times,
            apart_ms,
        } => kill(world, victim, times, apart_ms)?,
        Fault::Leave => leave(world)?,
        Fault::Freeze {
            victim,
            hold_ms,
            kill_server,
            second,
        } => freeze(world, victim, hold_ms, kill_server, second)?,
        Fault::Disk {
            place,
            failure,
            operations,
            per_mille,
            hold_ms,
            meanwhile,
        } => {
            world.littered |= place == Place::Output;
            disk::fail(
                world,
                (place, failure, operations, per_mille),
                hold_ms,
                meanwhile,
            )?
        }
        Fault::Clock { seconds, kill } => disk::clock(world, seconds, kill)?,
        Fault::Away {
            place,
            empty,
            hold_ms,
            meanwhile,
        } => away::away(world, place, empty, |world| {
            strike_within(world, hold_ms, meanwhile)
        })?,
        Fault::Odd { what, hold_ms } => odd::lie_among(world, what, hold_ms)?,
        Fault::Owner { second } => {
            // Nobody is refused while the job has no process.
            world.quiet()?;
            second::is_refused(world, second)?
        }
        Fault::Resume(resume) => life::resume(world, &resume)?,
        Fault::Savepoint { kill, fork, kills } => {
            fork::savepoint(world, kill, fork.then_some(kills))?
        }
        Fault::Consume { input } => life::consume(world, input)?,
    };
    if world.ends {
        if strikes_checkpoints(step.fault) {
            world
                .kept
                .extend(names(&world.places.path(Place::Checkpoints)));
        }
        life::go_on(world)?;
    }
    if step.quiet || world.may_end {
        world.quiet()?;
    }
    Ok(said)
}

/// Whether the directory of checkpoints is broken or away.
fn strikes_checkpoints(fault: Fault) -> bool {
    match fault {
        Fault::Disk { place, .. } | Fault::Away { place, .. } => place == Place::Checkpoints,
        _ => false,
    }
}

fn kill(world: &mut World, victim: Victim, times: u64, apart_ms: u64) -> Result<String> {
    for time in 0..times {
        if time > 0 {
            world.hold(apart_ms)?;
        }
        world.await_job()?;
        world.subject.kill(victim)?;
        world.tick()?;
    }
    Ok(String::new())
}

fn leave(world: &mut World) -> Result<String> {
    world.await_job()?;
    if let Some(server) = world.subject.server() {
        server.leave()?;
    }
    Ok(String::new())
}

/// Goes on for a while with a fault, and does something midway.
fn strike_within(world: &mut World, hold_ms: u64, meanwhile: Meanwhile) -> Result<()> {
    world.hold(hold_ms / 2)?;
    match meanwhile {
        Meanwhile::Nothing => {}
        Meanwhile::Kill(victim) => world.subject.kill(victim)?,
        Meanwhile::End(how) => {
            world.subject.ask_to_end(how)?;
            world.ends = true;
        }
    }
    world.hold(hold_ms / 2)
}

fn freeze(
    world: &mut World,
    victim: Victim,
    hold_ms: u64,
    kill_server: bool,
    second: Option<Second>,
) -> Result<String> {
    // Nobody is refused while the job has no process, or has not begun.
    if second.is_some() {
        world.quiet()?;
    }
    world.await_job()?;
    let jobs = world.subject.jobs();
    let ids = match victim {
        Victim::Job => jobs,
        Victim::Both => world.subject.all(),
        Victim::Server => world
            .subject
            .all()
            .into_iter()
            .filter(|id| !jobs.contains(id))
            .collect(),
    };
    signal(&world.launcher.root, &ids, Signal::STOP);
    world.frozen = victim != Victim::Job;
    if kill_server {
        world.subject.kill(Victim::Server)?;
    }
    world.hold(hold_ms)?;
    let said = match second {
        Some(second) => second::is_refused(world, second)?,
        None => String::new(),
    };
    signal(&world.launcher.root, &ids, Signal::CONT);
    world.frozen = false;
    Ok(said)
}
