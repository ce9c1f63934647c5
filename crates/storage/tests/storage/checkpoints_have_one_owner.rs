//! Who works with the checkpoints of a job keeps everybody else from it, until the process ends; the numbers of attempts never
//! repeat.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use millstream_core::{JobId, Lineage};
use millstream_storage::{
    Asking, Location, Locking, Owner, Ownership, check_claim, holder, needed_by, say_ended,
};

const LEASE: Locking = Locking::Lease {
    term: Duration::from_millis(100),
};
/// Tells a process of this test to hold the checkpoints of job 1 in a directory.
const HOLD: &str = "MILLSTREAM_TEST_HOLD";

fn job(number: u8) -> JobId {
    JobId::from_bytes([number; 16])
}

fn owner(name: &str) -> Owner {
    Owner {
        job_name: name.to_owned(),
        lineage: Lineage::fresh(1),
        what: "pid 4711 on host-1".to_owned(),
        since: 1_795_837_931_000,
        is_alone: false,
    }
}

/// Who would go back to a checkpoint, as somebody is told who knows of no job that has ended but these.
fn asking<'a>(
    checkpoints: &'a Location,
    own: Option<u8>,
    has_ended: &'a dyn Fn(JobId) -> bool,
) -> Asking<'a> {
    Asking {
        checkpoints,
        own: own.map(job),
        has_ended,
    }
}

fn place(path: &Path) -> Location {
    Location::from_path(path).expect("a path")
}

#[test]
fn a_second_one_is_refused_and_the_first_is_named() {
    for locking in [Locking::File, LEASE] {
        let temp = tempfile::tempdir().expect("a directory");
        let checkpoints = place(&temp.path().join("not/yet/there"));
        let acquire = || Ownership::acquire_by(locking, &checkpoints, job(1), owner("orders"));
        let first = acquire().expect("free");
        let error = acquire().expect_err("held");
        assert_eq!(error.code(), "MS-3011");
        for part in [
            "job orders",
            "0101",
            "pid 4711 on host-1",
            "2026-11-28T03:52:11Z",
        ] {
            assert!(error.message().contains(part), "{error}");
        }
        let seen = holder(&checkpoints, job(1)).expect("readable");
        assert_eq!(seen.expect("held").job_name, "orders");
        let checkpoint = place(&checkpoints.path().join(job(1).to_string()).join("chk-1"));
        let needed = needed_by(&checkpoint, asking(&checkpoints, None, &|_| true));
        assert!(needed.expect("readable").is_some());
        drop(first);
        assert_eq!(holder(&checkpoints, job(1)).expect("readable"), None);
        acquire().expect("free again");
        assert_eq!(holder(&checkpoints, job(2)).expect("readable"), None);
    }
}

#[test]
fn what_belongs_to_a_job_that_has_not_ended_can_not_be_claimed() {
    let temp = tempfile::tempdir().expect("a directory");
    let checkpoints = place(&temp.path().join("cp"));
    let directory = checkpoints.path().join(job(1).to_string());
    let held = Ownership::acquire(&checkpoints, job(1), owner("orders")).expect("free");
    std::fs::create_dir(directory.join("chk-1")).expect("writable");
    std::fs::write(directory.join("chk-1/_metadata"), "{}").expect("writable");
    std::os::unix::fs::symlink(directory.join("chk-1"), temp.path().join("link"))
        .expect("writable");
    let written = [
        place(&directory.join("chk-1")),
        place(&temp.path().join("link")),
    ];
    let unknown = |_| false;
    let by = |own| asking(&checkpoints, Some(own), &unknown);
    let refused = |what: &str| {
        for checkpoint in &written {
            let error = check_claim(checkpoint, by(2)).expect_err(what);
            assert_eq!(error.code(), "MS-3011");
            for part in ["job orders", "NO_CLAIM"] {
                assert!(error.to_string().contains(part), "{error}");
            }
            check_claim(checkpoint, by(1)).expect("its own");
        }
    };
    refused("it belongs to the first");
    drop(held);
    refused("a server may start it again");
    let known = asking(&checkpoints, Some(2), &|other| other == job(1));
    check_claim(&written[0], known).expect("somebody knows that it has ended");

    let held = Ownership::acquire(&checkpoints, job(1), owner("orders")).expect("free");
    held.end().expect("writable");
    for checkpoint in &written {
        check_claim(checkpoint, by(2)).expect("it has ended");
    }
}

#[test]
fn what_a_job_that_died_without_a_process_to_say_so_has_left_is_free_once_that_is_said() {
    let temp = tempfile::tempdir().expect("a directory");
    let checkpoints = place(temp.path());
    let checkpoint = place(&temp.path().join(job(1).to_string()).join("chk-1"));
    let unknown = |_| false;
    let claim = || check_claim(&checkpoint, asking(&checkpoints, Some(2), &unknown));
    say_ended(&checkpoints, job(1)).expect("nothing is there");
    assert!(!checkpoint.path().parent().expect("a parent").exists());
    let held = Ownership::acquire(&checkpoints, job(1), owner("orders")).expect("free");
    say_ended(&checkpoints, job(1)).expect("it runs");
    claim().expect_err("it runs");
    drop(held);
    claim().expect_err("it may be started again");
    say_ended(&checkpoints, job(1)).expect("writable");
    claim().expect("it has ended");
}

#[test]
fn a_savepoint_that_a_job_was_being_stopped_with_can_not_be_claimed() {
    let temp = tempfile::tempdir().expect("a directory");
    let checkpoints = place(&temp.path().join("cp"));
    let savepoint = temp.path().join("sp/savepoint-a");
    let complete = |directory: &Path, number: u64| {
        std::fs::create_dir_all(directory).expect("writable");
        let snapshot = serde_json::json!({"job_id": job(1), "checkpoint_id": number});
        let list = serde_json::json!({"snapshot": snapshot});
        std::fs::write(directory.join("_metadata"), list.to_string()).expect("writable");
    };
    complete(&savepoint, 5);
    let unknown = |_| false;
    let claim = || check_claim(&place(&savepoint), asking(&checkpoints, Some(2), &unknown));
    claim().expect("nothing is known of its job");
    let held = Ownership::acquire(&checkpoints, job(1), owner("orders")).expect("free");
    let directory = checkpoints.path().join(job(1).to_string());
    complete(&directory.join("chk-4"), 4);
    claim().expect_err("its job runs, and has nothing newer");
    drop(held);
    claim().expect_err("it may be started again");
    complete(&directory.join("chk-5"), 5);
    claim().expect("it would go back to its checkpoint");
}

#[test]
fn who_goes_on_from_a_job_holds_it_too() {
    for locking in [Locking::File, LEASE] {
        let temp = tempfile::tempdir().expect("a directory");
        let checkpoints = place(temp.path());
        let acquire =
            |number| Ownership::acquire_by(locking, &checkpoints, job(number), owner("orders"));
        let mut first = acquire(1).expect("free");
        let runs = [first.next_run(), first.next_run(), first.next_run()];
        assert_eq!(runs.map(|run| run.expect("writable")), [1, 2, 3]);
        drop(first);

        let mut second = acquire(2).expect("free");
        second.hold(job(1)).expect("free");
        second.hold(job(1)).expect("held already");
        assert_eq!(
            second.next_run().expect("writable"),
            4,
            "above its ancestor's"
        );
        let error = acquire(1).expect_err("held by the second");
        assert!(error.message().contains(&job(2).to_string()), "{error}");
        let mut third = acquire(3).expect("a branch of its own");
        third.hold(job(1)).expect_err("held by the second");
        third.go_on_above(30);
        assert_eq!(third.next_run().expect("writable"), 31);
        drop(second);
        let mut again = acquire(2).expect("free");
        assert_eq!(again.next_run().expect("writable"), 5);
    }
}

#[test]
fn a_directory_goes_with_the_ownership_if_nothing_else_is_in_it() {
    let temp = tempfile::tempdir().expect("a directory");
    let checkpoints = place(temp.path());
    let directory = |number| temp.path().join(job(number).to_string());
    let acquire = |number| Ownership::acquire(&checkpoints, job(number), owner("orders"));
    let mut both = acquire(1).expect("free");
    both.hold(job(2)).expect("free");
    both.next_run().expect("writable");
    std::fs::create_dir_all(directory(1).join("shared")).expect("writable");
    std::fs::create_dir_all(directory(2).join("chk-1")).expect("writable");
    std::fs::write(directory(2).join("chk-1/_metadata"), "{}").expect("writable");
    both.end().expect("writable");
    assert!(!directory(1).exists());
    assert!(directory(2).join("chk-1/_metadata").exists());
    acquire(2).expect("free");
}

/// A process that holds the checkpoints of job 1, and has said so.
fn holding(directory: &Path) -> Child {
    let this = std::env::current_exe().expect("this test");
    let mut child = Command::new(this)
        .args([
            "--exact",
            "checkpoints_have_one_owner::holds_until_it_is_killed",
            "--nocapture",
        ])
        .env(HOLD, directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let out = BufReader::new(child.stdout.take().expect("piped"));
    let mut lines = out.lines().map_while(Result::ok);
    lines
        .find(|line| line.contains("holding"))
        .expect("it holds");
    child
}

/// Does so in a process that [`holding`] starts, and nothing anywhere else.
#[test]
fn holds_until_it_is_killed() {
    let Some(directory) = std::env::var_os(HOLD) else {
        return;
    };
    let mut held =
        Ownership::acquire(&place(Path::new(&directory)), job(1), owner("orders")).expect("free");
    held.next_run().expect("writable");
    println!("holding");
    std::io::stdout().flush().expect("piped");
    // Ends with the test that started it, if it is not killed before.
    let mut nothing = String::new();
    std::io::stdin().read_line(&mut nothing).expect("piped");
}

#[test]
fn a_process_that_is_killed_holds_nothing() {
    let temp = tempfile::tempdir().expect("a directory");
    let acquire = || Ownership::acquire(&place(temp.path()), job(1), owner("later"));
    let mut child = holding(temp.path());
    let error = acquire().expect_err("held by the process");
    assert!(error.message().contains("job orders"), "{error}");
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    let mut next = acquire().expect("free with its end");
    assert_eq!(next.next_run().expect("writable"), 2);
}
