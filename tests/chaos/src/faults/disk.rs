//! Disks that fail and clocks that step.

use anyhow::Result;

use super::strike_within;
use crate::fault::Meanwhile;
use crate::orders::Victim;
use crate::places::Place;
use crate::shim::{Failure, Operations};
use crate::world::World;

/// Lets operations below a place fail for a while.
pub(crate) fn fail(
    world: &mut World,
    (place, failure, operations, per_mille): (Place, Failure, Operations, u32),
    hold_ms: u64,
    meanwhile: Meanwhile,
) -> Result<String> {
    let before = world.control.hits()?;
    world
        .control
        .fail(&world.places.path(place), failure, operations, per_mille)?;
    world.fault = true;
    let held = strike_within(world, hold_ms, meanwhile);
    world.control.heal()?;
    world.fault = false;
    held?;
    Ok(format!(
        "{} operations failed",
        world.control.hits()? - before
    ))
}

/// Steps the clock. It stays there until the next step, or the end of the round.
pub(crate) fn clock(world: &mut World, seconds: i64, kill: bool) -> Result<String> {
    world.control.shift_clock(seconds)?;
    if kill {
        world.await_job()?;
        world.subject.kill(Victim::Job)?;
    }
    Ok(String::new())
}
