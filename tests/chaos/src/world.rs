//! A round's surroundings: feeder, oracle, what is tried, and the faults that are there just now.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::fault::Moment;
use crate::feeder::Feeder;
use crate::launcher::Launcher;
use crate::oracle::Oracle;
use crate::places::{Places, names};
use crate::shim::Control;
use crate::subject::{Local, Server, Subject, Surroundings};
use crate::violation::{Kind, Violation};
use crate::wait;

/// Between two looks at the output.
const LOOK: Duration = Duration::from_millis(50);
/// Longer than this no fault waits for the moment that it is to strike at.
const MOMENT: Duration = Duration::from_secs(3);

pub(crate) struct World {
    pub(crate) launcher: Launcher,
    pub(crate) places: Rc<Places>,
    pub(crate) control: Control,
    pub(crate) feeder: Feeder,
    pub(crate) oracle: Oracle,
    pub(crate) subject: Box<dyn Subject>,
    pub(crate) fault: bool,
    pub(crate) may_end: bool,
    /// The output is not where it is looked for.
    pub(crate) blind: bool,
    /// The server stands still.
    pub(crate) frozen: bool,
    pub(crate) forks: usize,
    /// Jobs that ended, perhaps, while the disk of their checkpoints was broken or away: what should have been removed then
    /// may have stayed.
    pub(crate) kept: BTreeSet<String>,
    /// Ids that another job had for itself, from the first to the one behind the last.
    pub(crate) others: Vec<(u64, u64)>,
    /// The disk of the output has been broken: what should have been removed then may have stayed.
    pub(crate) littered: bool,
    /// The job was asked to end, and is to go on when the fault has gone.
    pub(crate) ends: bool,
    looked: Option<Instant>,
}

impl World {
    pub(crate) fn new(launcher: Launcher, control: Control, seed: u64) -> Result<Self> {
        let places = Rc::clone(&launcher.places);
        let pace = Duration::from_millis(launcher.setup.pace_ms);
        let input = places.path(crate::places::Place::Input);
        let appends = launcher.appends();
        let subject: Box<dyn Subject> = if launcher.setup.server {
            Box::new(Server::new(launcher.clone())?)
        } else {
            Box::new(Local::new(launcher.clone()))
        };
        Ok(Self {
            feeder: Feeder::start(input, seed, pace, appends)?,
            oracle: Oracle::new(places.good(), places.bad(), places.taken()),
            subject,
            fault: false,
            may_end: false,
            blind: false,
            frozen: false,
            forks: 0,
            others: Vec::new(),
            kept: BTreeSet::new(),
            littered: false,
            ends: false,
            looked: None,
            launcher,
            places,
            control,
        })
    }

    /// What the operator and the oracle do now and then.
    pub(crate) fn tick(&mut self) -> Result<()> {
        if !self.frozen {
            self.subject.tend(Surroundings {
                fault: self.fault,
                may_end: self.may_end,
                nothing_out: self.oracle.is_empty(),
            })?;
        }
        let now = wait::now();
        if self.looked.is_none_or(|looked| now >= looked + LOOK) {
            self.look()?;
            self.looked = Some(now);
        }
        Ok(())
    }

    /// Looks at the output.
    pub(crate) fn look(&mut self) -> Result<()> {
        if self.blind {
            return Ok(());
        }
        self.oracle.look(&|| self.feeder.end())?;
        self.feeder.has_come_out(self.oracle.low());
        Ok(())
    }

    /// Goes on for `milliseconds`.
    pub(crate) fn hold(&mut self, milliseconds: u64) -> Result<()> {
        let end = wait::now() + Duration::from_millis(milliseconds);
        wait::holds_within(Duration::from_millis(milliseconds), || {
            self.tick()?;
            Ok(wait::now() >= end)
        })?;
        Ok(())
    }

    /// Goes on until `condition` holds.
    pub(crate) fn until(
        &mut self,
        what: &str,
        mut condition: impl FnMut(&mut Self) -> Result<bool>,
    ) -> Result<()> {
        wait::until(what, self.launcher.patience, || {
            self.tick()?;
            condition(self)
        })
    }

    /// Goes on until the moment has come, or does not come.
    pub(crate) fn await_moment(&mut self, moment: Moment) -> Result<()> {
        let (good, checkpoints) = (
            self.places.good(),
            self.places.path(crate::places::Place::Checkpoints),
        );
        let look: Box<dyn Fn() -> Vec<String>> = match moment {
            Moment::After(milliseconds) => return self.hold(milliseconds),
            Moment::Commit => Box::new(move || with(&good, |name| !name.starts_with('.'))),
            Moment::Hidden => Box::new(move || with(&good, |name| name.starts_with('.'))),
            Moment::Checkpoint => Box::new(move || {
                let jobs = names(&checkpoints).into_iter();
                jobs.flat_map(|job| with(&checkpoints.join(job), |name| name.starts_with("chk-")))
                    .collect()
            }),
        };
        let before = look();
        let mut ticked = wait::now();
        wait::holds_within(MOMENT, || {
            // The moment is not to pass while the operator looks around.
            if wait::now() >= ticked + LOOK {
                self.tick()?;
                ticked = wait::now();
            }
            Ok(look()
                .iter()
                .any(|name| before.binary_search(name).is_err()))
        })?;
        Ok(())
    }

    /// Waits until the job has a process that lives.
    pub(crate) fn await_job(&mut self) -> Result<()> {
        self.until("the job to have a process", |world| {
            Ok(!world.subject.jobs().is_empty())
        })
    }

    /// Hands a fresh record over, and waits until everything that was handed over has become what it must.
    pub(crate) fn quiet(&mut self) -> Result<()> {
        let began = self.feeder.end();
        let end = self.feeder.feed(3)?;
        let waited = self.until("a fresh record to pass", |world| {
            world.look()?;
            Ok(world.oracle.low() >= end)
        });
        match waited {
            Ok(()) => {
                self.may_end = false;
                Ok(())
            }
            Err(error) if is_stuck(&error) => Err(self.missing(began, end)),
            Err(error) => Err(error),
        }
    }

    /// What to say about records that have not come out.
    fn missing(&self, fresh: u64, end: u64) -> anyhow::Error {
        let passes = (fresh..end).any(|id| self.oracle.has(id));
        let missing = self.oracle.missing(fresh);
        let shown: Vec<String> = missing
            .iter()
            .take(8)
            .map(|(first, last)| format!("{first}..={last} (from {})", self.feeder.file_of(*first)))
            .collect();
        let kind = if passes { Kind::Lost } else { Kind::Stuck };
        let passing = if passes {
            "fresh records pass"
        } else {
            "nothing passes any more"
        };
        kind.because(format!(
            "{passing}, {} s were waited; not out are {} ranges of ids: {}",
            self.launcher.patience.as_secs(),
            missing.len(),
            shown.join(", ")
        ))
    }

    /// Takes every fault of the disk and of the clock away.
    pub(crate) fn heal(&mut self) -> Result<()> {
        self.control.heal()?;
        self.control.shift_clock(0)?;
        self.fault = false;
        Ok(())
    }
}

fn is_stuck(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<Violation>()
        .is_some_and(|violation| violation.kind == Kind::Stuck)
}

/// The names in `directory` that are wanted, in order.
fn with(directory: &std::path::Path, is_wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let mut names = names(directory);
    names.retain(|name| is_wanted(name));
    names
}
