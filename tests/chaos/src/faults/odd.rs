//! What lies among the input and is no input.

use std::fs;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::fault::Odd;
use crate::places::Place;
use crate::world::World;

/// Puts something odd among the input, and takes it away after a while if it is no file. The job may warn, or fail and be restarted; it
/// goes on.
pub(crate) fn lie_among(world: &mut World, what: Odd, hold_ms: u64) -> Result<String> {
    world.forks += 1;
    let path = world
        .places
        .path(Place::Input)
        .join(format!("odd-{:03}.csv.gz", world.forks));
    match what {
        Odd::Directory => fs::create_dir(&path)?,
        Odd::Fifo => ensure!(
            Command::new("mkfifo").arg(&path).status()?.success(),
            "mkfifo"
        ),
        Odd::NoGzip => {
            let hidden = path.with_file_name(".odd");
            fs::write(
                &hidden,
                b"\x1f\x8b is how it begins, and how it goes on is something else",
            )?;
            fs::rename(hidden, &path)?;
        }
    }
    let held = world.hold(hold_ms);
    match what {
        Odd::Directory => fs::remove_dir(&path)?,
        Odd::Fifo => fs::remove_file(&path)?,
        // A file that was seen and is gone before it was looked into is lost input, whatever was in it: it stays.
        Odd::NoGzip => {}
    }
    held?;
    Ok(String::new())
}
