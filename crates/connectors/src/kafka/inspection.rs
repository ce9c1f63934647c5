//! Whether a source or a sink of Kafka would start: everything that can be known of brokers, topics, rights and limits
//! without reading a record, writing one, or making anything.
//!
//! Rights on topics are what brokers say of themselves. Those on groups and transactional ids they do not say: each is
//! asked for something that can't be, as nobody has the group's member or the id, and refuses that for want of the right
//! first.

mod sink;
mod source;

use std::sync::Arc;

use millstream_core::codes::Code;
use millstream_core::{Error, Finding, Result, Verdict, counted};

use super::grants::{Lack, grant};
use super::properties::Properties;
use super::wire::{Cluster, Inspected, Looked, Operation, Reached, Session, Trouble};

/// One end of a job, and who looks at it.
struct Inspector {
    /// `source` or `sink`.
    end: &'static str,
    code: &'static Code,
    brokers: String,
    /// Who logs in, where that is known.
    user: Option<String>,
    findings: Vec<Finding>,
}

impl Inspector {
    fn new(end: &'static str, code: &'static Code, brokers: &str, properties: &Properties) -> Self {
        let user = properties.get("sasl.username").map(str::to_owned);
        Self {
            end,
            code,
            brokers: brokers.to_owned(),
            user,
            findings: Vec::new(),
        }
    }

    fn name(&self, what: &str) -> String {
        format!("{} {what}", self.end)
    }

    fn well(&mut self, what: &str, detail: impl Into<String>) {
        let what = self.name(what);
        self.findings.push(Finding::well(what, detail));
    }

    fn warn(&mut self, what: &str, detail: impl Into<String>, next: impl Into<String>) {
        let what = self.name(what);
        self.findings.push(Finding::warning(what, detail, next));
    }

    fn wrong(&mut self, what: &str, error: &Error) {
        let what = self.name(what);
        self.findings.push(Finding::wrong(what, error));
    }

    fn fails(&mut self, what: &str, message: impl Into<String>, next: impl Into<String>) {
        let error = Error::new(self.code, message).next(next);
        self.wrong(what, &error);
    }

    /// The error of a question that was not answered.
    fn error_of(&self, trouble: Trouble) -> Error {
        let end = self.end;
        match trouble {
            Trouble::Refused(error) => {
                let next = error.next_step().to_owned();
                Error::new(self.code, error.message()).next(next)
            }
            Trouble::Away(why) => Error::new(self.code, why).next(format!(
                "see that the broker runs and can be reached from here, and that {end}.kafka.brokers and \
                 {end}.kafka.security.protocol name one of its listeners and what that expects"
            )),
        }
    }

    fn is_wrong(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.verdict == Verdict::Wrong)
    }

    /// The command that grants a right, as an administrator gives it.
    fn grant(&self, operation: &str, on: &str) -> String {
        grant(&self.brokers, self.user.as_deref(), operation, on)
    }

    /// Tells of a right that the user has not.
    fn lacks(&mut self, lack: &Lack) {
        let next = lack.next(&self.brokers, self.user.as_deref());
        self.fails("rights", lack.message.as_str(), next);
    }

    /// A session, if every broker can be reached; else it is told what is in the way.
    fn reach(&mut self, cluster: Result<Cluster>) -> Option<Session> {
        let cluster = match cluster {
            Ok(cluster) => cluster,
            Err(error) => {
                let detail = format!("can't be asked for: {}", error.message());
                self.warn("rights", detail, error.next_step());
                return None;
            }
        };
        let mut session = Session::asking(Arc::new(cluster));
        let reached = session.reach();
        if let Some(refused) = reached.iter().find_map(refused) {
            let error = self.error_of(Trouble::Refused(refused));
            self.wrong("brokers", &error);
            return None;
        }
        let (away, there): (Vec<&Reached>, Vec<&Reached>) = reached
            .iter()
            .partition(|reached| reached.trouble.is_some());
        if there.is_empty() {
            let why: Vec<String> = away.iter().filter_map(|away| why(away)).collect();
            let error = self.error_of(Trouble::Away(why.join("; ")));
            self.wrong("brokers", &error);
            return None;
        }
        let names: Vec<&str> = there.iter().map(|there| there.address.as_str()).collect();
        self.well("brokers", names.join(", "));
        for away in away {
            let why = why(away).unwrap_or_default();
            if away.given {
                let name = format!("take it out of {}.kafka.brokers, or start it", self.end);
                self.warn("brokers", why, name);
            } else {
                let message = format!("{why} (the address is the one that brokers tell clients)");
                let next = "correct the broker's advertised.listeners, or have the name and the port reached from here";
                self.fails("brokers", message, next);
            }
        }
        Some(session)
    }

    /// Whether a topic is there, and read or written by somebody.
    fn topic(&mut self, found: &Inspected) -> bool {
        let topic = &found.topic;
        match &found.looked {
            Looked::There if found.leaderless.is_empty() => {
                let partitions = counted(found.partitions as u64, "partition");
                self.well("topic", format!("{topic}, {partitions}"));
                true
            }
            Looked::There => {
                let numbers = found.leaderless.iter().map(i32::to_string);
                let numbers = numbers.collect::<Vec<_>>().join(", ");
                let message = format!("no broker leads partitions {numbers} of topic {topic}");
                self.fails("topic", message, "start the brokers that hold them");
                true
            }
            Looked::Denied => {
                let message = format!("the user may not see topic {topic}");
                let next = self.grant("Describe", &format!("--topic {topic}"));
                self.fails("topic", message, next);
                false
            }
            Looked::Other(why) => {
                let message = format!("topic {topic}: {why}");
                self.fails("topic", message, "see the broker's log");
                false
            }
            Looked::Missing => false,
        }
    }

    /// Tells which of the operations may not be done with a topic.
    fn rights(&mut self, found: &Inspected, wanted: &[Operation], otherwise: &'static str) {
        for lacking in found.lacks(wanted) {
            self.lacks(&Lack::on_topic(lacking, &found.topic, otherwise));
        }
    }
}

fn refused(reached: &Reached) -> Option<Error> {
    match &reached.trouble {
        Some(Trouble::Refused(error)) => Some(error.clone()),
        Some(Trouble::Away(_)) | None => None,
    }
}

fn why(reached: &Reached) -> Option<String> {
    reached.trouble.as_ref().map(|trouble| match trouble {
        Trouble::Away(why) => why.clone(),
        Trouble::Refused(error) => error.message().to_owned(),
    })
}
