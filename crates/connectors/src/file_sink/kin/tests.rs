use millstream_core::lineage::Author;
use millstream_core::{Ancestor, CheckpointId, JobId, Lineage};
use millstream_engine::connector::Committable;

use super::super::names::Writer;
use super::*;

const A: JobId = JobId::from_bytes([0xa; 16]);
const B: JobId = JobId::from_bytes([0xb; 16]);
const C: JobId = JobId::from_bytes([0xc; 16]);
const WRITER: Writer = Writer {
    subtask: 0,
    slot: 0,
};

fn lineage(of: &[(JobId, CheckpointId, bool)]) -> Lineage {
    let ancestors = of.iter().map(|(job, left_at, owned)| Ancestor {
        job: *job,
        left_at: *left_at,
        owned: *owned,
    });
    Lineage {
        generation: 1,
        ancestors: ancestors.collect(),
    }
}

fn removes(
    kin: &Kin,
    origin: JobId,
    job: JobId,
    run: u64,
    stage: Stage,
    state: WriterState,
) -> bool {
    let author = Author { origin, job, run };
    let mut writers = Writers::default();
    writers.add(author, WRITER, state);
    may_remove(
        kin,
        When::Recovered,
        "",
        &Hidden { author, stage },
        &writers,
    )
}

const IN_PROGRESS: Stage = Stage::InProgress(WRITER);

#[test]
fn earlier_runs_of_the_job_are_cleaned_up_after_and_later_ones_are_not() {
    let kin = Kin::new(A, 5, &lineage(&[]), []);
    for (run, expected) in [(0, true), (4, true), (5, false), (6, false)] {
        for stage in [IN_PROGRESS, Stage::Prepared(1), Stage::Prepared(99)] {
            assert_eq!(
                removes(&kin, A, A, run, stage, WriterState::Unknown),
                expected
            );
            assert!(!removes(&kin, A, A, run, stage, WriterState::Alive));
        }
    }
}

#[test]
fn a_predecessor_under_our_lock_is_cleaned_up_after_behind_the_snapshot_where_it_was_left() {
    let kin = Kin::new(C, 9, &lineage(&[(A, 7, true)]), []);
    let unknown = WriterState::Unknown;
    assert!(removes(&kin, A, A, 3, IN_PROGRESS, unknown));
    assert!(removes(&kin, A, A, 3, Stage::Prepared(8), unknown));
    for checkpoint in [1, 7] {
        assert!(!removes(
            &kin,
            A,
            A,
            3,
            Stage::Prepared(checkpoint),
            unknown
        ));
    }
    // What its run says is newer is not from before.
    assert!(!removes(&kin, A, A, 9, Stage::Prepared(8), unknown));
}

#[test]
fn those_that_went_on_from_there_too_and_died_are_cleaned_up_after() {
    let kin = Kin::new(C, 9, &lineage(&[(A, 7, true)]), []);
    let unknown = WriterState::Unknown;
    for stage in [IN_PROGRESS, Stage::Prepared(8)] {
        assert!(removes(&kin, A, B, 12, stage, unknown));
        assert!(!removes(&kin, A, B, 12, stage, WriterState::Alive));
        // B began by itself, or as a fork.
        assert!(!removes(&kin, B, B, 1, stage, unknown));
    }
}

#[test]
fn a_fork_removes_nothing_that_the_other_branch_has_prepared() {
    let kin = Kin::new(C, 9, &lineage(&[(A, 7, false)]), []);
    for state in [
        WriterState::Unknown,
        WriterState::Gone,
        WriterState::GoneElsewhere,
    ] {
        for checkpoint in [1, 7, 8] {
            assert!(!removes(&kin, A, A, 3, Stage::Prepared(checkpoint), state));
        }
    }
    assert!(!removes(&kin, A, A, 3, IN_PROGRESS, WriterState::Unknown));
    assert!(removes(
        &kin,
        A,
        A,
        3,
        IN_PROGRESS,
        WriterState::GoneElsewhere
    ));
}

#[test]
fn a_job_with_snapshots_of_its_own_is_done_with_its_predecessor() {
    let lineage = lineage(&[(A, 7, true)]);
    let unknown = WriterState::Unknown;
    let first = Kin::new(C, 9, &lineage, [A]);
    assert!(removes(&first, A, A, 3, Stage::Prepared(8), unknown));
    let later = Kin::new(C, 9, &lineage, [C]);
    assert!(!removes(&later, A, A, 3, Stage::Prepared(8), unknown));
    assert_eq!((first.author.origin, later.author.origin), (A, A));
}

#[test]
fn of_strangers_only_files_in_progress_go_whose_lock_was_taken_here_and_is_free() {
    let kin = Kin::new(C, 9, &lineage(&[]), []);
    for (state, expected) in [
        (WriterState::Alive, false),
        (WriterState::Gone, true),
        (WriterState::GoneElsewhere, false),
        (WriterState::Unknown, false),
    ] {
        for stage in [IN_PROGRESS, Stage::Lock(WRITER)] {
            assert_eq!(removes(&kin, B, B, 3, stage, state), expected, "{state:?}");
        }
        assert!(!removes(&kin, B, B, 3, Stage::Prepared(1), state));
    }
}

#[test]
fn a_job_that_has_ended_removes_what_it_has_left_and_nobody_may_ask_for() {
    // It went on from A under its lock, and has a snapshot of its own or not.
    let kin = Kin::new(B, 5, &lineage(&[(A, 7, true)]), []);
    let of = |hidden: &str| Committable {
        name: "the output".to_owned(),
        value: serde_json::json!({"version": 2, "hidden": hidden}),
    };
    let kept = KeptOutput::of(&Kept::Only(vec![of("kept")])).expect("it is told");
    let (alive, gone, unknown) = (WriterState::Alive, WriterState::Gone, WriterState::Unknown);
    let prepared = Stage::Prepared(9);
    let cases = [
        (B, 5, prepared, unknown, "left", true),
        (B, 4, prepared, unknown, "left", true),
        (B, 5, prepared, gone, "kept", false),
        (B, 5, IN_PROGRESS, unknown, "left", true),
        (
            B,
            5,
            Stage::Lock(WRITER),
            WriterState::GoneElsewhere,
            "left",
            true,
        ),
        (B, 5, IN_PROGRESS, alive, "left", false),
        (B, 6, prepared, unknown, "left", false),
        (A, 3, prepared, unknown, "left", false),
        (A, 3, IN_PROGRESS, gone, "left", false),
        (C, 1, prepared, gone, "left", false),
    ];
    for (job, run, stage, state, name, expected) in cases {
        let author = Author {
            origin: A,
            job,
            run,
        };
        let mut writers = Writers::default();
        writers.add(author, WRITER, state);
        let hidden = Hidden { author, stage };
        let may = may_remove(&kin, When::Ended(&kept), name, &hidden, &writers);
        assert_eq!(may, expected, "{name}: {stage:?} of run {run} of {job}");
    }
}

#[test]
fn nothing_is_known_to_be_left_where_what_is_kept_is_not() {
    assert!(KeptOutput::of(&Kept::All).is_none());
}

#[test]
fn what_a_job_has_begun_is_cleaned_up_after_over_any_number_of_jobs_that_took_its_place() {
    let unknown = WriterState::Unknown;
    for (first_is_owned, expected) in [(true, true), (false, false)] {
        // Also where this job has snapshots of its own by now.
        for restored in [B, C] {
            let ancestors = lineage(&[(A, 7, first_is_owned), (B, 9, true)]);
            let kin = Kin::new(C, 12, &ancestors, [restored]);
            assert_eq!(removes(&kin, A, A, 3, IN_PROGRESS, unknown), expected);
            assert!(!removes(&kin, A, A, 3, IN_PROGRESS, WriterState::Alive));
            // It may have been named by a snapshot.
            assert!(!removes(&kin, A, A, 3, Stage::Prepared(8), unknown));
        }
    }
}
