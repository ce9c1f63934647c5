use millstream_core::{Configuration, TriggerId};

use super::*;

fn settings(interval: Option<u64>, min_pause: u64, tolerable_failures: u32) -> CheckpointSettings {
    let defaults = CheckpointSettings::from_configuration(&Configuration::new());
    CheckpointSettings {
        interval: interval.map(Duration::from_millis),
        min_pause: Duration::from_millis(min_pause),
        timeout: Duration::from_millis(500),
        tolerable_failures,
        ..defaults.expect("defaults are valid")
    }
}

fn coordinator(interval: Option<u64>, min_pause: u64) -> Checkpoints {
    let mut checkpoints = Checkpoints::new(settings(interval, min_pause, 1), 1);
    checkpoints.arm(Millis(0));
    checkpoints
}

fn tasks() -> BTreeSet<TaskId> {
    (0..2)
        .map(|subtask| TaskId { vertex: 0, subtask })
        .collect()
}

fn savepoint() -> Wanted {
    let kind = SnapshotKind::Savepoint {
        directory: None,
        format: Default::default(),
    };
    let operation = Some(TriggerId::from_bytes([1; 16]));
    Wanted {
        kind,
        then: Then::Continue,
        operation,
    }
}

/// Begins what is due and has every task acknowledge it. Answers its number.
fn begin(checkpoints: &mut Checkpoints, now: u64) -> CheckpointId {
    let wanted = checkpoints
        .take_next(Millis(now), false, false)
        .expect("one is due");
    checkpoints
        .begin(Millis(now), 1, wanted, tasks())
        .checkpoint
}

fn acknowledge_all(checkpoints: &mut Checkpoints, checkpoint: CheckpointId) {
    for task in tasks() {
        checkpoints.acknowledge(1, checkpoint, task);
    }
}

#[test]
fn a_checkpoint_is_due_each_interval_and_never_two_at_once() {
    let mut checkpoints = coordinator(Some(100), 0);
    assert_eq!(checkpoints.take_next(Millis(99), false, false), None);
    assert_eq!(checkpoints.deadline(true, false), Some(Millis(100)));
    let first = begin(&mut checkpoints, 100);
    assert_eq!(
        checkpoints.take_next(Millis(250), false, false),
        None,
        "one runs"
    );
    acknowledge_all(&mut checkpoints, first);
    checkpoints.complete(Millis(260), "/c/1");
    assert_eq!(
        begin(&mut checkpoints, 260),
        2,
        "the interval has passed meanwhile"
    );
}

#[test]
fn the_min_pause_counts_from_the_end_of_the_last_snapshot() {
    let mut checkpoints = coordinator(Some(100), 80);
    begin(&mut checkpoints, 100);
    checkpoints.complete(Millis(190), "/c/1");
    assert_eq!(checkpoints.take_next(Millis(269), false, false), None);
    assert_eq!(checkpoints.deadline(true, false), Some(Millis(270)));
    assert!(checkpoints.take_next(Millis(270), false, false).is_some());
}

#[test]
fn a_request_rides_behind_the_running_checkpoint_and_heeds_no_pause() {
    let mut checkpoints = coordinator(Some(100), 1_000);
    begin(&mut checkpoints, 100);
    checkpoints.enqueue(Millis(110), savepoint());
    assert_eq!(checkpoints.take_next(Millis(120), false, false), None);
    checkpoints.complete(Millis(130), "/c/1");
    assert_eq!(
        checkpoints.take_next(Millis(130), false, false),
        Some(savepoint())
    );
}

#[test]
fn a_request_that_waits_too_long_is_handed_back() {
    let mut checkpoints = coordinator(None, 0);
    checkpoints.enqueue(Millis(0), savepoint());
    assert_eq!(checkpoints.deadline(false, false), Some(Millis(1_000)));
    assert_eq!(checkpoints.take_overdue(Millis(999)), []);
    assert_eq!(checkpoints.take_overdue(Millis(1_000)), [savepoint()]);
}

#[test]
fn a_checkpoint_is_complete_when_every_task_has_acknowledged() {
    let mut checkpoints = coordinator(Some(100), 0);
    let number = begin(&mut checkpoints, 100);
    let (first, second) = (
        TaskId {
            vertex: 0,
            subtask: 0,
        },
        TaskId {
            vertex: 0,
            subtask: 1,
        },
    );
    assert_eq!(
        checkpoints.acknowledge(1, number, first),
        Acknowledgement::Counted
    );
    assert_eq!(
        checkpoints.acknowledge(1, number, first),
        Acknowledgement::Ignored
    );
    assert_eq!(
        checkpoints.acknowledge(2, number, second),
        Acknowledgement::Ignored
    );
    assert_eq!(
        checkpoints.acknowledge(1, number, second),
        Acknowledgement::Complete
    );
    assert_eq!(checkpoints.write_ended(number), WriteOf::Running);
}

#[test]
fn a_late_acknowledgement_is_thrown_away_but_never_files_of_a_complete_snapshot() {
    let mut checkpoints = coordinator(Some(100), 0);
    let task = TaskId {
        vertex: 0,
        subtask: 0,
    };
    let aborted = begin(&mut checkpoints, 100);
    checkpoints.abort(Millis(150), "declined");
    assert_eq!(
        checkpoints.acknowledge(1, aborted, task),
        Acknowledgement::TooLate
    );
    let complete = begin(&mut checkpoints, 200);
    acknowledge_all(&mut checkpoints, complete);
    checkpoints.complete(Millis(210), "/c/2");
    assert_eq!(
        checkpoints.acknowledge(1, complete, task),
        Acknowledgement::Ignored
    );
}

#[test]
fn a_write_that_was_given_up_is_still_awaited() {
    let mut checkpoints = coordinator(Some(100), 0);
    let number = begin(&mut checkpoints, 100);
    acknowledge_all(&mut checkpoints, number);
    assert!(!checkpoints.is_overdue(Millis(599)) && checkpoints.is_overdue(Millis(600)));
    checkpoints.abort(Millis(600), "too late");
    assert!(checkpoints.is_writing());
    assert_eq!(checkpoints.write_ended(number), WriteOf::GivenUp);
    assert!(!checkpoints.is_writing());
    assert_eq!(checkpoints.write_ended(number), WriteOf::Nobody);
}

#[test]
fn failures_count_until_a_checkpoint_completes() {
    let mut checkpoints = coordinator(Some(100), 0);
    assert!(!checkpoints.count_failure(), "one is tolerated");
    begin(&mut checkpoints, 100);
    checkpoints.complete(Millis(110), "/c/1");
    assert!(!checkpoints.count_failure(), "counted anew");
    checkpoints.enqueue(Millis(120), savepoint());
    begin(&mut checkpoints, 120);
    checkpoints.complete(Millis(130), "/s/2");
    assert!(
        checkpoints.count_failure(),
        "a savepoint proves nothing about checkpoints"
    );
}

/// Who has acknowledged, whose sinks wait, in which attempt; and what holds the snapshot up.
type HeldUp = (
    &'static [u32],
    &'static [u32],
    Attempt,
    Option<(u32, &'static str)>,
);

#[test]
fn a_snapshot_is_held_up_by_sinks_of_tasks_that_it_waits_for() {
    let of = |subtask| TaskId { vertex: 0, subtask };
    let waiting = |subtasks: &[u32]| -> BTreeMap<TaskId, String> {
        let tasks = subtasks.iter();
        tasks
            .map(|task| (of(*task), format!("door {task}")))
            .collect()
    };
    let table: [HeldUp; 8] = [
        (&[], &[], 1, None),
        (&[], &[1], 1, Some((1, "door 1"))),
        (&[], &[0, 1], 1, Some((0, "door 0"))),
        (&[0], &[0, 1], 1, Some((1, "door 1"))),
        // Its part is there: what its sink waits for belongs to the next one.
        (&[1], &[1], 1, None),
        // It is being written, for which no sink is needed.
        (&[0, 1], &[0, 1], 1, None),
        // An earlier attempt, and a task that is not there, say nothing.
        (&[], &[0, 1], 2, None),
        (&[], &[7], 1, None),
    ];
    for (acknowledged, sinks, attempt, expected) in table {
        let mut checkpoints = coordinator(Some(100), 0);
        let number = begin(&mut checkpoints, 100);
        for task in acknowledged {
            checkpoints.acknowledge(1, number, of(*task));
        }
        let sinks = waiting(sinks);
        let running = checkpoints.running().expect("it runs");
        let found = running.held_up_by(attempt, &sinks);
        let expected = expected.map(|(task, why)| (of(task), why));
        assert_eq!(found, expected, "{acknowledged:?}, {sinks:?}, {attempt}");
    }
}

#[test]
fn a_last_snapshot_that_was_held_up_is_tried_again_after_a_pause_too() {
    let mut checkpoints = coordinator(None, 0);
    let last = checkpoints
        .take_next(Millis(1), true, false)
        .expect("the input has ended");
    checkpoints.begin(Millis(1), 1, last, tasks());
    checkpoints.abort(Millis(501), "held up");
    checkpoints.note_held_up();
    assert_eq!(checkpoints.failures(), 0);
    assert_eq!(checkpoints.deadline(true, true), Some(Millis(1_501)));
}

#[test]
fn the_end_of_the_input_wants_one_last_snapshot_at_once() {
    let mut with_checkpoints = coordinator(Some(100_000), 50);
    let last = with_checkpoints
        .take_next(Millis(1), true, false)
        .expect("the input has ended");
    assert_eq!(
        (last.kind, last.then),
        (SnapshotKind::Checkpoint, Then::Drain)
    );
    let mut without = coordinator(None, 0);
    let last = without
        .take_next(Millis(1), true, false)
        .expect("the input has ended");
    assert_eq!(
        (last.kind, last.then),
        (SnapshotKind::FinalCommit, Then::Drain)
    );
}

#[test]
fn a_last_snapshot_that_failed_is_tried_again_after_a_pause() {
    let mut checkpoints = coordinator(None, 0);
    let last = checkpoints
        .take_next(Millis(1), true, false)
        .expect("the input has ended");
    checkpoints.begin(Millis(1), 1, last, tasks());
    checkpoints.abort(Millis(10), "declined");
    checkpoints.count_failure();
    assert_eq!(checkpoints.take_next(Millis(1_009), true, false), None);
    assert_eq!(checkpoints.deadline(true, true), Some(Millis(1_010)));
    assert!(checkpoints.take_next(Millis(1_010), true, false).is_some());
}
