use millstream_core::EventTime;
use millstream_engine::connector::{Announced, SourceOutput};

use super::{BEYOND, Spanned, Times};
use crate::kafka::partition::Partition;

const PRESENT: i64 = 1_000_000;

fn at(millis: i64) -> Announced {
    Announced::Active(EventTime::from_millis(millis))
}

struct Reader {
    times: Times,
    out: SourceOutput<()>,
}

impl Reader {
    fn new(partitions: i32) -> Self {
        let mut times = Times::default();
        (0..partitions).for_each(|number| times.begin(&partition(number)));
        Self {
            times,
            out: SourceOutput::new(),
        }
    }

    /// Records of a partition, the latest of this time.
    fn read(&mut self, number: i32, latest: Option<i64>) {
        let spanned = Spanned { latest, beyond: 0 };
        self.times.read(&partition(number), spanned, PRESENT);
    }

    /// Records whose timestamps are no dates.
    fn read_beyond(&mut self, beyond: usize) {
        let spanned = Spanned {
            latest: None,
            beyond,
        };
        self.times.read(&partition(0), spanned, PRESENT);
    }

    fn told(&mut self, handed_out: bool) -> Announced {
        self.times.tell(&mut self.out, handed_out);
        self.out.announced()
    }
}

fn partition(number: i32) -> Partition {
    Partition::new("orders", number)
}

#[test]
fn a_reader_without_partitions_holds_nobody_back() {
    assert_eq!(Reader::new(0).told(false), Announced::Idle);
}

#[test]
fn time_is_that_of_the_partition_that_is_furthest_behind() {
    let mut reader = Reader::new(2);
    assert_eq!(reader.told(false), Announced::Active(EventTime::MIN));
    reader.read(0, Some(1_000));
    assert_eq!(reader.told(true), Announced::Active(EventTime::MIN));
    reader.read(1, Some(500));
    assert_eq!(reader.told(true), at(499));
    reader.read(1, Some(300));
    reader.read(1, None);
    assert_eq!(reader.told(true), at(499), "time never goes back");
    reader.read(1, Some(2_000));
    assert_eq!(reader.told(true), at(999));
}

#[test]
fn a_partition_of_which_all_has_been_read_holds_nobody_back_until_there_is_more() {
    let mut reader = Reader::new(2);
    reader.read(0, Some(1_000));
    reader.read(1, Some(500));
    reader.times.at_end(&partition(1));
    assert_eq!(
        reader.told(true),
        at(499),
        "its records were handed out just now"
    );
    assert_eq!(reader.told(false), at(999));
    reader.times.at_end(&partition(0));
    assert_eq!(reader.told(false), Announced::Idle);
    reader.read(1, Some(700));
    assert_eq!(reader.told(true), at(699));
}

#[test]
fn a_partition_that_is_done_is_forgotten() {
    let mut reader = Reader::new(2);
    reader.read(0, Some(1_000));
    reader.times.done(&partition(1));
    assert_eq!(reader.told(true), Announced::Active(EventTime::MIN));
    assert_eq!(reader.told(false), at(999));
    reader.times.done(&partition(0));
    assert_eq!(reader.told(false), Announced::Idle);
    reader.times.begin(&partition(2));
    assert_eq!(reader.told(false), Announced::Active(EventTime::MIN));
}

#[test]
fn time_is_the_present_where_no_timestamp_is_a_date() {
    let mut reader = Reader::new(1);
    reader.times.at_end(&partition(0));
    reader.read_beyond(BEYOND - 1);
    assert_eq!(reader.told(true), Announced::Active(EventTime::MIN));
    reader.read_beyond(1);
    assert_eq!(reader.told(true), at(PRESENT - 1));
}

#[test]
fn timestamps_of_a_backlog_that_are_no_dates_do_not_make_it_the_present() {
    let mut reader = Reader::new(1);
    reader.read_beyond(BEYOND * 2);
    assert_eq!(reader.told(true), Announced::Active(EventTime::MIN));
    reader.read(0, Some(1_000));
    assert_eq!(reader.told(true), at(999), "what comes behind is not late");
    reader.read_beyond(BEYOND - 1);
    reader.times.at_end(&partition(0));
    reader.read_beyond(1);
    assert_eq!(
        reader.told(true),
        at(999),
        "those before the end do not count"
    );
    reader.read_beyond(BEYOND - 1);
    assert_eq!(reader.told(true), at(PRESENT - 1));
}

#[test]
fn timestamps_that_are_no_dates_move_no_time_among_others() {
    let mut reader = Reader::new(1);
    reader.times.at_end(&partition(0));
    for time in 1..5 {
        reader.read_beyond(BEYOND - 1);
        reader.read(0, Some(time * 1_000));
        assert_eq!(reader.told(true), at(time * 1_000 - 1));
    }
}
