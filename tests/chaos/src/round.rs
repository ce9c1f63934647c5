//! One round: a fresh directory, a job, faults, then quiet and the full check.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::faults;
use crate::launcher::{JOB, Launcher};
use crate::left;
use crate::orders::{End, Spelling};
use crate::places::{Place, Places, names};
use crate::processes;
use crate::record::{self, Fate};
use crate::schedule::{Last, Schedule};
use crate::shim::{Control, Failure, Operations};
use crate::violation::Kind;
use crate::wait;
use crate::world::World;

/// So long the disk refuses the note of an end, if the job does not end before.
const BROKEN: Duration = Duration::from_secs(5);

/// What is the same in all rounds.
pub(crate) struct Tools {
    pub(crate) binary: PathBuf,
    pub(crate) library: PathBuf,
    pub(crate) root: PathBuf,
    pub(crate) settles: bool,
    pub(crate) patience: Duration,
}

/// What a round did.
#[derive(Default)]
pub(crate) struct Done {
    /// Names of the faults that struck to their end.
    pub(crate) faults: Vec<&'static str>,
    pub(crate) records: u64,
}

/// Plays a round in `directory`.
pub(crate) fn play(
    tools: &Tools,
    schedule: &Schedule,
    directory: &Path,
    done: &mut Done,
) -> Result<()> {
    let places = Rc::new(Places::make(directory.to_path_buf())?);
    let control = Control::create(directory.join("control"))?;
    let launcher = Launcher {
        binary: tools.binary.clone(),
        root: tools.root.clone(),
        library: tools.library.clone(),
        control: control.path.clone(),
        places,
        setup: schedule.setup,
        spelling: Spelling::Plain,
        settles: tools.settles,
        once: false,
        shared_input: Rc::default(),
        patience: tools.patience,
    };
    let mut world = World::new(launcher, control, schedule.seed)?;
    let played = strike_all(&mut world, schedule, done).and_then(|()| check(&mut world));
    done.records = world.feeder.end();
    drop(world);
    let killed = processes::kill_marked(&tools.root);
    played.and(killed)
}

fn strike_all(world: &mut World, schedule: &Schedule, done: &mut Done) -> Result<()> {
    world.quiet().context("before the first fault")?;
    for (number, step) in schedule.steps.iter().enumerate() {
        let began = wait::now();
        let struck = faults::strike(world, *step);
        let said = struck.with_context(|| {
            format!(
                "fault {}: {:?} at {:?}",
                number + 1,
                step.fault,
                step.moment
            )
        })?;
        done.faults.push(step.fault.name());
        println!(
            "  {:>2} {:?} at {:?}: {:.1} s, {} of {} out{}{said}",
            number + 1,
            step.fault,
            step.moment,
            began.elapsed().as_secs_f64(),
            world.oracle.low(),
            world.feeder.end(),
            if said.is_empty() { "" } else { "; " },
        );
    }
    Ok(())
}

/// Takes all faults away, lets everything come to rest, and looks at all of it.
fn check(world: &mut World) -> Result<()> {
    world.heal()?;
    world.quiet().context("after the last fault")?;
    world.feeder.close();
    let end = world.feeder.end();
    world.until("the rest to come out", |world| {
        world.look()?;
        Ok(world.oracle.low() >= end)
    })?;
    // What could not be removed while the disk was broken goes with the next start that nothing disturbs.
    faults::restart(world)?;
    world.quiet().context("after a last restart")?;
    let end = world.feeder.end();
    world.await_job()?;
    input_gone(world)?;
    world.subject.ask_to_end(End::Suspend)?;
    let ended = faults::end_of(world).context("the job is suspended at the end")?;
    if ended.savepoint.is_none() {
        return Err(Kind::Ended.because("the job was asked for a last savepoint and ended without"));
    }
    world.look()?;
    world.oracle.recount(end).context("at the end")?;
    nothing_hidden(world)?;
    nothing_stays(world)?;
    equation(world, end)?;
    match world.launcher.setup.last {
        Last::Suspended => Ok(()),
        last => cancelled(world, last == Last::CancelledUnnoted),
    }
}

/// Nothing stays among the checkpoints that nobody needs.
fn nothing_stays(world: &World) -> Result<()> {
    let setup = world.launcher.setup;
    let checkpoints = world.places.path(Place::Checkpoints);
    left::look(&checkpoints, setup.retained, setup.server, &world.kept)
}

/// Has the job go on and be cancelled, with which its checkpoints go. Nobody goes on from older ones then: the end is
/// noted. `broken`: the disk refuses the note; the last checkpoint stays then, and the job goes on from it.
fn cancelled(world: &mut World, broken: bool) -> Result<()> {
    faults::go_on(world)?;
    world.feeder.open();
    world.quiet().context("before it is cancelled")?;
    world.await_job()?;
    let checkpoints = world.places.path(Place::Checkpoints);
    if broken {
        let (failure, writes) = (Failure::Broken, Operations::Writes);
        world.control.fail(&checkpoints, failure, writes, 1_000)?;
        world.fault = true;
    }
    world.subject.ask_to_end(End::Cancel)?;
    if broken {
        let mut ended = false;
        wait::holds_within(BROKEN, || {
            world.tick()?;
            ended = ended || world.subject.has_ended()?.is_some();
            Ok(ended)
        })?;
        world.heal()?;
    }
    faults::end_of(world).context("the job is cancelled at the end")?;
    let is_noted = left::has_noted_end(&checkpoints, JOB);
    match world.subject.latest()? {
        Some(said) if said.contains("MS-3001") && (!broken || is_noted) => {
            world.look()?;
            if broken {
                return Ok(());
            }
            nothing_stays(world)
        }
        Some(said) => Err(Kind::Refused.because(format!("after it was cancelled: {said}"))),
        None if !broken => Err(Kind::LeftBehind.because("the job was cancelled, and goes on")),
        None => world
            .quiet()
            .context("after an end that could not be noted"),
    }
}

/// All input that came out is taken away, if that is wanted, and where it is moved nothing else comes.
fn input_gone(world: &mut World) -> Result<()> {
    faults::input_gone(world)?;
    let moved = names(&world.places.moved());
    match moved.iter().find(|name| !world.feeder.has_fed(name)) {
        Some(name) => Err(Kind::Doubled.because(format!("{name} was moved, and never fed"))),
        None => Ok(()),
    }
}

/// No output is left half done, but for what nobody can prove to be nobody's (`docs/decisions/0010`).
fn nothing_hidden(world: &World) -> Result<()> {
    for directory in [world.places.good(), world.places.bad()] {
        let hidden: Vec<String> = names(&directory)
            .into_iter()
            .filter(|name| name.starts_with('.') && !may_stay(world, name))
            .collect();
        if let Some(first) = hidden.first() {
            let (count, place) = (hidden.len(), directory.display());
            return Err(Kind::LeftBehind
                .because(format!("{count} hidden files in {place}, such as {first}")));
        }
    }
    Ok(())
}

/// Whether it is prepared output of a job that never completed a checkpoint, or that the disk kept a run from removing.
fn may_stay(world: &World, name: &str) -> bool {
    // `.part-<origin>-<job>-…`
    let job = name
        .split('-')
        .nth(2)
        .filter(|_| name.ends_with(".prepared"));
    job.is_some_and(|job| {
        let checkpoints = world.places.path(Place::Checkpoints).join(job);
        let mut all = names(&checkpoints).into_iter();
        world.littered || !all.any(|name| checkpoints.join(name).join("_metadata").exists())
    })
}

/// Whether read is what became of it, and what was handed over to this job.
fn equation(world: &World, end: u64) -> Result<()> {
    let Some(numbers) = world.subject.numbers() else {
        return Err(Kind::Equation.because("the job shows no numbers"));
    };
    let number = |name: &str| {
        numbers
            .get(name)
            .and_then(Value::as_u64)
            .unwrap_or_default()
    };
    let left = number("read") + number("produced");
    let right: u64 = ["written", "filtered", "deduplicated", "bad", "late"]
        .iter()
        .map(|name| number(name))
        .sum();
    if left != right {
        return Err(Kind::Equation.because(format!(
            "{left} read and produced, {right} accounted for: {numbers}"
        )));
    }
    let others = |id: &u64| {
        let mut others = world.others.iter();
        others.any(|(first, end)| (first..end).contains(&id))
    };
    let own = || (0..end).filter(|id| !others(id));
    let count = |fate| own().filter(|id| record::fate(*id) == fate).count() as u64;
    let truth = [
        ("read", own().count() as u64),
        ("written", count(Fate::Written)),
        ("filtered", count(Fate::Filtered)),
        ("bad", count(Fate::Bad)),
    ];
    match truth.iter().find(|(name, count)| number(name) != *count) {
        Some((name, count)) => {
            Err(Kind::Equation.because(format!("{count} were {name}, the job says {numbers}")))
        }
        None => Ok(()),
    }
}
