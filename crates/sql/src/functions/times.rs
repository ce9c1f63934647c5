//! Functions of times over all times that there are.
//!
//! DataFusion takes text and days for times in nanoseconds, which reach from 1677 to 2262, and counts months and
//! whatever it bins in them. Here they are microseconds.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::datatypes::{
    ArrowTimestampType, DataType, IntervalMonthDayNano, IntervalUnit, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime};
use datafusion_common::{Result, ScalarValue, exec_datafusion_err, exec_err};
use datafusion_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::coalesce;
use super::durations;
use super::over::{kept, retyped};
use super::zeros;

const NANOS_OF_A_SECOND: i128 = 1_000_000_000;
const NANOS_OF_A_MINUTE: i128 = 60 * NANOS_OF_A_SECOND;
const NANOS_OF_A_DAY: i128 = 86_400 * NANOS_OF_A_SECOND;

/// Functions that hand on one of their arguments, or all of them.
pub(crate) const CHOOSING: &[&str] = &[
    "coalesce",
    "greatest",
    "least",
    "make_array",
    "nullif",
    "nvl",
    "nvl2",
];

/// The functions of this module, of which the rest is done by `theirs`.
pub(super) fn functions(theirs: &[Arc<ScalarUDF>]) -> Vec<Arc<ScalarUDF>> {
    let mut functions: Vec<_> = CHOOSING
        .iter()
        .filter_map(|name| match *name {
            coalesce::NAME => {
                let (invoke, simplifies) = (coalesce::of_all, coalesce::is_told);
                kept(theirs, name, together, invoke, simplifies)
            }
            "nullif" => retyped(theirs, name, together, Some(zeros::nullif)),
            name => retyped(theirs, name, together, None),
        })
        .collect();
    functions.extend(retyped(theirs, "date_trunc", trunc_types, Some(date_trunc)));
    functions.extend(retyped(
        theirs,
        "date_part",
        part_types,
        Some(durations::date_part),
    ));
    let below = theirs.iter().find(|function| function.name() == "date_bin");
    functions.extend(below.map(|below| {
        Arc::new(ScalarUDF::from(DateBin {
            below: Arc::clone(below),
            signature: Signature::user_defined(Volatility::Immutable),
        }))
    }));
    functions
}

const MICROS: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

/// Where a time is among the arguments, text and days are times. Times in nanoseconds are left to themselves where they meet no
/// others.
fn together(types: &[DataType]) -> Vec<DataType> {
    let is_other = |data_type: &DataType| match data_type {
        DataType::Timestamp(unit, _) => *unit != TimeUnit::Nanosecond,
        DataType::Date32 | DataType::Date64 => true,
        other => other.is_string(),
    };
    let time = types.iter().find_map(|data_type| match data_type {
        DataType::Timestamp(_, zone) => {
            Some(DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))
        }
        _ => None,
    });
    let Some(time) = time.filter(|_| types.iter().any(is_other)) else {
        return types.to_vec();
    };
    let retyped = types.iter().map(|data_type| match data_type {
        text if text.is_string() => time.clone(),
        DataType::Date32 | DataType::Date64 => time.clone(),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => time.clone(),
        other => other.clone(),
    });
    retyped.collect()
}

fn trunc_types(types: &[DataType]) -> Vec<DataType> {
    second(types, |data_type| {
        data_type.is_string() || matches!(data_type, DataType::Date32 | DataType::Date64)
    })
}

fn part_types(types: &[DataType]) -> Vec<DataType> {
    second(types, DataType::is_string)
}

/// The second argument is a time if `is_time` says so.
fn second(types: &[DataType], is_time: impl Fn(&DataType) -> bool) -> Vec<DataType> {
    let mut types = types.to_vec();
    if let Some(time) = types.get_mut(1).filter(|data_type| is_time(data_type)) {
        *time = MICROS;
    }
    types
}

fn date_trunc(below: &ScalarUDF, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
    let unit = match arguments.args.as_slice() {
        [ColumnarValue::Scalar(unit), _] => unit.try_as_str().flatten().and_then(Unit::of),
        _ => None,
    };
    match (unit, arguments.args.as_slice()) {
        (Some(unit), [_, times]) if unit.cuts(times) => {
            over_values(times, &|nanos| unit.cut(nanos))
        }
        _ => below.invoke_with_args(arguments),
    }
}

/// `date_bin(width, time [, origin])`.
#[derive(Debug, PartialEq, Eq, Hash)]
struct DateBin {
    /// What bins times of day.
    below: Arc<ScalarUDF>,
    signature: Signature,
}

impl ScalarUDFImpl for DateBin {
    fn name(&self) -> &str {
        "date_bin"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let ([_, time] | [_, time, _]) = types else {
            return exec_err!("date_bin takes a width, a time and, if need be, an origin");
        };
        let kind = match time {
            DataType::Timestamp(..) | DataType::Time32(_) | DataType::Time64(_) => time.clone(),
            _ => MICROS,
        };
        let origin = match &kind {
            DataType::Timestamp(_, zone) => {
                DataType::Timestamp(TimeUnit::Microsecond, zone.clone())
            }
            other => other.clone(),
        };
        let all = [DataType::Interval(IntervalUnit::MonthDayNano), kind, origin];
        Ok(all.into_iter().take(types.len()).collect())
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types.get(1) {
            Some(time) => Ok(time.clone()),
            None => exec_err!("date_bin takes a width and a time"),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let micros = |origin: i64| i128::from(origin) * 1_000;
        let (stride, times, origin) = match arguments.args.as_slice() {
            [ColumnarValue::Scalar(stride), times] => (stride, times, 0),
            [
                ColumnarValue::Scalar(stride),
                times,
                ColumnarValue::Scalar(ScalarValue::TimestampMicrosecond(Some(origin), _)),
            ] => (stride, times, micros(*origin)),
            _ => return self.below.invoke_with_args(arguments),
        };
        match (stride, times.data_type()) {
            (ScalarValue::IntervalMonthDayNano(Some(stride)), DataType::Timestamp(..)) => {
                let stride = Stride::of(*stride)?;
                over_values(times, &|nanos| stride.cut(nanos, origin))
            }
            _ => self.below.invoke_with_args(arguments),
        }
    }
}

/// `rounded_down(time)`: to the `unit` at or before it, as every other function cuts times. A cast would go towards 1970.
pub(crate) fn rounded_down(unit: TimeUnit) -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(RoundedDown {
        unit,
        signature: Signature::any(1, Volatility::Immutable),
    }))
}

/// Whether `unit` is longer than `than`.
pub(crate) fn is_longer(unit: TimeUnit, than: TimeUnit) -> bool {
    length_of(unit) > length_of(than)
}

/// `times` at or before themselves, in steps of `unit`.
pub(super) fn round_down(times: &ColumnarValue, unit: TimeUnit) -> Result<ColumnarValue> {
    let step = length_of(unit);
    over_values(times, &|nanos| Some(nanos - nanos.rem_euclid(step)))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct RoundedDown {
    unit: TimeUnit,
    signature: Signature,
}

impl ScalarUDFImpl for RoundedDown {
    fn name(&self) -> &str {
        "rounded_down"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types {
            [time] => Ok(time.clone()),
            _ => exec_err!("rounded_down takes a time"),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match arguments.args.as_slice() {
            [times] => round_down(times, self.unit),
            _ => exec_err!("rounded_down takes a time"),
        }
    }
}

/// Times without a zone that reach further than nanoseconds do.
fn is_without_zone(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Timestamp(unit, None) if *unit != TimeUnit::Nanosecond)
}

/// Does `cut` to every time, which it gets and gives as nanoseconds since 1970.
fn over_values(times: &ColumnarValue, cut: &dyn Fn(i128) -> Option<i128>) -> Result<ColumnarValue> {
    let is_scalar = matches!(times, ColumnarValue::Scalar(_));
    let array = times.to_array(1)?;
    let array: ArrayRef = match array.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => over_array::<TimestampSecondType>(&array, cut)?,
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            over_array::<TimestampMillisecondType>(&array, cut)?
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            over_array::<TimestampMicrosecondType>(&array, cut)?
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            over_array::<TimestampNanosecondType>(&array, cut)?
        }
        other => return exec_err!("a time was expected, not {other}"),
    };
    if is_scalar {
        return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(
            &array, 0,
        )?));
    }
    Ok(ColumnarValue::Array(array))
}

const fn length_of(unit: TimeUnit) -> i128 {
    match unit {
        TimeUnit::Second => NANOS_OF_A_SECOND,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Microsecond => 1_000,
        TimeUnit::Nanosecond => 1,
    }
}

fn over_array<T>(times: &ArrayRef, cut: &dyn Fn(i128) -> Option<i128>) -> Result<ArrayRef>
where
    T: ArrowTimestampType + ArrowPrimitiveType<Native = i64>,
{
    let nanos = length_of(T::UNIT);
    let times = times.as_primitive::<T>();
    let zone = times.timezone().map(Arc::from);
    let result: PrimitiveArray<T> = times.try_unary(|time| {
        cut(i128::from(time) * nanos)
            .and_then(|cut| i64::try_from(cut.div_euclid(nanos)).ok())
            .ok_or_else(|| exec_datafusion_err!("a time that no calendar has: {time}"))
    })?;
    Ok(Arc::new(result.with_timezone_opt(zone)))
}

/// What `date_trunc` cuts times to.
#[derive(Debug, Clone, Copy)]
enum Unit {
    /// So many nanoseconds, counted from 1970.
    Nanos(i128),
    Week,
    /// So many months, counted from January.
    Months(u32),
}

impl Unit {
    fn of(unit: &str) -> Option<Self> {
        Some(match unit.to_ascii_lowercase().as_str() {
            "microsecond" => Self::Nanos(1_000),
            "millisecond" => Self::Nanos(1_000_000),
            "second" => Self::Nanos(NANOS_OF_A_SECOND),
            "minute" => Self::Nanos(NANOS_OF_A_MINUTE),
            "hour" => Self::Nanos(60 * NANOS_OF_A_MINUTE),
            "day" => Self::Nanos(NANOS_OF_A_DAY),
            "week" => Self::Week,
            "month" => Self::Months(1),
            "quarter" => Self::Months(3),
            "year" => Self::Months(12),
            _ => return None,
        })
    }

    /// Whether `times` are cut here. A column is cut to fixed steps in its own unit by the function below, which makes
    /// nanoseconds of a constant.
    fn cuts(self, times: &ColumnarValue) -> bool {
        match (self, times, times.data_type()) {
            // Zones are whole minutes away from each other.
            (Self::Nanos(step), ColumnarValue::Scalar(_), DataType::Timestamp(_, zone)) => {
                zone.is_none() || step <= NANOS_OF_A_MINUTE
            }
            (Self::Nanos(_), ..) => false,
            (Self::Week | Self::Months(_), _, kind) => is_without_zone(&kind),
        }
    }

    fn cut(self, nanos: i128) -> Option<i128> {
        let day = match self {
            Self::Nanos(step) => return Some(nanos - nanos.rem_euclid(step)),
            Self::Week => {
                let day = time_of(nanos)?.date();
                let since_monday = day.weekday().num_days_from_monday();
                day.checked_sub_days(Days::new(u64::from(since_monday)))?
            }
            Self::Months(months) => {
                let day = time_of(nanos)?.date();
                let month = day.month0() / months * months + 1;
                NaiveDate::from_ymd_opt(day.year(), month, 1)?
            }
        };
        Some(nanos_of(day.and_time(NaiveTime::MIN)))
    }
}

/// The width of a bin.
#[derive(Debug, Clone, Copy)]
enum Stride {
    Nanos(i128),
    Months(u32),
}

impl Stride {
    fn of(interval: IntervalMonthDayNano) -> Result<Self> {
        let nanos = i128::from(interval.days) * NANOS_OF_A_DAY + i128::from(interval.nanoseconds);
        match (interval.months, nanos) {
            (0, nanos) if nanos > 0 => Ok(Self::Nanos(nanos)),
            (months, 0) if months > 0 => Ok(Self::Months(months.unsigned_abs())),
            (0, _) => exec_err!("the width of a bin of date_bin is not more than 0"),
            _ => exec_err!("the width of a bin of date_bin is in months or in days, not in both"),
        }
    }

    fn cut(self, nanos: i128, origin: i128) -> Option<i128> {
        match self {
            Self::Nanos(width) => Some((nanos - origin).div_euclid(width) * width + origin),
            Self::Months(width) => {
                let (time, first) = (time_of(nanos)?, time_of(origin)?);
                let months = |time: NaiveDateTime| time.year() * 12 + time.month0() as i32;
                let width = i32::try_from(width).ok()?;
                let mut bin = (months(time) - months(first)).div_euclid(width);
                let mut start = months_later(first, bin.checked_mul(width)?)?;
                if start > time {
                    bin -= 1;
                    start = months_later(first, bin.checked_mul(width)?)?;
                }
                Some(nanos_of(start))
            }
        }
    }
}

fn months_later(time: NaiveDateTime, months: i32) -> Option<NaiveDateTime> {
    let count = Months::new(months.unsigned_abs());
    if months < 0 {
        time.checked_sub_months(count)
    } else {
        time.checked_add_months(count)
    }
}

fn time_of(nanos: i128) -> Option<NaiveDateTime> {
    let seconds = i64::try_from(nanos.div_euclid(NANOS_OF_A_SECOND)).ok()?;
    let rest = u32::try_from(nanos.rem_euclid(NANOS_OF_A_SECOND)).ok()?;
    Some(DateTime::from_timestamp(seconds, rest)?.naive_utc())
}

fn nanos_of(time: NaiveDateTime) -> i128 {
    let time = time.and_utc();
    i128::from(time.timestamp()) * NANOS_OF_A_SECOND + i128::from(time.timestamp_subsec_nanos())
}
