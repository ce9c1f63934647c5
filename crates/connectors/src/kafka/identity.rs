//! Which topic it is: brokers give each an id, and another one that is made later under the same name has another.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use millstream_engine::connector::Cancelled;
use tracing::warn;

use super::options::KafkaSourceOptions;
use super::wire::{Cluster, Session};

/// The ids of topics by their names, as Kafka's own tools write them.
pub(super) type Ids = BTreeMap<String, String>;

/// A topic that was deleted and made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Anew {
    pub(super) topic: String,
    /// The id of the topic that was read.
    pub(super) was: String,
    /// The id of the topic that there is.
    pub(super) is: String,
}

/// Those of the topics that are known by another id than they have now. Pure.
pub(super) fn made_anew(known: &Ids, now: &Ids) -> Vec<Anew> {
    let both = known.iter().filter_map(|(topic, was)| {
        let is = now.get(topic).filter(|is| *is != was)?;
        Some(Anew {
            topic: topic.clone(),
            was: was.clone(),
            is: is.clone(),
        })
    });
    both.collect()
}

/// So often in a row brokers may not answer before the job goes on without ids.
const PATIENCE: u32 = 10;

/// Asks for ids.
pub(super) struct Identity {
    session: Option<Session>,
    /// How often in a row there was no answer.
    vain: u32,
}

impl Identity {
    /// One that gives up what it waits for when `cancelled` is set.
    pub(super) fn new(options: &KafkaSourceOptions, cancelled: Cancelled) -> Self {
        let cluster = Cluster::new(&options.brokers, options.properties.settings());
        let session = cluster.map(|cluster| Session::new(Arc::new(cluster), cancelled));
        if let Err(error) = &session {
            warn!("{}: {error}", UNIDENTIFIED);
        }
        Self {
            session: session.ok(),
            vain: 0,
        }
    }

    /// Whether ids can be had at all.
    pub(super) fn is_known(&self) -> bool {
        self.session.is_some()
    }

    /// The ids of those topics that have one; why there is no answer, which may pass. `begun`: a job that has had an
    /// answer asks for as long as it takes, one that begins does without in the end.
    pub(super) fn ask(&mut self, topics: &[&str], begun: bool) -> Result<Ids, String> {
        let Some(session) = &mut self.session else {
            return Ok(Ids::new());
        };
        match session.topics_now(topics) {
            Ok(found) => {
                self.vain = 0;
                // Brokers before 2.8 have none.
                let found = found.into_iter().filter(|found| found.id != [0; 16]);
                Ok(found
                    .map(|found| (found.name, URL_SAFE_NO_PAD.encode(found.id)))
                    .collect())
            }
            Err(why) if begun || self.vain < PATIENCE => {
                self.vain += 1;
                Err(why)
            }
            Err(why) => {
                warn!("{}: {why}", UNIDENTIFIED);
                self.session = None;
                Ok(Ids::new())
            }
        }
    }
}

const UNIDENTIFIED: &str = "The ids of topics can't be asked for, so one that is deleted and made anew is noticed only where it ends before the position";

#[cfg(test)]
mod tests {
    use super::{Anew, Ids, made_anew};

    fn ids(ids: &[(&str, &str)]) -> Ids {
        let ids = ids.iter();
        ids.map(|(topic, id)| ((*topic).to_owned(), (*id).to_owned()))
            .collect()
    }

    #[test]
    fn a_topic_with_another_id_was_made_anew() {
        let known = ids(&[("gone", "a"), ("other", "b"), ("same", "c")]);
        let now = ids(&[("new", "d"), ("other", "e"), ("same", "c")]);
        let other = Anew {
            topic: "other".to_owned(),
            was: "b".to_owned(),
            is: "e".to_owned(),
        };
        assert_eq!(made_anew(&known, &now), [other]);
        assert_eq!(made_anew(&Ids::new(), &now), []);
        assert_eq!(made_anew(&known, &Ids::new()), []);
    }
}
