use millstream_core::MaxParallelism;

use super::*;

fn snapshots(checkpoints: &Path) -> Snapshots {
    let graph = JobGraph {
        name: "job".to_owned(),
        nodes: Vec::new(),
        max_parallelism: MaxParallelism::DEFAULT,
        chaining: true,
    };
    let plan = Arc::new(Plan::of(&graph));
    let job = JobId::from_bytes([1; 16]);
    let checkpoints = Location::from_path(checkpoints).expect("a path");
    let layout = SnapshotLayout::new(checkpoints, job);
    Snapshots::new(job, Arc::new(graph), plan, layout, None)
}

fn begin(snapshots: &mut Snapshots, checkpoint: CheckpointId, kind: &SnapshotKind) {
    let place = snapshots.place(checkpoint, kind, 0).expect("a place");
    let how = (Then::Continue, false);
    let times = (0, Duration::ZERO);
    snapshots.begin(checkpoint, how, times, place, Run::default());
}

#[test]
fn tasks_are_told_of_a_boundary_once_its_directories_are_there() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut snapshots = snapshots(directory.path());
    assert!(!snapshots.is_told(1), "there is no such snapshot");
    begin(&mut snapshots, 1, &SnapshotKind::Checkpoint);
    assert!(!snapshots.is_told(1));
    let checkpoint = SnapshotTarget::create(directory.path().join("chk-1"), SnapshotFormat::Native);
    let targets = Targets {
        checkpoint: checkpoint.expect("it is made"),
        savepoint: None,
        of_stop: false,
    };
    assert!(snapshots.made(1, &targets));
    assert!(snapshots.is_told(1));
    begin(&mut snapshots, 2, &SnapshotKind::FinalCommit);
    assert!(snapshots.is_told(2), "nothing is written for it");
}
