//! The states of jobs and tasks, with the names of Flink's REST interface.

use std::fmt;

macro_rules! status {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant,)* }

        impl $name {
            /// Every status, in the order of the declaration.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name as printed and as sent over REST.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

status! {
    /// The state of a job.
    JobStatus {
        /// The program is being turned into a graph.
        Initializing = "INITIALIZING",
        /// The graph exists, no task runs yet.
        Created = "CREATED",
        /// Tasks are being deployed or run.
        Running = "RUNNING",
        /// A task failed; the others are being cancelled.
        Failing = "FAILING",
        /// The job failed for good.
        Failed = "FAILED",
        /// The job is being cancelled.
        Cancelling = "CANCELLING",
        /// The job was cancelled.
        Canceled = "CANCELED",
        /// The job came to the end of its input, or was stopped with a savepoint.
        Finished = "FINISHED",
        /// The job failed and waits for its next attempt.
        Restarting = "RESTARTING",
        /// The process that ran the job went away; another may take it up.
        Suspended = "SUSPENDED",
        /// A new server is taking the job up.
        Reconciling = "RECONCILING",
    }
}

status! {
    /// The state of one attempt of one subtask.
    TaskStatus {
        /// Known, nothing done yet.
        Created = "CREATED",
        /// A worker has been chosen.
        Scheduled = "SCHEDULED",
        /// The worker builds the task.
        Deploying = "DEPLOYING",
        /// The task restores its state.
        Initializing = "INITIALIZING",
        /// The task processes records.
        Running = "RUNNING",
        /// The task ended by itself.
        Finished = "FINISHED",
        /// The task was told to end.
        Canceling = "CANCELING",
        /// The task ended because it was told to.
        Canceled = "CANCELED",
        /// The task failed.
        Failed = "FAILED",
    }
}

impl JobStatus {
    /// Whether the job will never change again.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Failed | Self::Canceled | Self::Finished)
    }
}

impl TaskStatus {
    /// Whether this attempt of the task will never change again.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Finished | Self::Canceled | Self::Failed)
    }
}
