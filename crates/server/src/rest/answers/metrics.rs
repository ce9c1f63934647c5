//! Metrics by their names, and their aggregation over jobs, tasks and processes.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

/// A metric: its name alone where nobody asked for its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Metric {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

impl Metric {
    /// A metric with its value.
    pub(crate) fn new(id: impl Into<String>, value: impl ToString) -> Self {
        Self {
            id: id.into(),
            value: Some(value.to_string()),
        }
    }
}

/// The metrics of one thing, by name, in the order in which they are told.
pub(crate) type Metrics = Vec<(String, Value)>;

/// The value of a metric.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// A whole number.
    Whole(i64),
    /// A number with a fraction.
    Fraction(f64),
    /// Whether something is so: 1 or 0 where numbers are asked for.
    Flag(bool),
    /// A text, which can't be aggregated.
    Text(String),
}

impl Value {
    /// A count.
    pub(crate) fn count(number: u64) -> Self {
        Self::Whole(i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// A number that may have a fraction, whole where it has none.
    pub(crate) fn measured(number: f64) -> Self {
        match number.fract() == 0.0 && number.abs() < 1e15 {
            true => Self::Whole(number as i64),
            false => Self::Fraction(number),
        }
    }

    /// As text, as Flink hands metrics out.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Whole(number) => number.to_string(),
            Self::Fraction(number) => format!("{number:?}"),
            Self::Flag(is_so) => is_so.to_string(),
            Self::Text(text) => text.clone(),
        }
    }

    /// As a sample of Prometheus; `None`: it is no number.
    pub(crate) fn sample(&self) -> Option<String> {
        match self {
            Self::Text(_) => None,
            Self::Flag(is_so) => Some(u8::from(*is_so).to_string()),
            number => Some(number.text()),
        }
    }

    /// As a number, if it is one.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Whole(number) => Some(*number as f64),
            Self::Fraction(number) => Some(*number),
            Self::Flag(is_so) => Some(f64::from(u8::from(*is_so))),
            Self::Text(_) => None,
        }
    }
}

/// The metrics that were asked for, or the names of all where none was. Names that are not known are left out.
pub(crate) fn select(metrics: &Metrics, wanted: Option<&[&str]>) -> Vec<Metric> {
    let Some(wanted) = wanted else {
        return metrics
            .iter()
            .map(|(id, _)| Metric {
                id: id.clone(),
                value: None,
            })
            .collect();
    };
    wanted
        .iter()
        .filter_map(|name| {
            let (id, value) = metrics.iter().find(|(id, _)| id == name)?;
            Some(Metric::new(id.as_str(), value.text()))
        })
        .collect()
}

/// A way of making one number of many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aggregation {
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// The average.
    Avg,
    /// The sum.
    Sum,
    /// How uneven they are: the mean distance from the average, as a percentage of it.
    Skew,
}

impl Aggregation {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [Self::Min, Self::Max, Self::Avg, Self::Sum, Self::Skew];

    /// The one of that name, in any case.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "min" => Some(Self::Min),
            "max" => Some(Self::Max),
            "avg" => Some(Self::Avg),
            "sum" => Some(Self::Sum),
            "skew" => Some(Self::Skew),
            _ => None,
        }
    }
}

/// A metric over many things, in the ways that were asked for.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct AggregatedMetric {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avg: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sum: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skew: Option<f64>,
}

/// Aggregates the metrics that were asked for over `things`; where none was asked for, the names of all are the answer.
pub(crate) fn aggregate(
    things: &[Metrics],
    wanted: Option<&[&str]>,
    ways: &[Aggregation],
) -> Vec<AggregatedMetric> {
    let Some(wanted) = wanted else {
        let names: BTreeMap<_, _> = things.iter().flatten().map(|(id, _)| (id, ())).collect();
        return names
            .into_keys()
            .map(|id| AggregatedMetric::of(id, &[], &[]))
            .collect();
    };
    let mut aggregated = Vec::new();
    for name in wanted {
        let numbers: Vec<f64> = things
            .iter()
            .flatten()
            .filter(|(id, _)| id == name)
            .filter_map(|(_, value)| value.number())
            .collect();
        if !numbers.is_empty() {
            aggregated.push(AggregatedMetric::of(name, &numbers, ways));
        }
    }
    aggregated
}

impl AggregatedMetric {
    fn of(id: &str, numbers: &[f64], ways: &[Aggregation]) -> Self {
        let sum: f64 = numbers.iter().sum();
        let average = sum / numbers.len().max(1) as f64;
        let asked = |way, number: f64| ways.contains(&way).then_some(number);
        Self {
            id: id.to_owned(),
            min: asked(
                Aggregation::Min,
                numbers.iter().copied().fold(f64::INFINITY, f64::min),
            ),
            max: asked(
                Aggregation::Max,
                numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            ),
            avg: asked(Aggregation::Avg, average),
            sum: asked(Aggregation::Sum, sum),
            skew: asked(Aggregation::Skew, skew(numbers, average)),
        }
    }
}

fn skew(numbers: &[f64], average: f64) -> f64 {
    if average == 0.0 || numbers.is_empty() {
        return 0.0;
    }
    let distance: f64 = numbers.iter().map(|number| (number - average).abs()).sum();
    let mean = distance / numbers.len() as f64;
    (mean / average * 100.0).min(100.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Aggregation, Metrics, Value, aggregate, select};

    fn thing(records: i64) -> Metrics {
        vec![
            ("numRecordsOut".to_owned(), Value::Whole(records)),
            ("path".to_owned(), Value::Text("file:/x".to_owned())),
        ]
    }

    #[test]
    fn without_a_wish_the_names_are_the_answer() {
        let json = serde_json::to_value(select(&thing(7), None)).expect("JSON");
        assert_eq!(json, json!([{"id": "numRecordsOut"}, {"id": "path"}]));
        let json = serde_json::to_value(aggregate(&[thing(7)], None, &Aggregation::ALL));
        assert_eq!(
            json.expect("JSON"),
            json!([{"id": "numRecordsOut"}, {"id": "path"}])
        );
    }

    #[test]
    fn what_is_asked_for_comes_with_its_value_and_the_unknown_is_left_out() {
        let json = serde_json::to_value(select(&thing(7), Some(&["nope", "numRecordsOut"])));
        assert_eq!(
            json.expect("JSON"),
            json!([{"id": "numRecordsOut", "value": "7"}])
        );
    }

    #[test]
    fn numbers_are_aggregated_in_the_ways_asked_for_and_texts_are_not() {
        let things = [thing(10), thing(30)];
        let wanted = ["numRecordsOut", "path"];
        let all = aggregate(&things, Some(&wanted), &Aggregation::ALL);
        let expected = json!([
            {"id": "numRecordsOut", "min": 10.0, "max": 30.0, "avg": 20.0, "sum": 40.0, "skew": 50.0}
        ]);
        assert_eq!(serde_json::to_value(all).expect("JSON"), expected);
        let some = aggregate(&things, Some(&wanted), &[Aggregation::Max]);
        assert_eq!(
            serde_json::to_value(some).expect("JSON"),
            json!([{"id": "numRecordsOut", "max": 30.0}])
        );
    }
}
