//! The metrics of tasks and of their operators, under Flink's names.
//!
//! Counts are those of the present attempt. Rates are those of its last second: they are 0 where no process tells them
//! any more. Of the operators of a task the first and the last are known: what goes in, and what comes out.

use millstream_core::TaskStatus;
use millstream_protocol::link::{SubtaskReport, TaskCheckpoint, TaskNumbers, VertexReport};

use super::checkpoints;
use super::metrics::{Metrics, Value};
use super::tasks;
use crate::views::JobView;

/// A watermark that has not come yet, in Flink's words.
const NO_WATERMARK: i64 = i64::MIN;
/// A task that waits for a larger share of its time than this is back-pressured.
pub(crate) const BACK_PRESSURED: f64 = 0.1;

/// Whose metrics those of partitions are, in Flink's words.
pub(crate) const PARTITIONS: &str = "KafkaSourceReader";
const RECORDS_CONSUMED: &str = "KafkaSourceReader.KafkaConsumer.records-consumed-total";
const BYTES_CONSUMED: &str = "KafkaSourceReader.KafkaConsumer.bytes-consumed-total";
const LARGEST_LAG: &str = "KafkaSourceReader.KafkaConsumer.records-lag-max";

/// A subtask of a vertex of a job.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task<'a> {
    job: &'a JobView,
    vertex: &'a VertexReport,
    subtask: usize,
    report: &'a SubtaskReport,
}

/// Every subtask of `vertex`, which is one of `job`.
pub(crate) fn tasks_of<'a>(
    job: &'a JobView,
    vertex: &'a VertexReport,
) -> impl Iterator<Item = Task<'a>> {
    let tasks = vertex.subtasks.iter().enumerate();
    tasks.map(move |(subtask, report)| Task {
        job,
        vertex,
        subtask,
        report,
    })
}

impl<'a> Task<'a> {
    /// What it is called: its number, and the id of its execution.
    pub(crate) fn labels(self) -> (usize, String) {
        let execution = self.report.id.map(|id| id.to_string());
        (self.subtask, execution.unwrap_or_default())
    }

    /// Its metrics, and those of its operators behind the names of the operators and a dot.
    pub(crate) fn all(self, now: u64) -> Metrics {
        let mut metrics = self.own(now);
        for (operator, of_operator) in self.of_operators() {
            let operator = allowed(operator);
            let named = of_operator.into_iter();
            metrics.extend(named.map(|(name, value)| (format!("{operator}.{name}"), value)));
        }
        for (topic, number, of_partition) in self.of_partitions() {
            let within = format!("{PARTITIONS}.topic.{topic}.partition.{number}");
            let named = of_partition.into_iter();
            metrics.extend(named.map(|(name, value)| (format!("{within}.{name}"), value)));
        }
        metrics
    }

    /// Its metrics without those of its operators.
    pub(crate) fn own(self, now: u64) -> Metrics {
        let (numbers, rates) = (&self.report.numbers, self.rates());
        let idle = (1.0 - rates.busy - rates.backpressured).clamp(0.0, 1.0);
        let idle = if self.job.process.is_some() {
            idle
        } else {
            0.0
        };
        let per_second = |share: f64| Value::Fraction((share * 1_000.0).round());
        let is_back_pressured = rates.backpressured > BACK_PRESSURED;
        let mut metrics = self.input();
        metrics.extend(self.output());
        metrics.extend(named([
            ("busyTimeMsPerSecond", per_second(rates.busy)),
            (
                "backPressuredTimeMsPerSecond",
                per_second(rates.backpressured),
            ),
            ("idleTimeMsPerSecond", per_second(idle)),
            ("isBackPressured", Value::Flag(is_back_pressured)),
            ("accumulateBusyTimeMs", Value::count(numbers.busy_ms)),
            (
                "accumulateBackPressuredTimeMs",
                Value::count(numbers.backpressured_ms),
            ),
            (
                "accumulateIdleTimeMs",
                Value::count(tasks::idle_ms(self.job, self.report, now)),
            ),
            ("initializationTime", self.initialization_time()),
            ("checkpointStartDelayNanos", self.start_delay()),
            ("currentInputWatermark", watermark(self.report)),
        ]));
        metrics
    }

    /// Those of its first and of its last operator, by the operators' names.
    pub(crate) fn of_operators(self) -> Vec<(&'a str, Metrics)> {
        let operators = &self.vertex.operators;
        let (Some(first), Some(last)) = (operators.first(), operators.last()) else {
            return Vec::new();
        };
        let mut of_first = self.input();
        if !self.vertex.is_source {
            of_first.extend(named([("currentInputWatermark", watermark(self.report))]));
        }
        if operators.len() == 1 {
            of_first.extend(self.output());
            return vec![(first.as_str(), of_first)];
        }
        vec![(first.as_str(), of_first), (last.as_str(), self.output())]
    }

    /// What goes into the task.
    fn input(self) -> Metrics {
        let (numbers, rates) = (&self.report.numbers, self.rates());
        let mut metrics = named([
            ("numRecordsIn", Value::count(numbers.records_in)),
            (
                "numRecordsInPerSecond",
                Value::Fraction(rates.records_in_per_second),
            ),
            ("numBytesIn", Value::count(numbers.bytes_in)),
            (
                "numBytesInPerSecond",
                Value::Fraction(rates.bytes_in_per_second),
            ),
        ]);
        if self.vertex.is_source {
            let errors = Value::count(numbers.bad_records);
            metrics.extend(named([("numRecordsInErrors", errors)]));
        }
        if self.vertex.is_source && numbers.bytes_total > 0 {
            let pending = numbers.bytes_total.saturating_sub(numbers.bytes_in);
            metrics.extend(named([("pendingBytes", Value::count(pending))]));
        }
        metrics.extend(self.lag());
        metrics.extend(self.gauges(true));
        // Only a source of files has any.
        let of_files = [
            ("numFilesInErrors", numbers.bad_files),
            ("numFilesLost", numbers.lost_files),
        ];
        let met = of_files.into_iter().filter(|(_, count)| *count > 0);
        metrics.extend(met.map(|(name, count)| (name.to_owned(), Value::count(count))));
        metrics
    }

    /// How far a source of Kafka is behind, as Flink's has it and, where that is none of it, Kafka's consumer.
    fn lag(self) -> Metrics {
        let numbers = &self.report.numbers;
        if self.report.splits.is_empty() {
            return Vec::new();
        }
        let mut metrics = named([
            (RECORDS_CONSUMED, Value::count(numbers.records_in)),
            (BYTES_CONSUMED, Value::count(numbers.bytes_in)),
        ]);
        let known = [
            ("pendingRecords", numbers.pending_records),
            (LARGEST_LAG, numbers.largest_lag),
        ];
        let known = known.into_iter();
        metrics.extend(
            known.filter_map(|(name, count)| Some((name.to_owned(), Value::count(count?)))),
        );
        metrics
    }

    /// What is told of each partition of Kafka: its topic, its number, its metrics.
    pub(crate) fn of_partitions(self) -> impl Iterator<Item = (&'a str, &'a str, Metrics)> {
        let splits = self.report.splits.iter();
        splits.filter_map(|split| {
            let (topic, number) = split.name.rsplit_once('/')?;
            let known = [
                ("currentOffset", Some(split.next)),
                ("committedOffset", split.committed),
                ("records-lag", split.lag),
            ];
            let known = known.into_iter();
            let metrics = known
                .filter_map(|(name, count)| Some((name.to_owned(), Value::count(count?))))
                .collect();
            Some((topic, number, metrics))
        })
    }

    /// What the connectors of the task show by names of their own: of its source, or of a sink.
    fn gauges(self, of_source: bool) -> Metrics {
        let gauges = self.report.gauges.iter();
        let own = gauges.filter(|(name, _)| name.starts_with(PARTITIONS) == of_source);
        own.map(|(name, value)| (name.clone(), Value::measured(*value)))
            .collect()
    }

    /// What comes out of the task.
    fn output(self) -> Metrics {
        let rate = self.rates().records_out_per_second;
        let mut metrics = named([
            (
                "numRecordsOut",
                Value::count(self.report.numbers.records_out),
            ),
            ("numRecordsOutPerSecond", Value::Fraction(rate)),
        ]);
        metrics.extend(self.gauges(false));
        metrics
    }

    /// The numbers of which the rates are read.
    fn rates(self) -> TaskNumbers {
        match self.job.process {
            Some(_) => self.report.numbers,
            None => TaskNumbers::default(),
        }
    }

    /// How long it took from the beginning of its initialization until it ran; -1: it does not run yet.
    fn initialization_time(self) -> Value {
        let at = |status| self.report.switched.get(&status).copied();
        let took = at(TaskStatus::Running)
            .zip(at(TaskStatus::Initializing))
            .map(|(running, initializing)| running.saturating_sub(initializing));
        Value::Whole(tasks::or_minus_one(took))
    }

    /// How long its part of the newest checkpoint took to begin.
    fn start_delay(self) -> Value {
        let millis = self.newest_part().map_or(0, |part| part.start_delay_ms);
        Value::count(millis.saturating_mul(1_000_000))
    }

    fn newest_part(self) -> Option<TaskCheckpoint> {
        let mut vertices = tasks::vertices(self.job).iter();
        let position = vertices.position(|vertex| vertex.id == self.vertex.id)?;
        let newest = checkpoints::latest_completed(self.job)?;
        *newest.tasks.get(position)?.get(self.subtask)?
    }
}

fn named<const N: usize>(metrics: [(&str, Value); N]) -> Metrics {
    let metrics = metrics.into_iter();
    metrics
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The name of an operator as a part of the name of a metric: `Source__Numbers` of `Source: Numbers`, as in Flink.
fn allowed(operator: &str) -> String {
    let letters = operator.chars();
    letters
        .map(|letter| match letter {
            ' ' | ':' | '.' | ',' | '#' => '_',
            letter => letter,
        })
        .collect()
}

fn watermark(task: &SubtaskReport) -> Value {
    Value::Whole(task.numbers.watermark.unwrap_or(NO_WATERMARK))
}

/// The metrics of a vertex: those of its tasks, each behind the number of its task and a dot.
pub(crate) fn of_vertex(job: &JobView, vertex: &VertexReport, now: u64) -> Metrics {
    let of_task = |task: Task<'_>| {
        let numbered = task.all(now).into_iter();
        numbered
            .map(|(name, value)| (format!("{}.{name}", task.subtask), value))
            .collect::<Metrics>()
    };
    tasks_of(job, vertex).flat_map(of_task).collect()
}

/// The watermarks of a vertex; none of a source, which takes none in.
pub(crate) fn watermarks_of(vertex: &VertexReport) -> Metrics {
    if vertex.is_source {
        return Vec::new();
    }
    let tasks = vertex.subtasks.iter().enumerate();
    tasks
        .map(|(subtask, task)| (format!("{subtask}.currentInputWatermark"), watermark(task)))
        .collect()
}
