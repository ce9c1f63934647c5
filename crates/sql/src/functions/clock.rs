//! `now()`, `current_timestamp`, `current_date` and `current_time` for a query without end.
//!
//! DataFusion folds them into constants when a query is planned, which on a stream would be the
//! start of the job forever. These read the clock once for each batch, in UTC.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arrow::datatypes::{DataType, TimeUnit};
use datafusion_common::{Result, ScalarValue};
use datafusion_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// The functions of this module.
pub(super) fn functions() -> impl Iterator<Item = Arc<ScalarUDF>> {
    [
        ("now", &["current_timestamp"][..], Reading::Timestamp),
        ("current_date", &["today"], Reading::Date),
        ("current_time", &[], Reading::Time),
    ]
    .into_iter()
    .map(|(name, aliases, reading)| {
        Arc::new(ScalarUDF::from(Clock {
            name,
            aliases: aliases.iter().map(ToString::to_string).collect(),
            reading,
            signature: Signature::nullary(Volatility::Volatile),
        }))
    })
}

/// What is read off the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Reading {
    /// Microseconds since 1970.
    Timestamp,
    /// Days since 1970.
    Date,
    /// Milliseconds since midnight.
    Time,
}

impl Reading {
    fn data_type(self) -> DataType {
        match self {
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Date => DataType::Date32,
            Self::Time => DataType::Time32(TimeUnit::Millisecond),
        }
    }

    fn of(self, millis: i64) -> ScalarValue {
        match self {
            Self::Timestamp => ScalarValue::TimestampMicrosecond(millis.checked_mul(1_000), None),
            Self::Date => ScalarValue::Date32(i32::try_from(millis.div_euclid(DAY_MILLIS)).ok()),
            Self::Time => {
                ScalarValue::Time32Millisecond(i32::try_from(millis.rem_euclid(DAY_MILLIS)).ok())
            }
        }
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Clock {
    name: &'static str,
    aliases: Vec<String>,
    reading: Reading,
    signature: Signature,
}

impl ScalarUDFImpl for Clock {
    fn name(&self) -> &str {
        self.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(self.reading.data_type())
    }

    fn invoke_with_args(&self, _arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Ok(ColumnarValue::Scalar(self.reading.of(millis_since_1970())))
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "the home of the SQL functions that read the clock"
)]
fn millis_since_1970() -> i64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_and_time_are_the_two_parts_of_a_timestamp() {
        let millis = 3 * DAY_MILLIS + 1234;
        assert_eq!(Reading::Date.of(millis), ScalarValue::Date32(Some(3)));
        assert_eq!(
            Reading::Time.of(millis),
            ScalarValue::Time32Millisecond(Some(1234))
        );
        assert_eq!(Reading::Date.of(-1), ScalarValue::Date32(Some(-1)));
    }
}
