//! From HDFS to HDFS under SIGKILL of the job at random moments, of the NameNode and of the DataNode, through a safe mode, and where the
//! lease of a file is taken from the job that writes it; gone on from the newest checkpoint at another parallelism each time: every
//! record is there exactly once, and nothing is left behind. With checkpoints on a disk, and with checkpoints in HDFS as well.

use std::fs;
use std::path::Path;

use crate::common::hdfs::{add_people, contents, hidden, start_people};
use crate::common::remote::assert_of_people;
use crate::common::rounds::Rounds;
use crate::common::{ONCE, Running, read_and_accounted_for};
use millstream_services::hdfs::Hdfs;

/// Kinds of rounds: nothing befalls the cluster, or one of what [`befall`] has.
const KINDS: u64 = 5;
/// One of each.
const KILLS: u64 = KINDS;
/// The kind of round in which a lease is taken, and what the job is told in it: so it has files open for a second and more.
const OF_A_LEASE: u64 = 4;
const SLOWLY: [&str; 2] = [
    "-Drate.limit.records=5000",
    "-Dexecution.checkpointing.interval=3 s",
];
/// The latest moment of a kill behind the first checkpoint: a few more follow in that time.
const LATEST_KILL_MS: u64 = 1_500;

/// The latest moment of the job's own kill behind a new file.
const LATEST_OWN_KILL_MS: u64 = 800;

/// Where the checkpoints of a job lie.
#[derive(Clone, Copy)]
enum Checkpoints {
    OnDisk,
    InHdfs,
}

fn start(
    (hdfs, checkpoints): (&Hdfs, Checkpoints),
    directory: &Path,
    options: &[&str],
    watch: &str,
) -> Running {
    let places = (&*hdfs.url("/in"), &*hdfs.url("/out"));
    let there = format!("-Dstate.checkpoints.dir={}", hdfs.url("/cp"));
    let options = match checkpoints {
        Checkpoints::OnDisk => options.to_vec(),
        Checkpoints::InHdfs => [&[there.as_str()], options].concat(),
    };
    start_people(hdfs, directory, places, &options, watch)
}

/// What befalls the cluster in a round, while the job runs.
fn befall(hdfs: &mut Hdfs, round: u64, rounds: &mut Rounds) -> &'static str {
    match round % KINDS {
        1 => {
            hdfs.restart_name_node().expect("the NameNode starts again");
            "the NameNode was killed"
        }
        2 => {
            hdfs.kill_data_node();
            rounds.wait_below(1_000);
            hdfs.restart_data_node().expect("the DataNode starts again");
            "the DataNode was killed"
        }
        3 => {
            hdfs.safe_mode(true).expect("is entered");
            rounds.wait_below(1_000);
            hdfs.safe_mode(false).expect("is left");
            "there was a safe mode"
        }
        OF_A_LEASE => {
            hdfs.recover_lease("/out").expect("is taken");
            "a lease was taken"
        }
        _ => "nothing befell the cluster",
    }
}

#[test]
fn no_record_is_lost_or_doubled() {
    rounds_are_survived(Checkpoints::OnDisk);
}

#[test]
fn no_record_is_lost_or_doubled_with_checkpoints_there() {
    let hdfs = rounds_are_survived(Checkpoints::InHdfs);
    // Of each run that was killed the snapshot that the next one has gone on from, and nothing that was only begun.
    let left = hdfs.files("/cp").expect("a listing");
    let begun = left.iter().filter(|path| {
        let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
        directory.contains("/chk-") && !left.contains(&format!("{directory}/_metadata"))
    });
    assert_eq!(begun.count(), 0, "{left:?}");
}

fn rounds_are_survived(checkpoints: Checkpoints) -> Hdfs {
    let mut hdfs = Hdfs::start().expect("HDFS");
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let (input, output) = (directory.join("in"), directory.join("out"));
    fs::create_dir(&input).expect("is made");
    let mut rounds = Rounds::begin(KILLS);
    let (mut next_id, mut at_work) = (0, 0);
    for round in 0..rounds.count {
        next_id = add_people(&hdfs, &input, 2 * round, rounds.seed, next_id);
        let parallelism = rounds.next_parallelism(4).to_string();
        let mut options = vec!["-p", parallelism.as_str()];
        if round > 0 {
            options.extend(["-s", "latest"]);
        }
        if round % KINDS == OF_A_LEASE {
            options.extend(SLOWLY);
        }
        let watch = "--source.watch.type=PROCESS_CONTINUOUSLY";
        let mut running = start((&hdfs, checkpoints), directory, &options, watch);
        running.await_log("Completed checkpoint");
        let waited = rounds.wait_below(LATEST_KILL_MS);
        let befell = befall(&mut hdfs, round, &mut rounds);
        running.await_log("Completed checkpoint");
        next_id = add_people(&hdfs, &input, 2 * round + 1, rounds.seed, next_id);
        let waited = format!("{waited}, then {}", rounds.wait_below(LATEST_OWN_KILL_MS));
        running.kill();
        at_work += usize::from(!hidden(&hdfs, "/out").is_empty());
        println!("round {round}: {befell}, killed {waited}");
    }
    println!("{at_work} of {} kills met hidden files", rounds.count);
    let options = ["-p", "2", "-s", "latest"];
    let said = start((&hdfs, checkpoints), directory, &options, ONCE).end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(read_and_accounted_for(&said.err), next_id);
    assert_of_people(&input, &output, contents(&hdfs, "/out"));
    assert_eq!(hidden(&hdfs, "/out"), Vec::<String>::new(), "left behind");
    hdfs
}
