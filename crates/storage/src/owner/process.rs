//! Which process it is that has a directory: one that has ended on this machine is known to hold no lock and to renew no lease any more,
//! so that whoever comes after it need not watch.

use std::fmt;
use std::fs;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

/// A process, told from every other one that has ever run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    /// The machine, since it was started.
    boot: String,
    /// Whose numbers of processes are meant: a container has its own.
    namespace: String,
    number: u32,
    /// When it began, in ticks of the machine's clock.
    began: u64,
}

impl Process {
    /// This one; `None`: the system does not tell.
    pub(crate) fn own() -> Option<Self> {
        let number = std::process::id();
        Some(Self {
            boot: boot()?,
            namespace: namespace()?,
            number,
            began: match seen(number) {
                Seen::Running { began } => began,
                Seen::Ended | Seen::Hidden => return None,
            },
        })
    }

    /// Reads what [`Display`](fmt::Display) writes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().splitn(4, ' ');
        Some(Self {
            boot: parts.next()?.to_owned(),
            namespace: parts.next()?.to_owned(),
            number: parts.next()?.parse().ok()?,
            began: parts.next()?.parse().ok()?,
        })
    }

    /// Whether it is known to have ended. Of a process that can't be seen from here nothing is known.
    pub(crate) fn has_ended(&self) -> bool {
        self.fate() == Fate::Ended
    }

    /// What is known of it.
    pub(crate) fn fate(&self) -> Fate {
        let is_seen =
            boot().as_ref() == Some(&self.boot) && namespace().as_ref() == Some(&self.namespace);
        if !is_seen {
            return Fate::Hidden;
        }
        match seen(self.number) {
            Seen::Running { began } if began == self.began => Fate::Runs,
            Seen::Running { .. } | Seen::Ended => Fate::Ended,
            Seen::Hidden => Fate::Hidden,
        }
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            boot,
            namespace,
            number,
            began,
        } = self;
        write!(f, "{boot} {namespace} {number} {began}")
    }
}

fn boot() -> Option<String> {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty() && !text.contains(' '))
}

fn namespace() -> Option<String> {
    let link = fs::read_link("/proc/self/ns/pid").ok()?;
    link.to_str().map(str::to_owned)
}

/// What became of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It runs.
    Runs,
    /// It has ended.
    Ended,
    /// That can't be told from here.
    Hidden,
}

/// What is known of the process with a number.
enum Seen {
    /// It runs.
    Running {
        /// Since when.
        began: u64,
    },
    /// There is none, or whoever started it has not asked yet how it ended.
    Ended,
    /// That can't be told.
    Hidden,
}

fn seen(number: u32) -> Seen {
    let Some(pid) = i32::try_from(number).ok().and_then(Pid::from_raw) else {
        return Seen::Hidden;
    };
    // A process of somebody else need not show in the list, and is there nevertheless.
    if test_kill_process(pid) == Err(Errno::SRCH) {
        return Seen::Ended;
    }
    let Ok(stat) = fs::read_to_string(format!("/proc/{number}/stat")) else {
        return Seen::Hidden;
    };
    // Behind the name, which may hold anything.
    let (_, behind) = stat.rsplit_once(')').unwrap_or_default();
    let mut fields = behind.split_whitespace();
    match fields.next() {
        Some("Z" | "X") => Seen::Ended,
        _ => match fields.nth(18).and_then(|began| began.parse().ok()) {
            Some(began) => Seen::Running { began },
            None => Seen::Hidden,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::Process;

    #[test]
    fn a_process_that_has_ended_is_known_by_what_it_was() {
        let own = Process::own().expect("the system tells");
        assert_eq!(Process::parse(&own.to_string()), Some(own.clone()));
        assert!(!own.has_ended());
        let mut child = Command::new("true").spawn().expect("starts");
        let number = child.id();
        child.wait().expect("ends");
        let child = Process {
            number,
            ..own.clone()
        };
        assert!(child.has_ended());
        let later = Process {
            began: own.began + 1,
            ..own.clone()
        };
        assert!(later.has_ended(), "another one had the number");
    }

    #[test]
    fn nothing_is_known_of_what_cannot_be_seen() {
        let own = Process::own().expect("the system tells");
        let elsewhere = Process {
            boot: "elsewhere".to_owned(),
            number: u32::MAX,
            ..own.clone()
        };
        let contained = Process {
            namespace: "pid:[1]".to_owned(),
            number: u32::MAX,
            ..own
        };
        assert!(!elsewhere.has_ended() && !contained.has_ended());
        assert_eq!(Process::parse(""), None);
    }
}
