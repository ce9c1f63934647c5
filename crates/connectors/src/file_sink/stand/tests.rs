use super::super::spot::Identity;
use super::*;

/// A directory by its device and its number.
fn spot(device: u64, inode: u64, is_root: Option<bool>) -> Spot {
    Spot {
        identity: Identity { device, inode },
        is_root,
    }
}

#[test]
fn what_stands_at_the_path_is_told_from_what_stood_there() {
    let (root, plain) = (Some(true), Some(false));
    let (disk, below_disk) = (spot(1, 2, root), spot(1, 99, plain));
    for (what, before, there, expected) in [
        ("the same", disk, disk, Stands::Same),
        (
            "what lies below the mount point of a disk",
            disk,
            spot(7, 300, plain),
            Stands::Unmounted,
        ),
        (
            "the same with the same number by chance",
            disk,
            spot(7, 2, plain),
            Stands::Unmounted,
        ),
        (
            "what lies below a bind mount of the same disk",
            disk,
            spot(1, 300, plain),
            Stands::Unmounted,
        ),
        (
            "the same disk with another number, or another one",
            disk,
            spot(8, 2, root),
            Stands::Other,
        ),
        (
            "a disk that was mounted only now",
            spot(7, 300, plain),
            disk,
            Stands::Other,
        ),
        (
            "one that somebody made",
            below_disk,
            spot(1, 100, plain),
            Stands::Other,
        ),
        (
            "one of a share that numbers its files anew",
            below_disk,
            spot(8, 3, plain),
            Stands::Other,
        ),
        (
            "a system that tells nothing of mounts",
            spot(1, 99, None),
            spot(7, 300, None),
            Stands::Other,
        ),
    ] {
        assert_eq!(compare(&before, &there, false), expected, "{what}");
        let back = match expected {
            Stands::Same => Stands::Same,
            _ => Stands::Back,
        };
        let found = compare(&before, &there, true);
        assert_eq!(found, back, "{what}, with files of the job");
    }
}

#[test]
fn files_of_the_job_tell_its_directory_also_in_partitions() {
    let around = tempfile::tempdir().expect("a directory");
    let path = around.path();
    let (job, before) = (JobId::from_bytes([0xb; 16]), JobId::from_bytes([0xa; 16]));
    let own = Own::new(
        job,
        &Lineage::fresh(1).behind(before, 7, 2),
        std::iter::empty(),
    );
    let held = spot(0, 0, Some(true));
    let look = || {
        let (_, there) = open(path).expect("opens");
        judge(path, &held, &there, &own).expect("is told")
    };
    assert_eq!(look(), Stands::Unmounted);
    let named = stand_in(job);
    for (name, expected) in [
        ("report.json", Stands::Unmounted),
        ("part-0c0c0c0c-1-0-0.json", Stands::Unmounted),
        ("part-0a0a0a0a-1-0-0.json", Stands::Back),
        ("day=1/part-0b0b0b0b-1-0-0.json", Stands::Back),
        (named.as_str(), Stands::Back),
    ] {
        let file = path.join(name);
        std::fs::create_dir_all(file.parent().expect("a directory")).expect("made");
        std::fs::write(&file, "").expect("written");
        assert_eq!(look(), expected, "{name}");
        std::fs::remove_file(&file).expect("removed");
    }
}

#[test]
fn what_is_held_counts_for_its_path_alone() {
    let held = Held::default();
    held.set(Path::new("/data/out"), spot(1, 2, None));
    assert!(held.clone().at(Path::new("/data/out")).is_some());
    assert!(held.at(Path::new("/data/other")).is_none());
}
