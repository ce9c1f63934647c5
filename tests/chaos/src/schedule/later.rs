//! What was drawn later than the rest: it changes steps that are there, from random numbers of its own.

use datagen::random::Random;

use super::{After, Retention, Setup};
use crate::fault::{Fault, Meanwhile, Step};
use crate::orders::End;
use crate::places::Place;
use crate::shim::Operations;

/// Draws the rest of a step. For each step as many numbers are drawn, whatever it is.
pub(super) fn draw(random: &mut Random, setup: Setup, step: &mut Step) {
    let (first, second) = (random.below(4), random.below(4));
    match &mut step.fault {
        Fault::Savepoint { kills, .. } => *kills = first,
        Fault::Resume(resume) => {
            resume.how = after_end(resume.how, setup);
            if setup.server && resume.how == End::Suspend && first == 0 {
                resume.how = End::SuspendElsewhere;
            }
        }
        // Where input is taken away, names of the input are changed.
        Fault::Disk {
            place: Place::Input,
            operations,
            ..
        } if setup.after != After::Keep && first < 2 => *operations = Operations::Names,
        Fault::Away {
            place: Place::Output,
            empty,
            ..
        } if setup.retention == Retention::Deleted => {
            // Output that is lost fails the job for good, and nothing is left then that it could go on from.
            *empty = false;
        }
        _ => {}
    }
    if let Fault::Disk { meanwhile, .. } | Fault::Away { meanwhile, .. } = &mut step.fault
        && let Meanwhile::End(how) = meanwhile
    {
        *how = after_end(*how, setup);
        if setup.server && *how == End::Suspend && second == 0 {
            *how = End::SuspendElsewhere;
        }
    }
}

/// A job whose checkpoints go with it when it is cancelled can't go on: it is suspended, until the end of the round.
fn after_end(how: End, setup: Setup) -> End {
    match setup.retention {
        Retention::Kept => how,
        Retention::OfFailed | Retention::Deleted => End::Suspend,
    }
}
