use super::*;

const ORIGIN: JobId = JobId::from_bytes([0x0a; 16]);
const JOB: JobId = JobId::from_bytes([0x0b; 16]);

fn names() -> Names {
    Names {
        origin: ORIGIN,
        job: JOB,
        family: JOB,
        generation: 4,
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
fn a_visible_file_tells_whose_it_is_and_its_checkpoint() {
    let (_, of_first) = names().prepared(9, 7);
    let behind = Names {
        family: JobId::from_bytes([0x0c; 16]),
        ..names()
    };
    let (_, of_next) = behind.prepared(10, 7);
    assert_eq!(of_next, "part-0c0c0c0c-4-0b0b0b0b-10-3-7.csv.gz");
    let told = |name| {
        let it = Visible::parse(name)?;
        Some((it.family, it.generation, it.job, it.checkpoint))
    };
    let (b, c) = ("0b0b0b0b", "0c0c0c0c");
    for (name, expected) in [
        (of_first.as_str(), Some((b, None, b, 9))),
        (of_next.as_str(), Some((c, Some(4), b, 10))),
        ("part-0b0b0b0b-12-0-0.json", Some((b, None, b, 12))),
        ("part-0b0b0b0b-12-0.json", None),
        ("part-0b0b0b0b-12-0-0-0.json", None),
        ("part-0b0b0b0b-x-0-0.json", None),
        ("part-0b0b0b0b-12-0-0", None),
        ("part-0c0c0c0c-4-x2345678-7-0-0.json", None),
        (".part-0b0b0b0b-12-0-0.json", None),
        ("part-0b0b0b0b0b0b0b0b-12-0-0.json", None),
        ("", None),
    ] {
        assert_eq!(told(name), expected, "{name}");
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
