//! Which faults strike, when, and what they strike: all of it drawn from one seed.

mod later;
#[cfg(test)]
mod tests;

use datagen::random::{Random, mix};

use crate::fault::{Fault, Meanwhile, Moment, Odd, Resume, Second, Step};
use crate::orders::{End, Spelling, Victim};
use crate::places::Place;
use crate::shim::{Failure, Operations};

/// How the job of a round is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    /// Under a server, or in the process of the command.
    pub(crate) server: bool,
    pub(crate) parallelism: u64,
    pub(crate) checkpoint_ms: u64,
    /// Checkpoints that are kept.
    pub(crate) retained: u64,
    pub(crate) split_bytes: u64,
    pub(crate) rolling_bytes: u64,
    /// Between two files.
    pub(crate) pace_ms: u64,
    /// What becomes of the input that is committed.
    pub(crate) after: After,
    /// What becomes of the checkpoints of a job that was cancelled or failed.
    pub(crate) retention: Retention,
    pub(crate) last: Last,
}

impl Setup {
    /// A job in the process of the command, with checkpoints that it keeps.
    pub(crate) fn plain() -> Self {
        Self {
            server: false,
            parallelism: 1,
            checkpoint_ms: 50,
            retained: 1,
            split_bytes: 32_000_000,
            rolling_bytes: 128_000_000,
            pace_ms: 100,
            after: After::Keep,
            retention: Retention::Kept,
            last: Last::Suspended,
        }
    }
}

/// How the job ends at the end of the round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Last {
    Suspended,
    /// Besides, it is cancelled, and its checkpoints go with it.
    Cancelled,
    /// The same, while the disk refuses to note it.
    CancelledUnnoted,
}

/// What becomes of the checkpoints of a job that did not end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retention {
    Kept,
    /// Kept where it failed, deleted where it was cancelled.
    OfFailed,
    Deleted,
}

impl Retention {
    /// As the option spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kept => "RETAIN_ON_CANCELLATION",
            Self::OfFailed => "DELETE_ON_CANCELLATION",
            Self::Deleted => "NO_EXTERNALIZED_CHECKPOINTS",
        }
    }
}

/// What becomes of a file when all of its records are committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    Keep,
    Move,
    Delete,
}

/// The fewest and the most faults of a round.
const FAULTS: (u64, u64) = (10, 25);

/// A round: its set-up and its faults.
#[derive(Debug)]
pub(crate) struct Schedule {
    pub(crate) seed: u64,
    pub(crate) setup: Setup,
    /// How many faults were drawn, those that are left out among them.
    pub(crate) drawn: u64,
    pub(crate) steps: Vec<Step>,
}

/// The seed of round `number` of a run with `seed`: that of the first is the run's own, so that any round can be played
/// as the first of a run.
pub(crate) fn seed_of(seed: u64, number: u64) -> u64 {
    if number == 0 {
        return seed;
    }
    // Short enough to be typed.
    mix(seed ^ mix(number)) % 1_000_000_000
}

impl Schedule {
    /// The round of `seed`, with at most `most` faults; those whose names are in `without` are drawn and left out.
    pub(crate) fn draw(seed: u64, most: u64, without: &[String]) -> Self {
        let mut random = Random::new(mix(seed));
        let setup = Setup {
            server: random.below(5) < 3,
            parallelism: 1 + random.below(3),
            checkpoint_ms: pick(&mut random, &[20, 50, 100, 300, 1_000]),
            retained: pick(&mut random, &[1, 1, 2, 5]),
            split_bytes: pick(&mut random, &[2_000, 20_000, 32_000_000]),
            rolling_bytes: pick(&mut random, &[4_000, 128_000_000]),
            pace_ms: pick(&mut random, &[10, 30, 100]),
            after: After::Keep,
            retention: Retention::Kept,
            last: Last::Suspended,
        };
        let drawn = (FAULTS.0 + random.below(FAULTS.1 - FAULTS.0 + 1)).min(most);
        let mut steps: Vec<Step> = (0..drawn).map(|_| draw_step(&mut random, setup)).collect();
        // Drawn apart, so that what the rounds of earlier versions drew stays what it was.
        let mut apart = Random::new(mix(!seed));
        let setup = Setup {
            after: pick(&mut apart, &[After::Keep, After::Move, After::Delete]),
            retention: pick(
                &mut apart,
                &[Retention::Kept, Retention::OfFailed, Retention::Deleted],
            ),
            last: pick(
                &mut apart,
                &[Last::Suspended, Last::Cancelled, Last::CancelledUnnoted],
            ),
            ..setup
        };
        let last = match setup.retention {
            Retention::Kept => Last::Suspended,
            Retention::OfFailed | Retention::Deleted => setup.last,
        };
        let setup = Setup { last, ..setup };
        for step in &mut steps {
            later::draw(&mut apart, setup, step);
        }
        let is_left_out = |step: &Step| without.iter().any(|name| name == step.fault.name());
        steps.retain(|step| !is_left_out(step));
        let steps = steps
            .into_iter()
            .map(|step| step.without_second(without))
            .collect();
        Self {
            seed,
            setup,
            drawn,
            steps,
        }
    }
}

fn pick<T: Copy>(random: &mut Random, among: &[T]) -> T {
    let at = usize::try_from(random.below(among.len() as u64)).unwrap_or_default();
    match among.get(at).or(among.first()) {
        Some(picked) => *picked,
        None => unreachable!("there is something to pick from"),
    }
}

fn draw_step(random: &mut Random, setup: Setup) -> Step {
    Step {
        moment: draw_moment(random),
        fault: draw_fault(random, setup),
        quiet: random.below(3) == 0,
    }
}

fn draw_moment(random: &mut Random) -> Moment {
    match random.below(6) {
        0 => Moment::Commit,
        1 => Moment::Hidden,
        2 => Moment::Checkpoint,
        3 => Moment::After(random.below(20)),
        _ => Moment::After(random.below(600)),
    }
}

fn draw_victim(random: &mut Random, setup: Setup) -> Victim {
    if !setup.server {
        return Victim::Job;
    }
    pick(
        random,
        &[Victim::Job, Victim::Job, Victim::Server, Victim::Both],
    )
}

fn draw_meanwhile(random: &mut Random, setup: Setup) -> Meanwhile {
    let victim = draw_victim(random, setup);
    match random.below(8) {
        0..4 => Meanwhile::Nothing,
        4..7 => Meanwhile::Kill(victim),
        _ => Meanwhile::End(pick(random, &[End::Suspend, End::Cancel])),
    }
}

fn draw_second(random: &mut Random, setup: Setup) -> Second {
    if !setup.server {
        return Second::Run;
    }
    pick(random, &[Second::Run, Second::Submission, Second::Server])
}

fn draw_fault(random: &mut Random, setup: Setup) -> Fault {
    match random.below(100) {
        0..23 => Fault::Kill {
            victim: draw_victim(random, setup),
            times: 1 + random.below(3),
            apart_ms: pick(random, &[0, 0, 20, 100, 400]),
        },
        23..25 if setup.server => Fault::Leave,
        23..33 => draw_freeze(random, setup),
        33..48 => draw_disk(random, setup),
        48..55 => Fault::Clock {
            seconds: draw_shift(random),
            kill: random.below(2) == 0,
        },
        55..70 => Fault::Away {
            place: pick(
                random,
                &[
                    Place::Input,
                    Place::Output,
                    Place::Checkpoints,
                    Place::Savepoints,
                ],
            ),
            empty: random.below(2) == 0,
            hold_ms: 100 + random.below(1_500),
            meanwhile: draw_meanwhile(random, setup),
        },
        70..77 => Fault::Owner {
            second: draw_second(random, setup),
        },
        77..89 => draw_resume(random, setup),
        89..95 if setup.server => Fault::Savepoint {
            kill: random.below(2) == 0,
            fork: random.below(2) == 0,
            kills: 0,
        },
        89..95 => draw_resume(random, setup),
        95..97 => Fault::Odd {
            what: pick(random, &[Odd::Directory, Odd::Fifo, Odd::NoGzip]),
            hold_ms: 100 + random.below(900),
        },
        _ => Fault::Consume {
            input: random.below(2) == 0,
        },
    }
}

fn draw_freeze(random: &mut Random, setup: Setup) -> Fault {
    let kill_server = setup.server && random.below(2) == 0;
    let victim = if kill_server {
        Victim::Job
    } else {
        draw_victim(random, setup)
    };
    // A server that stands still answers nobody.
    let asks = victim == Victim::Job && random.below(2) == 0;
    let second = if kill_server {
        Second::Run
    } else {
        draw_second(random, setup)
    };
    Fault::Freeze {
        victim,
        hold_ms: 50 + random.below(2_500),
        kill_server,
        second: asks.then_some(second),
    }
}

fn draw_disk(random: &mut Random, setup: Setup) -> Fault {
    let places = [
        Place::Checkpoints,
        Place::Output,
        Place::Input,
        Place::Savepoints,
        Place::Data,
    ];
    let place = pick(random, &places);
    let failure = pick(random, &[Failure::NoSpace, Failure::Broken]);
    let operations = match (place, failure) {
        (Place::Input, _) => Operations::Reads,
        (_, Failure::NoSpace) => Operations::Space,
        _ => pick(
            random,
            &[
                Operations::Writes,
                Operations::Syncs,
                Operations::Names,
                Operations::Reads,
                Operations::All,
            ],
        ),
    };
    Fault::Disk {
        place,
        failure: if place == Place::Input {
            Failure::Broken
        } else {
            failure
        },
        operations,
        per_mille: pick(random, &[1_000, 1_000, 300, 30]),
        hold_ms: 50 + random.below(1_500),
        meanwhile: draw_meanwhile(random, setup),
    }
}

fn draw_shift(random: &mut Random) -> i64 {
    let size = pick(random, &[2, 90, 3_700, 100_000, 35_000_000]);
    if random.below(2) == 0 { size } else { -size }
}

fn draw_resume(random: &mut Random, setup: Setup) -> Fault {
    let how = pick(random, &[End::Suspend, End::Suspend, End::Cancel]);
    let disturbed = random.below(5) < 2;
    let moment = draw_moment(random);
    let victim = draw_victim(random, setup);
    Fault::Resume(Resume {
        how,
        named: random.below(2) == 0,
        parallelism: 1 + random.below(4),
        spelling: pick(
            random,
            &[
                Spelling::Plain,
                Spelling::Plain,
                Spelling::Plain,
                Spelling::DoubleSlash,
                Spelling::UpAndDown,
                Spelling::Link,
            ],
        ),
        disturb: disturbed.then_some((moment, victim)),
        away: disturbed && random.below(3) == 0,
        dispose: setup.server && random.below(3) == 0,
    })
}
