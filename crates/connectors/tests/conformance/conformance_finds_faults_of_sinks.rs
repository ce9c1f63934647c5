//! The conformance suite finds sinks that break a promise, each by the check of that promise.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::faulty_sink_support::{Fault, Memory};
use millstream_connectors::conformance::SinkSuite;

/// Each fault with what the check says that is to find it.
const FAULTS: &[(Fault, &str)] = &[
    (
        Fault::ShowsWhatIsPrepared,
        "nothing is visible before it is committed",
    ),
    (
        Fault::CommitsWhatNoSnapshotNames,
        "what no snapshot names is never visible",
    ),
    (
        Fault::MovesPendingWritesIntoTheOldEpoch,
        "what is written after the first call of prepare belongs to the next snapshot",
    ),
    (
        Fault::PreparesEmptyEpochs,
        "an epoch without records prepares nothing",
    ),
    (
        Fault::GivesUpWhatEarlierCheckpointsPrepared,
        "a snapshot commits what an earlier one was given up with",
    ),
    (
        Fault::AnswersFewerCommits,
        "commit answers one outcome for each output",
    ),
    (
        Fault::AnswersFewerRecoveries,
        "recover answers one outcome for each output",
    ),
    (
        Fault::ShowsTwiceWhatIsCommittedTwice,
        "a second commit changes nothing and says so",
    ),
    (
        Fault::ShowsTwiceWhatIsRecoveredTwice,
        "prepared output is committed by the next process",
    ),
    (
        Fault::LosesWhatWasCancelled,
        "a commit that was cancelled is completed by the next recovery",
    ),
    (
        Fault::CallsLostOutputCommitted,
        "output that is gone is reported lost",
    ),
    (
        Fault::LosesWhatIsKept,
        "what is kept is committed by whoever goes on",
    ),
    (
        Fault::LosesWhatMayBeKept,
        "everything is kept where it can't be told what is",
    ),
    (
        Fault::TakesAForkForTheHeir,
        "a fork leaves what the other branch has prepared",
    ),
    (
        Fault::RemovesWhatAForkPrepared,
        "the other branch leaves what a fork has prepared",
    ),
    (
        Fault::EndsTheForkToo,
        "the other branch leaves what a fork has prepared",
    ),
    (
        Fault::LeavesWhatIsCommitted,
        "nothing is left behind after the last commit",
    ),
    (
        Fault::LeavesWhatWasNotPrepared,
        "nothing is left behind after a restore under another job id",
    ),
    (
        Fault::LeavesWhatNobodyKeeps,
        "nothing is left behind after the end of a job of which nothing is kept",
    ),
    (
        Fault::LeavesWhatItPrepared,
        "nothing is left behind once the next run has begun",
    ),
    (
        Fault::LeavesWhatItsPredecessorPrepared,
        "nothing is left behind once a job goes on from a snapshot",
    ),
];

/// What the suite says of a sink with this fault; `None`: that it keeps every promise.
fn found(fault: Option<Fault>) -> Option<String> {
    let target = || Memory::with(fault);
    let run = || SinkSuite::new(&target).run();
    let panic = catch_unwind(AssertUnwindSafe(run)).err()?;
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    Some(text.unwrap_or("something without words").to_owned())
}

#[test]
fn a_sink_without_a_fault_keeps_every_promise() {
    assert_eq!(found(None), None);
}

#[test]
fn every_fault_of_a_sink_is_found_by_the_check_of_its_promise() {
    let mut missed = Vec::new();
    for (fault, promise) in FAULTS {
        let said = found(Some(*fault));
        if said.as_ref().is_none_or(|said| !said.contains(*promise)) {
            missed.push((fault, promise, said));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}
