//! What librdkafka's own client for administrators can't do: as long as nobody polls it, and rdkafka does not, it never gets
//! a token of OAUTHBEARER.

use std::time::Duration;

use super::cluster::Address;
use super::errors::{Trouble, name};
use super::requests::{CreateTopic, DescribeConfigs, Owner};
use super::session::Session;

/// The broker does not decide about topics.
const NOT_CONTROLLER: i16 = 41;
/// Somebody else was quicker.
const ALREADY_THERE: i16 = 36;

/// A topic that is to be made.
#[derive(Debug, Clone, Copy)]
pub(in crate::kafka) struct Wanted<'a> {
    pub(in crate::kafka) topic: &'a str,
    /// `None`: as the brokers like.
    pub(in crate::kafka) partitions: Option<i32>,
    /// `None`: as the brokers like.
    pub(in crate::kafka) replication: Option<i32>,
}

impl Session {
    /// A setting of a topic; `None`: the user is not told.
    pub(in crate::kafka) fn topic_setting(
        &mut self,
        topic: &str,
        setting: &str,
    ) -> Result<Option<String>, Trouble> {
        let owner = Owner::Topic(topic);
        let asked = DescribeConfigs {
            owner,
            name: setting,
        };
        let told = self.ask_any(&asked)?;
        Ok(told.value.filter(|_| told.error == 0))
    }

    /// A setting of the first broker; `None`: the user is not told.
    pub(in crate::kafka) fn broker_setting(
        &mut self,
        setting: &str,
    ) -> Result<Option<String>, Trouble> {
        let known = self.metadata(&[])?;
        let Some((number, host, port)) = known.brokers.into_iter().next() else {
            return Ok(None);
        };
        let port = u16::try_from(port).unwrap_or_default();
        let asked = DescribeConfigs {
            owner: Owner::Broker(number),
            name: setting,
        };
        let told = self.ask(&Address { host, port }, &asked)?;
        Ok(told.value.filter(|_| told.error == 0))
    }

    /// Makes a topic, or asks whether it would be made: why not, if it is not.
    pub(in crate::kafka) fn create_topic(
        &mut self,
        wanted: Wanted<'_>,
        timeout: Duration,
        only_validate: bool,
    ) -> Result<Result<(), String>, Trouble> {
        let replication = wanted.replication.unwrap_or(-1);
        let asked = CreateTopic {
            name: wanted.topic,
            partitions: wanted.partitions.unwrap_or(-1),
            replication: i16::try_from(replication).unwrap_or(i16::MAX),
            timeout: i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX),
            only_validate,
        };
        let mut refused = "no broker decides about topics".to_owned();
        for broker in self.brokers()? {
            let created = self.ask(&broker, &asked)?;
            match created.error {
                0 | ALREADY_THERE => return Ok(Ok(())),
                NOT_CONTROLLER => {}
                other => {
                    refused = created.why.unwrap_or_else(|| name(other));
                    break;
                }
            }
        }
        Ok(Err(refused))
    }
}
