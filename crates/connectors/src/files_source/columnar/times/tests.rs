use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, Date32Array, Decimal128Array, ListArray, RecordBatch,
    TimestampMicrosecondArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Date32Type, Field, Schema, TimeUnit, TimestampMicrosecondType};

use super::{DAY, GREGORIAN, Hybrid, IN_FULL, as_told, called_alike};
use crate::formats::datetime::append_date;

const BOTH: Hybrid = Hybrid {
    dates: true,
    times: true,
};
const NEITHER: Hybrid = Hybrid {
    dates: false,
    times: false,
};

fn text(day: i64) -> String {
    let mut out = Vec::new();
    append_date(day, &mut out);
    String::from_utf8(out).expect("digits are text")
}

/// Days as Hive 4.0.1 writes them (`CalendarUtils.convertDateToHybrid`, `NanoTimeUtils`), and what it shows of them.
#[test]
fn days_are_called_as_who_wrote_them_called_them() {
    for (written, shown) in [
        (-719_164, "0001-01-01"),
        (-718_010, "0004-02-29"),
        (-682_947, "0100-02-28"),
        (-354_220, "1000-03-01"),
        (-281_171, "1200-02-29"),
        // The last day of the Julian calendar, and the first one behind it.
        (-141_428, "1582-10-04"),
        (-141_427, "1582-10-15"),
        (-141_418, "1582-10-24"),
        (-98_615, "1700-01-01"),
        (0, "1970-01-01"),
        (18_262, "2020-01-01"),
        // A day that the calendar of today does not have: 1000-02-29.
        (-354_221, "1000-03-01"),
        // Before the year 1.
        (-719_165, "0000-12-31"),
    ] {
        assert_eq!(text(called_alike(written)), shown, "{written}");
    }
}

/// Bounds of statistics stay bounds.
#[test]
fn no_order_changes() {
    let mut before = called_alike(-1_500_000);
    for day in -1_500_000..=GREGORIAN + 1_000 {
        let told = called_alike(day);
        assert!(told >= before, "{day}");
        before = told;
    }
}

fn columns(dates: ArrayRef, times: ArrayRef) -> RecordBatch {
    let fields = [("d", &dates), ("t", &times)]
        .map(|(name, array)| Field::new(name, array.data_type().clone(), true));
    RecordBatch::try_new(Arc::new(Schema::new(fields.to_vec())), vec![dates, times])
        .expect("columns")
}

/// A date and a time of 1200-02-29, of today and none.
fn rows() -> RecordBatch {
    let dates = Date32Array::from(vec![Some(-281_171), None, Some(18_262)]);
    let times = vec![Some(-281_171 * DAY + 1), None, Some(18_262 * DAY)];
    let times = TimestampMicrosecondArray::from(times);
    columns(Arc::new(dates), Arc::new(times))
}

#[test]
fn only_what_the_file_says_it_of_is_told_otherwise() {
    for (hybrid, date, time) in [
        (NEITHER, -281_171, -281_171),
        (BOTH, -281_178, -281_178),
        (
            Hybrid {
                dates: true,
                ..NEITHER
            },
            -281_178,
            -281_171,
        ),
        (
            Hybrid {
                times: true,
                ..NEITHER
            },
            -281_171,
            -281_178,
        ),
    ] {
        let rows = rows();
        let told = as_told(&rows, &rows.schema(), hybrid).expect("rows");
        let dates = told.column(0).as_primitive::<Date32Type>();
        let expected = [Some(date), None, Some(18_262)];
        assert_eq!(dates.iter().collect::<Vec<_>>(), expected, "{hybrid:?}");
        let times = told.column(1).as_primitive::<TimestampMicrosecondType>();
        let expected = [Some(time * DAY + 1), None, Some(18_262 * DAY)];
        assert_eq!(times.iter().collect::<Vec<_>>(), expected, "{hybrid:?}");
    }
}

#[test]
fn days_are_told_otherwise_within_others_and_in_full_times() {
    let dates = rows().column(0).clone();
    let item = Arc::new(Field::new("item", DataType::Date32, true));
    let offsets = OffsetBuffer::from_lengths([3]);
    let list = ListArray::new(item, offsets, dates, None);
    let nanoseconds = i128::from(-281_171 * DAY) * 1_000 + 1_999;
    let times = Decimal128Array::from(vec![nanoseconds]).with_data_type(IN_FULL);
    let rows = columns(Arc::new(list), Arc::new(times));
    let list = rows.schema().field(0).clone();
    let time = DataType::Timestamp(TimeUnit::Microsecond, None);
    let schema = Arc::new(Schema::new(vec![list, Field::new("t", time, true)]));
    let told = as_told(&rows, &schema, BOTH).expect("rows");
    let dates = told.column(0).as_list::<i32>().values();
    assert_eq!(dates.as_primitive::<Date32Type>().value(0), -281_178);
    let times = told.column(1).as_primitive::<TimestampMicrosecondType>();
    assert_eq!(times.value(0), -281_178 * DAY + 1);
}

/// Hive takes a time for one of its zone, and writes the instant with the name that its day has in UTC.
#[test]
fn what_the_clock_of_a_zone_showed_is_told_of_old_instants() {
    // 1200-02-29 23:59:59 in Shanghai, as Hive 4.0.1 writes it: 57256 seconds into that day.
    let instant = -281_171 * DAY + 57_256_000_000;
    let times = TimestampMicrosecondArray::from(vec![instant]).with_timezone("Asia/Shanghai");
    let dates = Date32Array::from(vec![0]);
    let rows = columns(Arc::new(dates), Arc::new(times));
    let time = DataType::Timestamp(TimeUnit::Microsecond, None);
    let date = rows.schema().field(0).clone();
    let schema = Arc::new(Schema::new(vec![date, Field::new("t", time, true)]));
    let told = as_told(&rows, &schema, BOTH).expect("rows");
    let times = told.column(1).as_primitive::<TimestampMicrosecondType>();
    assert_eq!(times.value(0), -281_178 * DAY + 86_399_000_000);
}

#[test]
fn bounds_are_told_as_values_are() {
    let (dates, times) = (rows().column(0).clone(), rows().column(1).clone());
    let told = BOTH.bounds(&dates).expect("bounds");
    assert_eq!(told.as_primitive::<Date32Type>().value(0), -281_178);
    assert!(BOTH.bounds(&times).is_none());
    assert_eq!(NEITHER.bounds(&dates).as_ref(), Some(&dates));
    assert_eq!(NEITHER.bounds(&times).as_ref(), Some(&times));
}
