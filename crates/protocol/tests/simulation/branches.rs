//! The jobs of a run: the first one, and those that are started from its snapshots, beside it or behind it.

use std::cell::RefCell;
use std::rc::Rc;

use millstream_core::lineage::{Point, Relation};
use millstream_core::{CheckpointId, JobStatus};
use millstream_protocol::ClaimMode;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::Mood;
use crate::ground::{Ground, id_of};
use crate::marks::Marks;
use crate::newest::{Rank, Top, newest};
use crate::process::Process;
use crate::world::{Away, Foreign, Stored, World, first, place};

/// A job, through as many processes as it takes.
struct Job {
    process: Option<Process>,
    seed: u64,
    /// So many steps are left in which something may go wrong.
    chaos: u32,
    mood: Option<Mood>,
    over: bool,
}

/// What has become of a job in its turn.
enum Turn {
    Went,
    /// Its process is dead, and somebody is to start the next one.
    Died,
    Over,
}

impl Job {
    fn begin(seed: u64, world: World, mut rng: StdRng, chaos: u32) -> Self {
        let mood = Mood::random(&mut rng);
        let mut job = Self {
            process: None,
            seed,
            chaos,
            mood,
            over: false,
        };
        job.start(world, rng);
        job
    }

    fn start(&mut self, mut world: World, mut rng: StdRng) {
        if self.chaos == 0 {
            world.away = Away::default();
        } else {
            world.pass_a_night(&mut rng);
        }
        let mood = self.mood.filter(|_| self.chaos > 0);
        self.process = Some(Process::start(world, rng, self.seed, mood));
    }

    fn start_again(&mut self) {
        let process = self.process.take().expect("there is always one");
        self.start(process.world, process.rng);
    }

    fn process(&self) -> &Process {
        self.process.as_ref().expect("there is always one")
    }

    fn process_mut(&mut self) -> &mut Process {
        self.process.as_mut().expect("there is always one")
    }

    fn world(&self) -> &World {
        &self.process().world
    }

    fn is_alive(&self) -> bool {
        self.process().is_alive()
    }

    /// Whether it has gone on from another job and completed nothing yet.
    fn is_without_snapshots(&self) -> bool {
        let world = self.world();
        world.began_at.is_some() && world.checkpoints.is_empty()
    }

    /// Whether what it has prepared is named by no snapshot yet.
    fn has_prepared_first_output(&self) -> bool {
        let world = self.world();
        self.is_without_snapshots() && world.ground().has_prepared(world.kin.author)
    }

    fn may_die_young(&mut self, rng: &mut StdRng) {
        let process = self.process_mut();
        if process.is_alive() && process.mood.is_some() && rng.random_bool(0.1) {
            process.crash();
        }
    }

    fn turn(&mut self) -> Turn {
        if self.is_alive() {
            match self.chaos.checked_sub(1) {
                Some(left) => {
                    self.chaos = left;
                    self.process_mut().step();
                }
                None => self.process_mut().come_to_an_end(),
            }
            return Turn::Went;
        }
        let ended = self.process().ended().or(self.world().ended_as);
        let mark = match ended {
            Some(JobStatus::Finished) => "finished",
            Some(JobStatus::Canceled) => "cancelled",
            Some(JobStatus::Failed) => "failed",
            // What was committed without checkpoints is not known to the next process, so nobody starts one.
            None if self.world().unprotected => {
                self.over = true;
                return Turn::Over;
            }
            None => return Turn::Died,
            other => panic!("a run ended with status {other:?}"),
        };
        self.process_mut().world.marks.hit(mark);
        self.over = true;
        Turn::Over
    }
}

/// A snapshot that a job is to be started from.
struct Start {
    job: usize,
    number: CheckpointId,
    path: String,
    stored: Stored,
}

pub(crate) struct Branches {
    rng: StdRng,
    seed: u64,
    ground: Rc<RefCell<Ground>>,
    jobs: Vec<Job>,
    /// So many more jobs may be started.
    more: u32,
    marks: Marks,
}

impl Branches {
    pub(crate) fn begin(seed: u64, ground: &Rc<RefCell<Ground>>) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let more = [0, 0, 0, 0, 0, 1, 2, 2][rng.random_range(0..8)];
        let mut of_first = StdRng::from_rng(&mut rng);
        let world = World::random(&mut of_first, ground);
        let chaos = of_first.random_range(10..500);
        let first = Job::begin(seed, world, of_first, chaos);
        Self {
            rng,
            seed,
            ground: Rc::clone(ground),
            jobs: vec![first],
            more,
            marks: Marks::default(),
        }
    }

    /// The turn of any of the jobs; whether one is left that is not over.
    pub(crate) fn turn(&mut self) -> bool {
        let is_left = |job: &usize| !self.jobs[*job].over;
        let left = (0..self.jobs.len()).filter(is_left).count();
        if left == 0 {
            return false;
        }
        let choice = match left {
            1 => 0,
            _ => self.rng.random_range(0..left),
        };
        let job = (0..self.jobs.len()).filter(is_left).nth(choice);
        let job = job.expect("one of those that are left");
        match self.jobs[job].turn() {
            Turn::Went => {
                self.check(job);
                if self.more > 0 && self.rng.random_bool(0.02) {
                    self.somebody_starts_another();
                }
                if self.more > 0 && self.jobs[job].has_prepared_first_output() {
                    self.jobs[job].may_die_young(&mut self.rng);
                }
            }
            Turn::Died => {
                let likely = if self.jobs[job].is_without_snapshots() {
                    0.8
                } else {
                    0.3
                };
                if self.more > 0 && self.rng.random_bool(likely) {
                    self.go_on_from_newest();
                }
                if !self.jobs[job].over {
                    self.jobs[job].start_again();
                    self.check(job);
                }
            }
            Turn::Over if self.more > 0 && self.rng.random_bool(0.5) => {
                self.somebody_starts_another();
            }
            Turn::Over => {}
        }
        true
    }

    fn somebody_starts_another(&mut self) {
        if self.rng.random_bool(0.5) {
            self.fork();
        } else {
            self.go_on_from_newest();
        }
    }

    /// What all have come by.
    pub(crate) fn end(mut self) -> Marks {
        let mut marks = std::mem::take(&mut self.marks);
        for world in self.jobs.iter().map(Job::world) {
            marks.add(&world.marks);
            if self.has_two_branches(world) {
                marks.hit("branch: both have committed behind the fork");
            }
        }
        marks
    }

    /// Whether both this fork and the job that it was started from have gone on behind that.
    fn has_two_branches(&self, fork: &World) -> bool {
        let last = fork.lineage.ancestors.last();
        let Some((other, records)) = fork
            .began_at
            .filter(|_| last.is_some_and(|last| !last.owned))
        else {
            return false;
        };
        let ground = self.ground.borrow();
        let went_on = |job: usize| ground.committed[job].iter().any(|all| all & !records != 0);
        went_on(fork.job) && went_on(other)
    }

    /// After a step of one job that has changed something: the promises to all others, and that to those who go on from the
    /// newest snapshot of the name.
    fn check(&mut self, job: usize) {
        let process = self.jobs[job].process_mut();
        if let Some((owner, path)) = process.deleted.take() {
            self.marks.hit("branch: what was claimed is deleted");
            self.delete(owner, &path);
        }
        let process = self.jobs[job].process_mut();
        if !std::mem::take(&mut process.world.changed) {
            return;
        }
        for other in self.jobs.iter().filter(|_| self.jobs.len() > 1) {
            other.world().check();
        }
        let worlds = self.jobs.iter().map(Job::world);
        if let Some((world, top)) = newest(worlds)
            && let Some(stored) = world.stored(top)
            && !world.unprotected
            && !world.was_given_up(top)
        {
            world.assert_covered(&stored.outputs, stored.position, "the newest of the name");
        }
    }

    fn delete(&mut self, owner: usize, path: &str) {
        let world = &mut self.jobs[owner].process_mut().world;
        match place(path) {
            ("c", number) => drop(world.checkpoints.remove(&number)),
            (_, number) => {
                world.savepoints.remove(&number);
                world.reported.remove(&number);
            }
        }
    }

    /// Somebody starts a job from a savepoint that he was told of, beside its job or behind it.
    fn fork(&mut self) {
        let worlds = self.jobs.iter().map(Job::world);
        let all: Vec<(usize, CheckpointId)> = worlds
            .flat_map(|world| world.reported.iter().map(|number| (world.job, *number)))
            .collect();
        if all.is_empty() {
            return;
        }
        let (job, number) = all[self.rng.random_range(0..all.len())];
        let stored = self.jobs[job].world().savepoints[&number].clone();
        let path = format!("/s/{number}");
        let is_over = self.jobs[job].over;
        self.marks.hit(match (is_over, stored.last) {
            (false, _) => "branch: a fork from a savepoint on the way, beside its job",
            (true, false) => "branch: a fork from a savepoint on the way, behind its job's end",
            (true, true) => "branch: a fork from the savepoint of a stop",
        });
        let start = Start {
            job,
            number,
            path,
            stored,
        };
        let claim = self.claim(&start, is_over);
        self.start(start, claim, false);
    }

    /// A snapshot is claimed by one job, for which no other goes on from it, and not from a job that lives.
    fn claim(&mut self, start: &Start, may_claim: bool) -> ClaimMode {
        let modes = [ClaimMode::NoClaim, ClaimMode::Legacy, ClaimMode::Claim];
        let claim = modes[self.rng.random_range(0..3)];
        let mut worlds = self.jobs.iter().map(Job::world);
        let of = (start.job, start.path.clone());
        let is_used = worlds.any(|world| {
            let foreign = world.foreign.as_ref();
            foreign.is_some_and(|foreign| foreign.of.as_ref() == Some(&of))
        });
        if claim != ClaimMode::Claim {
            return claim;
        }
        if is_used || !may_claim {
            return ClaimMode::NoClaim;
        }
        if let ("s", number) = place(&start.path) {
            // It is not the user's any more.
            let world = &mut self.jobs[start.job].process_mut().world;
            world.reported.remove(&number);
        }
        claim
    }

    /// Somebody starts a job from the newest snapshot of the name.
    fn go_on_from_newest(&mut self) {
        let worlds = self.jobs.iter().map(Job::world);
        let Some((world, top)) = newest(worlds) else {
            return;
        };
        let job = world.job;
        let Some(stored) = world.stored(top).cloned() else {
            self.marks.hit("branch: refused, the newest was deleted");
            return;
        };
        if world.was_given_up(top) {
            self.marks
                .hit("branch: refused, a savepoint that was given up has lost its output");
            return;
        }
        if self.runs_beside(job, top) {
            self.marks.hit("branch: refused, another one runs");
            return;
        }
        let path = match top.rank {
            Rank::Checkpoint => format!("/c/{}", top.number),
            _ => format!("/s/{}", top.number),
        };
        let is_claimed = self.jobs.iter().any(|other| {
            let foreign = other.world().foreign.as_ref();
            foreign.is_some_and(|foreign| {
                foreign.claim == ClaimMode::Claim && foreign.of == Some((job, path.clone()))
            })
        });
        if is_claimed {
            // That job may delete it at any time.
            return;
        }
        self.marks.hit(match top.rank {
            Rank::Checkpoint => "branch: the newest is a checkpoint",
            _ => "branch: the newest is a savepoint",
        });
        for other in self.jobs.iter_mut().filter(|other| !other.over) {
            let last = other.world().lineage.ancestors.last().copied();
            let needs = last.is_some_and(|last| last.owned && last.job == id_of(job));
            if other.world().job == job || needs {
                // The new job holds the lock that this one needs.
                other.process_mut().world.abandoned = true;
                other.over = true;
            }
        }
        let start = Start {
            job,
            number: top.number,
            path,
            stored,
        };
        let claim = self.claim(&start, true);
        self.start(start, claim, true);
    }

    /// Whether the job of the newest snapshot runs, or another branch beside it.
    fn runs_beside(&self, job: usize, top: Top) -> bool {
        let newest = Point {
            job: id_of(job),
            number: top.number,
            lineage: &self.jobs[job].world().lineage,
        };
        self.jobs
            .iter()
            .filter(|other| other.is_alive())
            .any(|other| {
                let world = other.world();
                let beginning = Point {
                    job: id_of(world.job),
                    number: 0,
                    lineage: &world.lineage,
                };
                let relation = newest.relation(&beginning);
                world.job == job || matches!(relation, Relation::Sibling | Relation::Ancestor)
            })
    }

    fn start(&mut self, start: Start, claim: ClaimMode, owned: bool) {
        self.more -= 1;
        let job = self.jobs.len();
        let before = self.jobs[start.job].world();
        let Start { number, stored, .. } = &start;
        // Above all that can be seen.
        let generation = self.jobs.len() as u64 + 1;
        let lineage = before.lineage.behind(id_of(start.job), *number, generation);
        let lineage = if owned { lineage.owned() } else { lineage };
        let run = match owned {
            true => stored.run.max(before.kin.author.run),
            false => stored.run,
        };
        let records = first(stored.position);
        self.ground.borrow_mut().begin(records, &stored.outputs);
        let (settings, input) = (before.settings.clone(), before.input);
        let mut world = World::new(job, lineage, settings, input, &self.ground);
        world.began_at = Some((start.job, records));
        world.set_run(run, None);
        world.highest_number = *number;
        world.foreign = Some(Foreign {
            number: *number,
            claim,
            stored: start.stored,
            of: Some((start.job, start.path)),
        });
        let mut rng = StdRng::from_rng(&mut self.rng);
        let chaos = rng.random_range(10..140);
        self.jobs.push(Job::begin(self.seed, world, rng, chaos));
        self.check(job);
    }
}
