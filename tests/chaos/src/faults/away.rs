//! Directories that are not there for a while.

use std::fs;

use anyhow::Result;
use rustix::process::Signal;

use crate::places::{Place, merge};
use crate::processes::signal;
use crate::world::World;

/// Takes `place` away, or puts an empty directory there, while `meanwhile` goes on, and brings it back whole: with what
/// was written into its stead meanwhile.
pub(crate) fn away(
    world: &mut World,
    place: Place,
    empty: bool,
    meanwhile: impl FnOnce(&mut World) -> Result<()>,
) -> Result<String> {
    let (path, away) = (world.places.path(place), world.places.away(place));
    match place {
        Place::Input => world.feeder.close(),
        Place::Output => {
            world.look()?;
            world.blind = true;
        }
        Place::Checkpoints | Place::Savepoints | Place::Data => {}
    }
    at_once(world, |_| {
        fs::rename(&path, &away)?;
        if empty {
            fs::create_dir(&path)?;
        }
        Ok(())
    })?;
    world.fault = true;
    // Output that was prepared and is not in the empty directory counts as lost, which is an error by name.
    world.may_end |= place == Place::Output && empty;
    meanwhile(world)?;
    at_once(world, |world| {
        let stead = world.places.away(place).with_extension("stead");
        if path.exists() {
            fs::rename(&path, &stead)?;
        }
        fs::rename(&away, &path)?;
        if stead.exists() {
            merge(&stead, &path)?;
        }
        Ok(())
    })?;
    world.fault = false;
    world.blind = false;
    world.feeder.open();
    Ok(String::new())
}

/// Does something in one moment for the processes that are tried: they stand still meanwhile.
fn at_once(world: &mut World, act: impl FnOnce(&mut World) -> Result<()>) -> Result<()> {
    let ids = world.subject.all();
    signal(&world.launcher.root, &ids, Signal::STOP);
    let done = act(world);
    signal(&world.launcher.root, &ids, Signal::CONT);
    done
}
