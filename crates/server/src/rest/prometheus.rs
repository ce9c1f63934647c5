//! Metrics in the text format of Prometheus, under the names that Flink's reporter gives them:
//! `flink_<scope>_<name>`, with what the scope says as labels.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use millstream_protocol::link::VertexReport;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::App;
use super::answers::cluster::jobs_by_status;
use super::answers::metrics::{Metrics, Value};
use super::answers::processes::process_metrics;
use super::answers::{job_metrics, task_metrics, tasks};
use super::errors::Answer;
use super::names::Names;
use super::resources::metrics::{metrics_of_server, with_metadata};
use super::resources::processes::{measure, running};
use crate::clock;
use crate::views::JobView;

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(scrape))
}

/// Every metric of the server and of the jobs that have not ended, for Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    responses((status = 200, body = String, content_type = "text/plain"))
)]
async fn scrape(State(app): State<App>) -> Answer<Response> {
    let mut page = Page::default();
    let host = [("host", app.names.host().to_owned())];
    page.add("jobmanager", &host, &metrics_of_server(&app).await?);
    let now = clock::now();
    let mut jobs = app.registry.known_jobs();
    for (status, count) in jobs_by_status(jobs.iter().map(AsRef::as_ref)) {
        let [host] = host.clone();
        let labels = [host, ("status", status.to_string())];
        let metrics = vec![("numJobs".to_owned(), Value::count(count))];
        page.add("jobmanager", &labels, &metrics);
    }
    jobs.retain(|job| !job.status.is_terminal());
    jobs.sort_by_key(|job| (std::cmp::Reverse(job.start_time), job.id));
    for (job, metadata) in with_metadata(jobs).await? {
        let metrics = job_metrics::of_job(&job, metadata, now);
        add_job(&mut page, &job, &metrics, &app.names, now);
    }
    let measured = measure(running(&app)).await?;
    for (job, numbers) in &measured.jobs {
        let labels = [
            ("host", app.names.host().to_owned()),
            ("tm_id", app.names.process(job)),
        ];
        page.add(
            "taskmanager",
            &labels,
            &process_metrics(*numbers, measured.machine),
        );
    }
    let headers = [(
        header::CONTENT_TYPE,
        "text/plain; version=0.0.4; charset=utf-8",
    )];
    Ok((headers, page.text()).into_response())
}

fn add_job(page: &mut Page, job: &JobView, metrics: &Metrics, names: &Names, now: u64) {
    let labels = labels_of(job, names);
    page.add("jobmanager_job", &labels, metrics);
    // What a process has told that is gone is not so any more.
    if job.process.is_none() {
        return;
    }
    for vertex in tasks::vertices(job) {
        add_vertex(page, job, vertex, names, now);
    }
}

fn labels_of(job: &JobView, names: &Names) -> Vec<(&'static str, String)> {
    vec![
        ("host", names.host().to_owned()),
        ("job_id", job.id.to_string()),
        ("job_name", job.name.clone()),
    ]
}

fn add_vertex(page: &mut Page, job: &JobView, vertex: &VertexReport, names: &Names, now: u64) {
    for task in task_metrics::tasks_of(job, vertex) {
        let (subtask, execution) = task.labels();
        let mut labels = labels_of(job, names);
        labels.extend([
            ("subtask_index", subtask.to_string()),
            ("task_attempt_id", execution),
            ("task_attempt_num", tasks::attempt_number(job).to_string()),
            ("task_id", vertex.id.to_string()),
            ("task_name", vertex.name.clone()),
            ("tm_id", names.process(job)),
        ]);
        page.add("taskmanager_job_task", &labels, &task.own(now));
        for (operator, metrics) in task.of_operators() {
            let mut labels = labels.clone();
            labels.push(("operator_name", operator.to_owned()));
            page.add("taskmanager_job_task_operator", &labels, &metrics);
        }
        let operator = vertex.operators.first().cloned().unwrap_or_default();
        for (topic, partition, metrics) in task.of_partitions() {
            let mut labels = labels.clone();
            labels.extend([
                ("operator_name", operator.clone()),
                ("topic", topic.to_owned()),
                ("partition", partition.to_owned()),
            ]);
            let scope = format!(
                "taskmanager_job_task_operator_{}_topic_partition",
                task_metrics::PARTITIONS
            );
            page.add(&scope, &labels, &metrics);
        }
    }
}

/// What is scraped: the samples of each metric together, as the format wants it.
#[derive(Debug, Default)]
struct Page {
    families: BTreeMap<String, Family>,
}

#[derive(Debug, Default)]
struct Family {
    help: String,
    samples: Vec<String>,
}

impl Page {
    /// Adds the metrics of one thing. Those that are no numbers are left out, as Flink's reporter does.
    fn add(&mut self, scope: &str, labels: &[(&str, String)], metrics: &Metrics) {
        let labels: Vec<_> = labels
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
            .collect();
        let labels = labels.join(",");
        for (name, value) in metrics {
            let Some(value) = value.sample() else {
                continue;
            };
            let full = format!("flink_{scope}_{}", allowed(name));
            let sample = format!("{full}{{{labels}}} {value}");
            let family = self.families.entry(full).or_default();
            family.help = format!("{name} (scope: {scope})");
            family.samples.push(sample);
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (name, family) in &self.families {
            let help = &family.help;
            text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} gauge\n"));
            for sample in &family.samples {
                text.push_str(sample);
                text.push('\n');
            }
        }
        text
    }
}

/// A name with what Prometheus does not take replaced by `_`.
fn allowed(name: &str) -> String {
    name.chars()
        .map(|letter| match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' | ':' | '_' => letter,
            _ => '_',
        })
        .collect()
}

/// The text of a label: what the format escapes, and control characters written out, which a terminal would obey.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for letter in value.chars() {
        match letter {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            // The format has no other escapes: a backslash of its own, and what Rust writes behind it.
            letter if letter.is_control() => {
                text.push('\\');
                text.extend(letter.escape_default());
            }
            letter => text.push(letter),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::Page;
    use crate::rest::answers::metrics::Value;

    #[test]
    fn control_characters_of_a_name_are_written_out() {
        let mut page = Page::default();
        let metrics = vec![("uptime".to_owned(), Value::Whole(1))];
        let labels = [("job_name", "a\u{1b}[31m\"b\\c\nd\u{9b}\r\t".to_owned())];
        page.add("jobmanager_job", &labels, &metrics);
        let text = page.text();
        assert!(
            !text
                .chars()
                .any(|letter| letter.is_control() && letter != '\n'),
            "{text:?}"
        );
        assert!(
            text.contains(r#"job_name="a\\u{1b}[31m\"b\\c\nd\\u{9b}\\r\\t""#),
            "{text}"
        );
    }

    #[test]
    fn a_metric_has_the_name_and_the_labels_that_flinks_reporter_gives_it() {
        let mut page = Page::default();
        let metrics = vec![
            ("lastCheckpointDuration".to_owned(), Value::Whole(12)),
            (
                "lastCheckpointExternalPath".to_owned(),
                Value::Text("file:/x".to_owned()),
            ),
        ];
        for name in ["one", "t\"wo\\"] {
            page.add("jobmanager_job", &[("job_name", name.to_owned())], &metrics);
        }
        let cpu = vec![
            ("Status.JVM.CPU.Time".to_owned(), Value::Fraction(0.5)),
            ("isWell".to_owned(), Value::Flag(true)),
        ];
        page.add("jobmanager", &[("host", "h".to_owned())], &cpu);
        let expected = [
            "# HELP flink_jobmanager_Status_JVM_CPU_Time Status.JVM.CPU.Time (scope: jobmanager)",
            "# TYPE flink_jobmanager_Status_JVM_CPU_Time gauge",
            "flink_jobmanager_Status_JVM_CPU_Time{host=\"h\"} 0.5",
            "# HELP flink_jobmanager_isWell isWell (scope: jobmanager)",
            "# TYPE flink_jobmanager_isWell gauge",
            "flink_jobmanager_isWell{host=\"h\"} 1",
            "# HELP flink_jobmanager_job_lastCheckpointDuration lastCheckpointDuration (scope: jobmanager_job)",
            "# TYPE flink_jobmanager_job_lastCheckpointDuration gauge",
            "flink_jobmanager_job_lastCheckpointDuration{job_name=\"one\"} 12",
            "flink_jobmanager_job_lastCheckpointDuration{job_name=\"t\\\"wo\\\\\"} 12",
            "",
        ];
        assert_eq!(page.text(), expected.join("\n"));
    }
}
