//! The statuses of the tasks of one attempt.

use std::collections::{BTreeMap, BTreeSet};

use millstream_core::TaskStatus;

use crate::types::{TaskId, TaskInfo};

/// Most names that one message lists.
const NAMES_SHOWN: usize = 5;

/// A change of a task's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch {
    /// The task.
    pub task: TaskId,
    /// From this status.
    pub from: TaskStatus,
    /// To this one.
    pub to: TaskStatus,
}

/// The tasks of a job and their statuses in the present attempt.
#[derive(Debug, Clone)]
pub struct TaskTable {
    infos: BTreeMap<TaskId, TaskInfo>,
    statuses: BTreeMap<TaskId, TaskStatus>,
    ended_sources: BTreeSet<TaskId>,
}

impl TaskTable {
    /// All tasks, CREATED.
    pub fn new(infos: &[TaskInfo]) -> Self {
        let infos: BTreeMap<_, _> = infos.iter().map(|info| (info.task, info.clone())).collect();
        let statuses = infos
            .keys()
            .map(|task| (*task, TaskStatus::Created))
            .collect();
        Self {
            infos,
            statuses,
            ended_sources: BTreeSet::new(),
        }
    }

    /// A new attempt: every task is CREATED, no source has ended.
    pub fn reset(&mut self) {
        self.statuses
            .values_mut()
            .for_each(|status| *status = TaskStatus::Created);
        self.ended_sources.clear();
    }

    /// Every task with its status.
    pub fn statuses(&self) -> &BTreeMap<TaskId, TaskStatus> {
        &self.statuses
    }

    /// The name of a task, or its numbers if there is none of that id.
    pub fn name(&self, task: TaskId) -> String {
        match self.infos.get(&task) {
            Some(info) => info.name.clone(),
            None => format!("task {}.{}", task.vertex, task.subtask),
        }
    }

    /// Takes a report over. `None` where it is no step forward: late, repeated or of an unknown task.
    ///
    /// A task that was told to end counts as CANCELED however it ends.
    pub fn report(&mut self, task: TaskId, to: TaskStatus) -> Option<Switch> {
        let from = *self.statuses.get(&task)?;
        let to = match (from, to) {
            (TaskStatus::Canceling, TaskStatus::Finished) => TaskStatus::Canceled,
            _ => to,
        };
        if from.is_terminal() || rank(to) <= rank(from) {
            return None;
        }
        self.statuses.insert(task, to);
        Some(Switch { task, from, to })
    }

    /// Moves every task that has not ended to `to`.
    pub fn switch_rest(&mut self, to: TaskStatus) -> Vec<Switch> {
        let rest: Vec<TaskId> = self.unended().collect();
        rest.into_iter()
            .filter_map(|task| self.report(task, to))
            .collect()
    }

    /// Notes that a source task has come to its end.
    pub fn source_ended(&mut self, task: TaskId) {
        if self.infos.get(&task).is_some_and(|info| info.is_source) {
            self.ended_sources.insert(task);
        }
    }

    /// Whether every source has come to its end. Without sources there is no end.
    pub fn input_ended(&self) -> bool {
        let sources = self.infos.values().filter(|info| info.is_source).count();
        sources > 0 && self.ended_sources.len() == sources
    }

    /// Whether every task is RUNNING.
    pub fn all_running(&self) -> bool {
        self.statuses
            .values()
            .all(|status| *status == TaskStatus::Running)
    }

    /// The tasks that have not ended.
    pub fn unended(&self) -> impl Iterator<Item = TaskId> {
        self.statuses
            .iter()
            .filter(|(_, status)| !status.is_terminal())
            .map(|(task, _)| *task)
    }

    /// Whether there is such a task.
    pub fn contains(&self, task: TaskId) -> bool {
        self.infos.contains_key(&task)
    }

    /// The ids of all tasks.
    pub fn ids(&self) -> BTreeSet<TaskId> {
        self.infos.keys().copied().collect()
    }

    /// The names of `tasks` for a message: the first few, and how many more there are.
    pub fn names(&self, tasks: impl IntoIterator<Item = TaskId>) -> String {
        let names: Vec<String> = tasks.into_iter().map(|task| self.name(task)).collect();
        let shown = names
            .iter()
            .take(NAMES_SHOWN)
            .cloned()
            .collect::<Vec<_>>()
            .join(", ");
        match names.len().saturating_sub(NAMES_SHOWN) {
            0 => shown,
            more => format!("{shown} and {more} more"),
        }
    }
}

/// Statuses only ever move to a higher rank.
const fn rank(status: TaskStatus) -> u8 {
    match status {
        TaskStatus::Created => 0,
        TaskStatus::Scheduled => 1,
        TaskStatus::Deploying => 2,
        TaskStatus::Initializing => 3,
        TaskStatus::Running => 4,
        TaskStatus::Canceling => 5,
        TaskStatus::Finished | TaskStatus::Canceled | TaskStatus::Failed => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(parallelism: u32) -> TaskTable {
        let infos: Vec<TaskInfo> = (0..parallelism)
            .map(|subtask| TaskInfo {
                task: TaskId { vertex: 0, subtask },
                name: format!("Source: numbers ({}/{parallelism})", subtask + 1),
                is_source: true,
            })
            .collect();
        TaskTable::new(&infos)
    }

    const FIRST: TaskId = TaskId {
        vertex: 0,
        subtask: 0,
    };

    #[test]
    fn a_task_never_goes_back() {
        let mut table = table(1);
        assert!(table.report(FIRST, TaskStatus::Running).is_some());
        assert_eq!(table.report(FIRST, TaskStatus::Deploying), None);
        assert!(table.report(FIRST, TaskStatus::Failed).is_some());
        assert_eq!(table.report(FIRST, TaskStatus::Canceled), None);
    }

    #[test]
    fn a_cancelled_task_that_finishes_counts_as_cancelled() {
        let mut table = table(1);
        table.report(FIRST, TaskStatus::Canceling);
        let switch = table.report(FIRST, TaskStatus::Finished).expect("it ended");
        assert_eq!(switch.to, TaskStatus::Canceled);
    }

    #[test]
    fn the_input_has_ended_when_every_source_says_so() {
        let mut table = table(2);
        table.source_ended(FIRST);
        table.source_ended(FIRST);
        assert!(!table.input_ended());
        table.source_ended(TaskId {
            vertex: 0,
            subtask: 1,
        });
        assert!(table.input_ended());
        table.reset();
        assert!(!table.input_ended());
    }

    #[test]
    fn a_long_list_of_names_is_cut() {
        let table = table(7);
        assert!(table.names(table.ids()).ends_with("(5/7) and 2 more"));
    }
}
