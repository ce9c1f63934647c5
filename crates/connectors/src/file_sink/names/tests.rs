use super::*;

const ORIGIN: JobId = JobId::from_bytes([0x0a; 16]);
const JOB: JobId = JobId::from_bytes([0x0b; 16]);

fn names() -> Names {
    Names {
        origin: ORIGIN,
        job: JOB,
        line: JOB,
        run: 12,
        subtask: 3,
        slot: 1,
        extension: "csv.gz",
    }
}

#[test]
fn every_name_that_is_made_is_read_back() {
    let author = Author {
        origin: ORIGIN,
        job: JOB,
        run: 12,
    };
    let writer = Writer {
        subtask: 3,
        slot: 1,
    };
    let names = names();
    for (name, stage) in [
        (names.lock(), Stage::Lock(writer)),
        (names.in_progress(7), Stage::InProgress(writer)),
        (names.prepared(9, 7).0, Stage::Prepared(9)),
    ] {
        assert_eq!(
            Hidden::parse(&name),
            Some(Hidden { author, stage }),
            "{name}"
        );
    }
    let visible = "part-0b0b0b0b-9-3-7.csv.gz";
    assert_eq!(names.prepared(9, 7).1, visible);
    assert_eq!(Hidden::parse(visible), None);
}

#[test]
fn a_visible_file_tells_the_checkpoint_of_its_job_and_of_the_first_whose_place_that_takes() {
    let other = JobId::from_bytes([0x0c; 16]);
    let (_, visible) = names().prepared(9, 7);
    let behind = Names {
        line: other,
        ..names()
    };
    let (_, of_line) = behind.prepared(10, 7);
    assert_eq!(of_line, "part-0c0c0c0c-0b0b0b0b-10-3-7.csv.gz");
    for (name, job, expected) in [
        (visible.as_str(), JOB, Some(9)),
        (visible.as_str(), other, None),
        (&of_line, other, Some(10)),
        (&of_line, JOB, None),
        ("part-0c0c0c0c-12345678-7-0-0.json", other, Some(7)),
        ("part-0c0c0c0c-x2345678-7-0-0.json", other, None),
        ("part-0b0b0b0b-12-0-0.json", JOB, Some(12)),
        ("part-0b0b0b0b-12-0.json", JOB, None),
        ("part-0b0b0b0b-12-0-0-0.json", JOB, None),
        ("part-0b0b0b0b-x-0-0.json", JOB, None),
        ("part-0b0b0b0b-12-0-0", JOB, None),
        (".part-0b0b0b0b-12-0-0.json", JOB, None),
        ("part-0b0b0b0b0b0b0b0b-12-0-0.json", JOB, None),
        ("", JOB, None),
    ] {
        assert_eq!(committed_with(name, job), expected, "{name} of {job}");
    }
}

#[test]
fn names_of_the_first_version_are_read() {
    let author = Author {
        origin: JOB,
        job: JOB,
        run: 0,
    };
    let writer = Writer {
        subtask: 3,
        slot: 0,
    };
    for (name, stage) in [
        (
            format!(".part-{JOB}-3-7.json.inprogress"),
            Stage::InProgress(writer),
        ),
        (
            format!(".part-{JOB}-9-3-7.json.prepared"),
            Stage::Prepared(9),
        ),
    ] {
        assert_eq!(
            Hidden::parse(&name),
            Some(Hidden { author, stage }),
            "{name}"
        );
    }
}

#[test]
fn names_of_others_are_nobodys() {
    for name in [
        ".part-",
        ".part-1-2.txt.inprogress",
        ".hidden",
        ".part-00000-c000.snappy.parquet.crc",
    ] {
        assert_eq!(Hidden::parse(name), None, "{name}");
    }
    for name in [
        format!(".part-{JOB}.txt.inprogress"),
        format!(".part-{JOB}-x-1.txt.inprogress"),
        format!(".part-{ORIGIN}-{JOB}-1-2-3-4-5.txt.prepared"),
        format!(".part-{ORIGIN}-{JOB}-1-2-3-4.txt"),
        format!(".part-{JOB}-1-2.lock.tmp"),
    ] {
        assert_eq!(Hidden::parse(&name), None, "{name}");
    }
}
