use super::*;

/// Opens a file and has it put aside again and again, until as many parts lie there as are kept.
fn with_all_parts(path: &Path, kept: u32) -> Rotating {
    let mut log = Rotating::open(path, LARGEST, kept).expect("it can be opened");
    for number in (0..=kept).rev() {
        say(&mut log, &format!("part {number}"));
        if number > 0 {
            make_long(&log);
        }
    }
    log
}

fn make_long(log: &Rotating) {
    log.file.set_len(LARGEST + 1).expect("it can grow");
}

fn say(log: &mut Rotating, line: &str) {
    log.write_all(line.as_bytes()).expect("it can be written");
}

fn part(path: &Path, number: u32) -> PathBuf {
    PathBuf::from(format!("{}.{number}", path.display()))
}

/// What a file begins and ends with: six bytes of each.
fn ends(path: &Path) -> (String, String) {
    const BYTES: usize = 6;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let whole = fs::read(path).expect("it is there");
    let (begin, end) = (BYTES.min(whole.len()), whole.len().saturating_sub(BYTES));
    (text(&whole[..begin]), text(&whole[end..]))
}

#[test]
fn a_long_file_is_put_aside_in_parts_and_the_oldest_goes() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("some.log");
    let mut log = Rotating::open(&path, LARGEST, KEPT).expect("it can be opened");
    for part in 0..=KEPT + 1 {
        make_long(&log);
        say(&mut log, &format!("part {part}"));
    }
    let newest = fs::read_to_string(&path).expect("a new file");
    assert_eq!(newest, format!("part {}", KEPT + 1));
    let files = fs::read_dir(directory.path())
        .expect("it can be listed")
        .count();
    assert_eq!(files, KEPT as usize + 1);
}

#[test]
fn as_many_parts_are_kept_as_are_asked_for_now() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("some.log");
    for (kept, files) in [(4, 5), (2, 3), (0, 1)] {
        let mut log = Rotating::open(&path, 10, kept).expect("it can be opened");
        for part in 0..8 {
            say(&mut log, &format!("part {part}, of some length"));
        }
        let there = fs::read_dir(directory.path()).expect("listed").count();
        assert_eq!(there, files, "{kept}");
    }
}

#[test]
fn one_that_was_taken_away_is_begun_anew_and_no_part_goes_for_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("some.log");
    let mut log = with_all_parts(&path, 3);
    make_long(&log);
    fs::remove_file(&path).expect("removed");
    say(&mut log, "first ");
    say(&mut log, "second");
    let written = fs::read_to_string(&path).expect("a new file");
    assert_eq!(written, "first second");
    for number in 1..=3 {
        assert_eq!(ends(&part(&path, number)).0, format!("part {number}"));
    }
}

#[test]
fn one_that_was_replaced_is_gone_on_with() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("some.log");
    let mut log = with_all_parts(&path, 2);
    make_long(&log);
    fs::rename(&path, directory.path().join("aside")).expect("renamed");
    fs::write(&path, "theirs, ").expect("written");
    say(&mut log, "ours");
    let written = fs::read_to_string(&path).expect("it is there");
    assert_eq!(written, "theirs, ours");
    assert_eq!(ends(&part(&path, 2)).0, "part 2");
}

#[test]
fn where_no_other_can_be_opened_the_same_is_gone_on_with() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("some.log");
    let aside = directory.path().join("aside");
    let mut log = with_all_parts(&path, 2);
    make_long(&log);
    fs::rename(&path, &aside).expect("renamed");
    fs::create_dir(&path).expect("made");
    say(&mut log, "first ");
    assert_eq!(ends(&aside).1, "first ");
    // It is not tried each time.
    fs::remove_dir(&path).expect("removed");
    say(&mut log, "second");
    assert_eq!(ends(&aside).1, "second");
    say(&mut log, &" ".repeat(STEP as usize));
    say(&mut log, "third ");
    assert_eq!(ends(&path).0, "third ");
    for number in 1..=2 {
        assert_eq!(ends(&part(&path, number)).0, format!("part {number}"));
    }
}

#[test]
fn where_it_can_not_be_put_aside_one_part_goes_at_most() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("some.log");
    let log = with_all_parts(&path, 3);
    make_long(&log);
    // The older parts can be renamed, and the file can't.
    let away = directory.path().join("away");
    fs::rename(&path, &away).expect("renamed");
    for _ in 0..3 {
        put_aside(&path, 3).expect_err("it is not there");
    }
    assert_eq!(ends(&part(&path, 3)).0, "part 2");
    assert_eq!(ends(&part(&path, 2)).0, "part 1");
    assert!(!part(&path, 1).exists());
    fs::rename(&away, &path).expect("renamed");
    put_aside(&path, 3).expect("it is there");
    assert_eq!(ends(&part(&path, 3)).0, "part 2");
    assert_eq!(ends(&part(&path, 1)).0, "part 0");
}

/// Has nothing more come into the file for a while; answers the file that is written to else.
fn fill_disk(log: &mut Rotating) -> File {
    let full = OpenOptions::new().write(true).open("/dev/full");
    std::mem::replace(&mut log.file, full.expect("it is there"))
}

#[test]
fn behind_a_line_that_was_cut_the_next_one_begins_on_its_own() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("some.log");
    let mut log = Rotating::open(&path, LARGEST, KEPT).expect("it can be opened");
    say(&mut log, "whole\n");
    // The disk takes a part of a line, and nothing of the next two.
    log.write_all(b"a part").expect("there is room for that");
    let file = fill_disk(&mut log);
    for lost in [" of a line\n", "lost\n"] {
        log.write_all(lost.as_bytes()).expect_err("it is full");
    }
    log.file = file;
    say(&mut log, "next\n");
    say(&mut log, "last\n");
    let written = fs::read_to_string(&path).expect("it is there");
    assert_eq!(written, "whole\na part\nnext\nlast\n");
}

#[test]
fn where_lines_are_lost_whole_nothing_stands_between_the_others() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("some.log");
    let mut log = Rotating::open(&path, LARGEST, KEPT).expect("it can be opened");
    say(&mut log, "first\n");
    let file = fill_disk(&mut log);
    log.write_all(b"lost\n").expect_err("it is full");
    log.file = file;
    // A line may come in parts.
    say(&mut log, "sec");
    say(&mut log, "ond\n");
    let written = fs::read_to_string(&path).expect("it is there");
    assert_eq!(written, "first\nsecond\n");
}

#[test]
fn what_the_process_before_has_left_cut_is_gone_on_behind() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("some.log");
    for (left, expected) in [
        ("", "next\n"),
        ("whole\n", "whole\nnext\n"),
        ("a part", "a part\nnext\n"),
    ] {
        fs::write(&path, left).expect("written");
        let mut log = Rotating::open(&path, LARGEST, KEPT).expect("it can be opened");
        say(&mut log, "next\n");
        let written = fs::read_to_string(&path).expect("it is there");
        assert_eq!(written, expected);
    }
}
