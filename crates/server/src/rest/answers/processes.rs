//! The processes of jobs, which Flink calls task managers.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::metrics::{Metrics, Value};
use super::tasks;
use crate::rest::names::Names;
use crate::rest::proc::{Machine, ProcessNumbers};
use crate::views::JobView;

/// The slots of a job: as many as its widest vertex has tasks, as in Flink.
pub(crate) fn slots(job: &JobView) -> usize {
    let vertices = tasks::vertices(job);
    vertices
        .iter()
        .map(|vertex| vertex.subtasks.len())
        .max()
        .unwrap_or(0)
}

/// The processes of all jobs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TaskManagersInfo {
    /// One for each job that has a process.
    pub(crate) taskmanagers: Vec<TaskManagerInfo>,
}

/// The process of a job.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TaskManagerInfo {
    id: String,
    path: String,
    data_port: i32,
    jmx_port: i32,
    /// When it last reported, which it does each 10 seconds at least.
    time_since_last_heartbeat: u64,
    slots_number: usize,
    free_slots: usize,
    assigned_tasks: usize,
    total_resource: ResourceProfile,
    free_resource: ResourceProfile,
    hardware: Hardware,
    memory_configuration: MemoryConfiguration,
}

/// Resources, in processors and MiB.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ResourceProfile {
    cpu_cores: f64,
    task_heap_memory: u64,
    task_off_heap_memory: u64,
    managed_memory: u64,
    network_memory: u64,
    extended_resources: BTreeMap<String, f64>,
}

impl ResourceProfile {
    fn new(cpu_cores: f64, bytes: u64) -> Self {
        Self {
            cpu_cores,
            task_heap_memory: bytes >> 20,
            task_off_heap_memory: 0,
            managed_memory: 0,
            network_memory: 0,
            extended_resources: BTreeMap::new(),
        }
    }
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Hardware {
    cpu_cores: usize,
    physical_memory: u64,
    free_memory: u64,
    managed_memory: u64,
}

/// Memory in bytes. A process of ours sets none aside: what it holds is its heap.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MemoryConfiguration {
    framework_heap: u64,
    task_heap: u64,
    framework_off_heap: u64,
    task_off_heap: u64,
    network_memory: u64,
    managed_memory: u64,
    jvm_metaspace: u64,
    jvm_overhead: u64,
    total_flink_memory: u64,
    total_process_memory: u64,
}

impl TaskManagerInfo {
    /// The process of `job`.
    pub(crate) fn of(
        job: &JobView,
        names: &Names,
        numbers: ProcessNumbers,
        machine: Machine,
        now: u64,
    ) -> Self {
        let vertices = tasks::vertices(job);
        let slots = slots(job);
        Self {
            id: names.process(job),
            path: job.directory.display().to_string(),
            data_port: -1,
            jmx_port: -1,
            time_since_last_heartbeat: job.heard.unwrap_or(now),
            slots_number: slots,
            free_slots: 0,
            assigned_tasks: vertices.iter().map(|vertex| vertex.subtasks.len()).sum(),
            total_resource: ResourceProfile::new(slots as f64, numbers.resident),
            free_resource: ResourceProfile::new(0.0, 0),
            hardware: Hardware {
                cpu_cores: machine.processors,
                physical_memory: machine.memory,
                free_memory: machine.available,
                managed_memory: 0,
            },
            memory_configuration: MemoryConfiguration {
                framework_heap: 0,
                task_heap: numbers.resident,
                framework_off_heap: 0,
                task_off_heap: 0,
                network_memory: 0,
                managed_memory: 0,
                jvm_metaspace: 0,
                jvm_overhead: 0,
                total_flink_memory: numbers.resident,
                total_process_memory: numbers.resident,
            },
        }
    }
}

/// The process of a job with its numbers.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TaskManagerDetails {
    #[serde(flatten)]
    process: TaskManagerInfo,
    allocated_slots: Vec<Slot>,
    metrics: TaskManagerMetrics,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Slot {
    job_id: String,
    resource: ResourceProfile,
    assigned_tasks: usize,
}

/// Memory in bytes, in Flink's words. What has no equivalent is 0.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TaskManagerMetrics {
    heap_used: u64,
    heap_committed: u64,
    heap_max: u64,
    non_heap_used: u64,
    non_heap_committed: u64,
    non_heap_max: u64,
    direct_count: u64,
    direct_used: u64,
    direct_max: u64,
    mapped_count: u64,
    mapped_used: u64,
    mapped_max: u64,
    netty_shuffle_memory_segments_available: u64,
    netty_shuffle_memory_segments_used: u64,
    netty_shuffle_memory_segments_total: u64,
    netty_shuffle_memory_available: u64,
    netty_shuffle_memory_used: u64,
    netty_shuffle_memory_total: u64,
    #[schema(value_type = Vec<serde_json::Value>)]
    garbage_collectors: Vec<String>,
}

impl TaskManagerDetails {
    /// The process of `job`.
    pub(crate) fn of(
        job: &JobView,
        names: &Names,
        numbers: ProcessNumbers,
        machine: Machine,
        now: u64,
    ) -> Self {
        let process = TaskManagerInfo::of(job, names, numbers, machine, now);
        let slots = (0..process.slots_number).map(|slot| Slot {
            job_id: job.id.to_string(),
            resource: ResourceProfile::new(1.0, 0),
            assigned_tasks: tasks::vertices(job)
                .iter()
                .filter(|vertex| vertex.subtasks.len() > slot)
                .count(),
        });
        Self {
            allocated_slots: slots.collect(),
            metrics: TaskManagerMetrics::of(numbers, machine),
            process,
        }
    }
}

impl TaskManagerMetrics {
    fn of(numbers: ProcessNumbers, machine: Machine) -> Self {
        Self {
            heap_used: numbers.resident,
            heap_committed: numbers.resident,
            heap_max: machine.memory,
            non_heap_used: 0,
            non_heap_committed: 0,
            non_heap_max: 0,
            direct_count: 0,
            direct_used: 0,
            direct_max: 0,
            mapped_count: 0,
            mapped_used: 0,
            mapped_max: 0,
            netty_shuffle_memory_segments_available: 0,
            netty_shuffle_memory_segments_used: 0,
            netty_shuffle_memory_segments_total: 0,
            netty_shuffle_memory_available: 0,
            netty_shuffle_memory_used: 0,
            netty_shuffle_memory_total: 0,
            garbage_collectors: Vec::new(),
        }
    }
}

/// The metrics of a process, under Flink's names where they mean the same: memory held is the heap.
pub(crate) fn process_metrics(numbers: ProcessNumbers, machine: Machine) -> Metrics {
    let metrics = [
        ("Status.JVM.Memory.Heap.Used", numbers.resident),
        ("Status.JVM.Memory.Heap.Committed", numbers.resident),
        ("Status.JVM.Memory.Heap.Max", machine.memory),
        ("Status.JVM.Threads.Count", numbers.threads),
        ("Status.JVM.CPU.Time", numbers.cpu_nanos),
        ("Status.Process.Memory.Resident", numbers.resident),
        ("Status.Process.Memory.Peak", numbers.peak),
        ("Status.Process.Memory.AddressSpace", numbers.address_space),
        ("Status.Process.OpenFiles", numbers.open_files),
    ];
    metrics
        .into_iter()
        .map(|(name, number)| (name.to_owned(), Value::count(number)))
        .collect()
}
