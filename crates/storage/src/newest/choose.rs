//! Which of the snapshots of a name is the newest: a decision about what was found, without a look at a disk or a clock.

use std::collections::BTreeMap;

use millstream_core::lineage::{GoneOn, Point, Relation};
use millstream_core::{CheckpointId, Error, JobId, Lineage};

use super::Newest;
use super::gather::{Candidate, Found, Unreadable, What};
use crate::location::Location;

/// What is to be gone on from.
#[derive(Debug)]
pub(super) enum Choice {
    /// There is nothing.
    Nothing,
    /// This one, unless one of these jobs runs: they are other branches.
    Newest(Newest, Vec<JobId>),
    /// The newest was deleted when its job ended with this status.
    Deleted { status: String, location: Location },
    /// Output is committed up to this snapshot of a job, which is not there.
    Missing {
        job: JobId,
        number: CheckpointId,
        location: Location,
    },
    /// It can't be told, because what may be the newest can't be read.
    Unreadable(Error),
}

/// Takes the newest by ancestry, then by generation, then by time of day.
pub(super) fn choose(found: Found) -> Choice {
    let Found {
        candidates,
        unreadable,
        jobs,
    } = found;
    let tops = tops(counting(candidates));
    let gone_on = GoneOn::of(tops.values().map(|top| &top.lineage));
    if let Some(unknown) = unreadable
        .into_iter()
        .find(|unreadable| may_be_newest(unreadable, &tops, &gone_on))
    {
        return Choice::Unreadable(unknown.error);
    }
    // Nobody has gone on from these.
    let heads: Vec<&Candidate> = tops
        .values()
        .filter(|top| !gone_on.is_behind(top.job, top.number))
        .collect();
    let order = |candidate: &&Candidate| {
        let generation = candidate.lineage.generation;
        (generation, candidate.created, candidate.location.clone())
    };
    let Some(best) = heads.iter().copied().max_by_key(order) else {
        return Choice::Nothing;
    };
    if let What::Deleted { status } = &best.what {
        return Choice::Deleted {
            status: status.clone(),
            location: best.location.clone(),
        };
    }
    if best.what == What::Reached {
        return Choice::Missing {
            job: best.job,
            number: best.number.unwrap_or_default(),
            location: best.location.clone(),
        };
    }
    let others: Vec<&Candidate> = heads.into_iter().filter(|head| *head != best).collect();
    let mut siblings: Vec<JobId> = jobs
        .iter()
        .filter(|(job, lineage)| is_branch(best, *job, lineage))
        .map(|(job, _)| *job)
        .collect();
    siblings.extend(
        others
            .iter()
            .filter(|other| are_siblings(best, other))
            .map(|other| other.job),
    );
    siblings.sort();
    siblings.dedup();
    let newest = Newest {
        location: best.location.clone(),
        job: best.job,
        number: best.number.unwrap_or_default(),
        lineage: best.lineage.clone(),
        warnings: others
            .iter()
            .filter_map(|other| warning(best, other))
            .collect(),
    };
    Choice::Newest(newest, siblings)
}

/// The last of what is known to be committed behind a point of a lineage, for people.
pub(super) fn last_behind(found: Found, from: &Point<'_>) -> Option<String> {
    let tops = tops(counting(found.candidates)).into_values();
    let behind = tops.filter(|top| from.is_ancestor_of(&point(top)));
    let last = behind.max_by_key(|top| (top.lineage.generation, top.created, top.job))?;
    let (job, location) = (last.job, &last.location);
    Some(match (last.what, last.number) {
        (What::Deleted { status }, _) => format!("the end of job {job} ({status})"),
        (What::Reached, Some(number)) => {
            format!("snapshot {number} of job {job}, which is not there")
        }
        _ => location.to_string(),
    })
}

/// A savepoint at which nothing was committed counts only where there is nothing else: its job may have failed since, and
/// written anew from an earlier point.
fn counting(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    let reached = reached(&candidates);
    for candidate in &mut candidates {
        let is_beyond = reached.get(&candidate.job) < Some(&candidate.number.unwrap_or_default());
        if is_savepoint(candidate) && candidate.is_open && is_beyond {
            candidate.what = What::OnTheWay;
        }
    }
    let is_point = |candidate: &Candidate| candidate.what != What::OnTheWay;
    let has_points = candidates.iter().any(is_point);
    let counting = candidates
        .into_iter()
        .filter(|candidate| is_point(candidate) || !has_points);
    counting.collect()
}

/// Up to which number the output of each job is known to be committed. A savepoint beyond that may have been given up, and its
/// output with it, where nobody could delete it.
fn reached(candidates: &[Candidate]) -> BTreeMap<JobId, CheckpointId> {
    let mut reached = BTreeMap::new();
    for candidate in candidates {
        let is_known = !is_savepoint(candidate) && candidate.what != What::OnTheWay;
        if is_known || !candidate.is_open {
            let highest: &mut CheckpointId = reached.entry(candidate.job).or_default();
            *highest = (*highest).max(candidate.number.unwrap_or(CheckpointId::MAX));
        }
    }
    reached
}

fn is_savepoint(candidate: &Candidate) -> bool {
    matches!(candidate.what, What::Savepoint | What::Last)
}

/// Gives what is noted as reached the attempt of the snapshot that it tells of. Where that is missing, that of the last one
/// there is, so that the numbers decide.
fn with_attempts(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    let written: Vec<(JobId, Option<CheckpointId>, u64)> = candidates
        .iter()
        .filter(|other| other.what != What::Reached)
        .map(|other| (other.job, other.number, other.run))
        .collect();
    for reached in candidates
        .iter_mut()
        .filter(|candidate| candidate.what == What::Reached)
    {
        let of_job = written.iter().filter(|(job, ..)| *job == reached.job);
        let its_own = of_job
            .clone()
            .filter(|(_, number, _)| *number == reached.number);
        let run = its_own.map(|(.., run)| *run).max();
        let last = of_job.map(|(.., run)| *run).max();
        reached.run = run.or(last).unwrap_or_default();
    }
    candidates
}

/// The last point of each job. A number may come again after the death of a process, where a savepoint of that number was given
/// up and could not be deleted; that of an attempt never does.
fn tops(candidates: Vec<Candidate>) -> BTreeMap<JobId, Candidate> {
    let mut tops: BTreeMap<JobId, Candidate> = BTreeMap::new();
    let candidates = with_attempts(candidates);
    let order = |candidate: &Candidate| {
        let number = candidate.number.unwrap_or(CheckpointId::MAX);
        let (what, location) = (candidate.what.clone(), candidate.location.clone());
        (candidate.run, number, what, location)
    };
    for candidate in candidates {
        let is_later = tops
            .get(&candidate.job)
            .is_none_or(|top| order(top) < order(&candidate));
        if is_later {
            tops.insert(candidate.job, candidate);
        }
    }
    tops
}

/// Whether what can't be read may lie ahead of everything that can.
fn may_be_newest(
    unreadable: &Unreadable,
    tops: &BTreeMap<JobId, Candidate>,
    gone_on: &GoneOn,
) -> bool {
    let (Some(job), Some(number)) = (unreadable.job, unreadable.number) else {
        return true;
    };
    let top = tops
        .get(&job)
        .map(|top| top.number.unwrap_or(CheckpointId::MAX));
    let is_older = top.is_some_and(|top| number < top);
    !is_older && !gone_on.is_behind(job, Some(number))
}

fn point(candidate: &Candidate) -> Point<'_> {
    Point {
        job: candidate.job,
        number: candidate.number.unwrap_or(CheckpointId::MAX),
        lineage: &candidate.lineage,
    }
}

fn are_siblings(best: &Candidate, other: &Candidate) -> bool {
    point(best).relation(&point(other)) == Relation::Sibling
}

/// Whether a job that has run, and may have no snapshot yet, comes from where the best one comes from, or from behind.
fn is_branch(best: &Candidate, job: JobId, lineage: &Lineage) -> bool {
    // Before its first snapshot it stands at its beginning.
    let beginning = Point {
        job,
        number: 0,
        lineage,
    };
    let relation = point(best).relation(&beginning);
    job != best.job
        && (relation == Relation::Sibling
            // It goes on from the best one itself, without its lock: from -s PATH.
            || relation == Relation::Ancestor)
}

/// What is to be said of a second branch.
fn warning(best: &Candidate, other: &Candidate) -> Option<String> {
    let (job, location) = (other.job, &other.location);
    let by_time = best.lineage.generation == other.lineage.generation;
    if are_siblings(best, other) && !by_time {
        return Some(format!(
            "The job has two branches: {} is of generation {} and is gone on from, {location} of job {job} is of generation {}.",
            best.location, best.lineage.generation, other.lineage.generation
        ));
    }
    by_time.then(|| {
        format!(
            "{} is taken for newer than {location} of job {job} by the time of day alone: nothing else tells which of them came first.",
            best.location
        )
    })
}

#[cfg(test)]
mod tests;
