//! The plan of a job that is not submitted.

use millstream_core::{JobId, Result};
use millstream_protocol::link::VertexReport;
use serde::Deserialize;
use serde_json::Value;

use super::jobs::JobPlanInfo;
use crate::packages::not_a_package;

/// What a package prints of a job: the vertices that it would run as.
#[derive(Debug, Deserialize)]
struct Printed {
    name: String,
    vertices: Vec<VertexReport>,
}

/// The plan that a package printed. `job`: the id that the request named; where it named none there are zeros.
///
/// # Errors
/// It is no plan.
pub(crate) fn of(printed: Value, job: Option<JobId>) -> Result<JobPlanInfo> {
    let printed: Printed = serde_json::from_value(printed).map_err(not_a_package)?;
    let job = job.unwrap_or(JobId::from_bytes([0; 16]));
    Ok(JobPlanInfo::new(job, &printed.name, &printed.vertices))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::of;

    #[test]
    fn a_printed_plan_becomes_one_of_flinks_form() {
        let (source, sink) = ("11".repeat(16), "22".repeat(16));
        let task = json!({"id": null, "status": "CREATED", "switched": {}, "numbers": {
            "records_in": 0, "records_out": 0, "bytes_in": 0, "busy_ms": 0, "backpressured_ms": 0,
            "records_in_per_second": 0.0, "records_out_per_second": 0.0, "busy": 0.0, "backpressured": 0.0,
            "watermark": null}});
        let printed = json!({"name": "words", "max_parallelism": 128, "vertices": [
            {"id": source, "name": "Source: a -> b", "operators": ["Source: a", "b"], "is_source": true, "inputs": [],
             "subtasks": [task, task]},
            {"id": sink, "name": "Sink: c", "operators": ["Sink: c"], "is_source": false,
             "inputs": [{"from": source, "ship_strategy": "HASH"}], "subtasks": [task]},
        ], "operators": {"nodes": []}});
        let plan = serde_json::to_value(of(printed, None).expect("a plan"));
        let expected = json!({"plan": {
        "jid": "00000000000000000000000000000000", "name": "words", "type": "STREAMING", "nodes": [
            {"id": sink, "operator": "", "parallelism": 1, "operator_strategy": "", "description": "Sink: c<br/>",
             "optimizer_properties": {}, "inputs": [
                 {"id": source, "num": 0, "exchange": "pipelined_bounded", "ship_strategy": "HASH"}]},
            {"id": source, "operator": "", "parallelism": 2, "operator_strategy": "",
             "description": "Source: a<br/>+- b<br/>", "optimizer_properties": {}}
        ]}});
        assert_eq!(plan.expect("JSON"), expected);
    }

    #[test]
    fn what_is_no_plan_is_not_answered_as_an_empty_one() {
        let error = of(json!({"nodes": []}), None).expect_err("no plan");
        assert_eq!(error.code(), millstream_core::codes::PACKAGE_INVALID.id);
    }
}
