//! Whether a source would start, and where.

use std::sync::Arc;
use std::time::Duration;

use millstream_core::{Finding, codes, counted};
use millstream_engine::connector::Cancelled;

use super::Inspector;
use crate::kafka::KafkaSource;
use crate::kafka::begin::{Fresh, New, Start, begin, end_of};
use crate::kafka::client::{Ears, Trouble as Told, consumer};
use crate::kafka::discovery::questions::Questions;
use crate::kafka::messages::{missing_error, missing_warning, unknown_error};
use crate::kafka::options::{End, Topics};
use crate::kafka::partition::Partition;
use crate::kafka::wire::{Cluster, Looked, Operation, Patience, Session};

/// Where brokers keep the offsets of groups; made with the first group.
const OFFSETS: &str = "__consumer_offsets";
/// For so long a question is asked again whose answer is only *not now*: brokers that are young have to find the group's coordinator
/// first, and that has to load what it keeps.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a group says of itself.
#[derive(Clone, Copy)]
struct Group {
    /// Whether brokers keep offsets of any group.
    is_kept: bool,
    may_read: bool,
}

impl KafkaSource {
    /// Looks whether the source would start: brokers, topics, rights, and the offsets where it would begin. Changes nothing.
    pub fn inspect(&self) -> Vec<Finding> {
        let options = &self.options;
        let mut inspector = Inspector::new(
            "source",
            &codes::SOURCE_KAFKA,
            &options.brokers,
            &options.properties,
        );
        let cluster = Cluster::new(&options.brokers, options.properties.settings());
        if let Some(mut session) = inspector.reach(cluster) {
            self.inspect_topics(&mut inspector, &mut session);
            let well = !inspector.is_wrong();
            let group = self.inspect_group(&mut inspector, &mut session);
            if well {
                self.inspect_offsets(&mut inspector, group);
            } else if !group.may_read {
                self.no_group(&mut inspector);
            }
        }
        inspector.findings
    }

    fn inspect_topics(&self, inspector: &mut Inspector, session: &mut Session) {
        let names: Option<Vec<&str>> = match &self.options.topics {
            Topics::Names(names) => Some(names.iter().map(String::as_str).collect()),
            Topics::Pattern(_) => None,
        };
        let mut found = match session.inspect(names.as_deref()) {
            Ok(found) => found,
            Err(trouble) => {
                let error = inspector.error_of(trouble);
                return inspector.wrong("topic", &error);
            }
        };
        found.retain(|found| self.wanted.holds(&found.topic));
        if let (Topics::Pattern(pattern), true) = (&self.options.topics, found.is_empty()) {
            let detail = format!("no topic that the user may see matches {pattern}");
            let next =
                "the job waits for one; correct source.kafka.topic.pattern, or grant Describe";
            return inspector.warn("topic", detail, next);
        }
        for found in &found {
            if found.looked == Looked::Missing {
                let message = format!("topic {} is not there", found.topic);
                inspector.fails("topic", message, "make it, or correct source.kafka.topic");
            } else if inspector.topic(found) {
                let wanted = [Operation::Describe, Operation::Read];
                inspector.rights(found, &wanted, "");
            }
        }
    }

    fn inspect_group(&self, inspector: &mut Inspector, session: &mut Session) -> Group {
        // Who asks for the first group's offsets has brokers make a topic for them.
        let kept = session.inspect_once(Some(&[OFFSETS])).unwrap_or_default();
        let is_kept = kept.iter().all(|kept| kept.looked != Looked::Missing);
        let group = &self.options.group;
        match session.may_read_group(group) {
            Ok(may_read) => Group { is_kept, may_read },
            Err(trouble) => {
                let error = inspector.error_of(trouble);
                inspector.wrong("group", &error);
                let may_read = true;
                Group { is_kept, may_read }
            }
        }
    }

    fn inspect_offsets(&self, inspector: &mut Inspector, group: Group) {
        let options = match group.is_kept {
            true => Arc::clone(&self.options),
            // There is nothing to be asked for, and asking would have brokers make their topic.
            false => Arc::new(self.options.without_group()),
        };
        let client = match consumer(&options, Ears::default()) {
            Ok(client) => client,
            Err(error) => return inspector.wrong("offsets", &error),
        };
        let questions = Questions {
            client,
            options,
            wanted: self.wanted.clone(),
        };
        let name = &self.options.group;
        match patiently(PATIENCE, || self.begins(&questions, group.is_kept)) {
            Ok(begins) => {
                if group.may_read {
                    inspector.well("group", name.clone());
                } else {
                    let detail = format!(
                        "the user has no Read on group {name}: what is read can't be committed to it, so that Kafka's tools show no lag, and a job that fails before its first checkpoint begins as auto.offset.reset says then"
                    );
                    let grant = inspector.grant("Read", &format!("--group {name}"));
                    inspector.warn("group", detail, grant);
                }
                self.tell(inspector, &begins);
            }
            Err(Told::Refused(_)) if !group.may_read => self.no_group(inspector),
            Err(Told::Refused(error)) => inspector.wrong("offsets", &error),
            Err(Told::Away(why)) => inspector.fails("offsets", why, next_step(name)),
        }
    }

    fn no_group(&self, inspector: &mut Inspector) {
        let name = &self.options.group;
        let message = format!("the user has no Read on group {name}");
        let grant = inspector.grant("Read", &format!("--group {name}"));
        inspector.fails("group", message, grant);
    }

    fn begins(
        &self,
        questions: &Questions,
        is_kept: bool,
    ) -> std::result::Result<Vec<(Partition, Fresh)>, Told> {
        let (partitions, _) = questions.partitions()?;
        let named: Vec<&Partition> = partitions.iter().collect();
        let committed = match is_kept {
            true => questions.committed(&named)?,
            false => Vec::new(),
        };
        let new: Vec<New> = partitions
            .iter()
            .map(|partition| New {
                partition: partition.clone(),
                is_added: false,
                is_anew: false,
            })
            .collect();
        let fresh = questions.fresh(&new, &committed)?;
        Ok(partitions.into_iter().zip(fresh).collect())
    }

    /// Where each partition would begin, and how much lies between there and the end.
    fn tell(&self, inspector: &mut Inspector, begins: &[(Partition, Fresh)]) {
        let options = &self.options;
        let (mut lag, mut of_group) = (0, 0);
        let mut well = true;
        for (partition, fresh) in begins {
            let end = end_of(partition, fresh, &options.end).unwrap_or(fresh.bounds.high);
            of_group += usize::from(fresh.committed.is_some());
            match begin(fresh, options.reset, options.lost) {
                Start::At(offset) => lag += (end - offset).max(0),
                Start::Behind(offset, missing) => {
                    lag += (end - offset).max(0);
                    let detail = missing_warning(partition, missing, offset);
                    let next = "nothing, if that is meant";
                    inspector.warn("offsets", detail.trim_end_matches('.'), next);
                }
                Start::Refused(missing) => {
                    well = false;
                    inspector.wrong("offsets", &missing_error(partition, missing));
                }
                Start::Unknown => {
                    well = false;
                    inspector.wrong("offsets", &unknown_error(partition, &options.group));
                }
            }
        }
        if let End::Offsets(ends) = &options.end {
            let is_there = |number: &i32| begins.iter().any(|(there, _)| there.number == *number);
            for number in ends.keys().filter(|number| !is_there(number)) {
                let detail =
                    format!("source.kafka.end names partition {number}, which is not there");
                inspector.warn("offsets", detail, "correct source.kafka.end");
            }
        }
        if well {
            let others = begins.len() - of_group;
            let begin = match (of_group, others) {
                (_, 0) => format!("reading goes on where group {} is", options.group),
                (0, _) => "reading begins as auto.offset.reset says".to_owned(),
                _ => format!(
                    "reading goes on where group {} is in {}, and begins as auto.offset.reset says in {others}",
                    options.group,
                    counted(of_group as u64, "partition")
                ),
            };
            let detail = format!("{begin}; {} to be read", counted(lag, "record"));
            inspector.well("offsets", detail);
        }
    }
}

fn next_step(group: &str) -> String {
    let seconds = PATIENCE.as_secs();
    format!(
        "see that the brokers that lead the partitions can be reached from here, and that brokers find a coordinator of group {group}: they were asked for {seconds} s"
    )
}

/// Asks again while the answer is only *not now*, for as long as the patience lasts.
fn patiently<T>(
    patience: Duration,
    mut ask: impl FnMut() -> std::result::Result<T, Told>,
) -> std::result::Result<T, Told> {
    let mut patience = Patience::of(patience, &Cancelled::default());
    loop {
        match ask() {
            Err(Told::Away(why)) if patience.pause() => {
                tracing::debug!("Kafka is asked again: {why}");
            }
            answer => return answer,
        }
    }
}

#[cfg(test)]
mod tests;
