//! `range` and `generate_series` over times, in microseconds: DataFusion makes them in nanoseconds, which reach from
//! 1677 to 2262 only.

use std::sync::Arc;

use arrow::array::timezone::Tz;
use arrow::array::{Array, ArrayRef, AsArray, ListBuilder, PrimitiveBuilder};
use arrow::datatypes::{
    DataType, Field, FieldRef, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit,
    TimeUnit, TimestampMicrosecondType,
};
use datafusion_common::{Result, ScalarValue, exec_datafusion_err, exec_err};
use datafusion_expr::type_coercion::functions::fields_with_udf;
use datafusion_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::room;

/// What one time of a series takes, in bytes.
const TIME: u64 = 16;

/// The functions of this module.
pub(super) fn functions(theirs: &[Arc<ScalarUDF>]) -> impl Iterator<Item = Arc<ScalarUDF>> {
    let names = ["range", "generate_series"];
    let theirs = theirs.iter().filter(move |f| names.contains(&f.name()));
    theirs.map(|below| Arc::new(ScalarUDF::from(Series::over(below))))
}

/// `range` or `generate_series`; whole numbers and days are left to `below`.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Series {
    below: Arc<ScalarUDF>,
    /// Whether the series may end with the last value.
    through: bool,
    signature: Signature,
}

impl Series {
    fn over(below: &Arc<ScalarUDF>) -> Self {
        Self {
            below: Arc::clone(below),
            through: below.name() == "generate_series",
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

/// The type of times of a series, if that is one of times.
fn time_among(types: &[DataType]) -> Option<DataType> {
    types.iter().take(2).find_map(|data_type| match data_type {
        DataType::Timestamp(_, zone) => {
            Some(DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))
        }
        _ => None,
    })
}

impl ScalarUDFImpl for Series {
    fn name(&self) -> &str {
        self.below.name()
    }

    fn aliases(&self) -> &[String] {
        self.below.aliases()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        if let Some(time) = time_among(types) {
            let is_time = |data_type: &DataType| {
                data_type.is_string()
                    || data_type.is_null()
                    || matches!(
                        data_type,
                        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64
                    )
            };
            let [from, to, DataType::Interval(_) | DataType::Null] = types else {
                return exec_err!("{} of times takes two times and an interval", self.name());
            };
            if !is_time(from) || !is_time(to) {
                return exec_err!("{} of times takes two times and an interval", self.name());
            }
            let step = DataType::Interval(IntervalUnit::MonthDayNano);
            return Ok(vec![time.clone(), time, step]);
        }
        let fields: Vec<FieldRef> = types
            .iter()
            .map(|data_type| Arc::new(Field::new("", data_type.clone(), true)))
            .collect();
        let fields = fields_with_udf(&fields, self.below.as_ref())?;
        Ok(fields
            .iter()
            .map(|field| field.data_type().clone())
            .collect())
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types.first() {
            Some(time @ DataType::Timestamp(..)) => Ok(DataType::List(Arc::new(
                Field::new_list_field(time.clone(), true),
            ))),
            _ => self.below.return_type(types),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match arguments.args.as_slice() {
            [from, to, step] if matches!(from.data_type(), DataType::Timestamp(..)) => {
                let all = [from, to, step];
                let scalar = all
                    .iter()
                    .all(|value| matches!(value, ColumnarValue::Scalar(_)));
                let rows = if scalar { 1 } else { arguments.number_rows };
                let series = self.times(
                    &from.to_array(rows)?,
                    &to.to_array(rows)?,
                    &step.to_array(rows)?,
                )?;
                Ok(if scalar {
                    ColumnarValue::Scalar(ScalarValue::try_from_array(&series, 0)?)
                } else {
                    ColumnarValue::Array(series)
                })
            }
            _ => self.below.invoke_with_args(arguments),
        }
    }
}

impl Series {
    fn times(&self, from: &ArrayRef, to: &ArrayRef, step: &ArrayRef) -> Result<ArrayRef> {
        let from = from.as_primitive::<TimestampMicrosecondType>();
        let to = to.as_primitive::<TimestampMicrosecondType>();
        let step = step.as_primitive::<IntervalMonthDayNanoType>();
        let zone: Tz = from.timezone().unwrap_or("+00:00").parse()?;
        let times = PrimitiveBuilder::<TimestampMicrosecondType>::new()
            .with_data_type(from.data_type().clone());
        let mut lists = ListBuilder::new(times);
        for ((from, to), step) in from.iter().zip(to).zip(step) {
            let (Some(from), Some(to), Some(step)) = (from, to, step) else {
                lists.append_null();
                continue;
            };
            self.append(from, to, step, zone, lists.values())?;
            lists.append(true);
        }
        Ok(Arc::new(lists.finish()))
    }

    fn append(
        &self,
        from: i64,
        to: i64,
        step: IntervalMonthDayNano,
        zone: Tz,
        times: &mut PrimitiveBuilder<TimestampMicrosecondType>,
    ) -> Result<()> {
        if from == to {
            if self.through {
                times.append_value(from);
            }
            return Ok(());
        }
        let next = |time| {
            TimestampMicrosecondType::add_month_day_nano(time, step, zone)
                .ok_or_else(|| exec_datafusion_err!("a time of {} is in no calendar", self.name()))
        };
        let forward = match next(from)? {
            second if second == from => {
                return exec_err!("the step of {} is less than a microsecond", self.name());
            }
            second => second > from,
        };
        // What is far too long is not begun.
        let least = from.abs_diff(to) / longest(step).max(1);
        if least > room::ROOM / TIME {
            room::take(self.name(), least.saturating_mul(TIME))?;
        }
        let mut time = from;
        while (time == to && self.through) || (time != to && (time < to) == forward) {
            room::take(self.name(), TIME)?;
            times.append_value(time);
            time = next(time)?;
        }
        Ok(())
    }
}

/// The microseconds of a step at most.
fn longest(step: IntervalMonthDayNano) -> u64 {
    const DAY: u64 = 86_400_000_000;
    let days = u64::from(step.months.unsigned_abs()) * 31 + u64::from(step.days.unsigned_abs());
    days.saturating_mul(DAY)
        .saturating_add(step.nanoseconds.unsigned_abs() / 1_000)
}
