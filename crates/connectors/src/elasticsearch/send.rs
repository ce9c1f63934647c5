//! One bulk from the first request until every document of it is settled. It waits; a thread of its own runs it.

mod conflict;
mod first;
mod told;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::datatypes::SchemaRef;
use millstream_core::type_names::type_in_words;
use millstream_core::{Error, codes};
use tracing::warn;
use ureq::http::Method;

use super::bulk::Bulk;
use super::chance::Chance;
use super::client::{Answer, Client, LINES, Question};
use super::figures::Figures;
use super::lane::Settled;
use super::look::Known;
use super::options::EsOptions;
use super::outcome::{self, Outcome, Refused, Request};
use super::reply::{Reply, ServerError};
use super::servers::Next;
use super::stop::Stop;
use crate::rows::Reason;
use crate::waiting::Waiting;
use conflict::Meaning;
use told::Told;

/// What a bulk is answered with: whether something failed, and of each action what became of it.
const PATH: &str = "/_bulk?filter_path=errors,error,status,items.*.status,items.*.error";
/// No longer is waited between two looks whether somebody has done something about what stops all writing.
const LOOK: Duration = Duration::from_secs(30);

/// What sends the bulks of one lane.
pub(super) struct Sender {
    pub(super) client: Client,
    pub(super) options: Arc<EsOptions>,
    /// What the servers are.
    pub(super) known: Known,
    pub(super) schema: Option<SchemaRef>,
    /// Whether a document that is refused fails the job.
    pub(super) fails: bool,
    pub(super) figures: Figures,
    /// Its place among what the lanes of the writer wait for.
    pub(super) waiting: Waiting,
    pub(super) stop: Stop,
    pub(super) chance: Chance,
}

/// Why a bulk was not settled.
pub(super) enum Unsettled {
    /// Nobody waits for it any more.
    Stopped,
    /// The job can't go on.
    Failed(Error),
}

/// How a bulk is under way.
struct Way<'a> {
    bulk: &'a Bulk,
    /// Actions that are sent together, one group after the other.
    groups: VecDeque<Vec<usize>>,
    settled: Settled,
    /// How often the present group was sent again since some of it was settled last.
    again: u32,
    /// There was no answer the last time: a connection that had been idle may have been closed.
    is_lost: bool,
    told: Told,
}

/// What becomes of the actions of a group.
#[derive(Default)]
struct Judged {
    again: Vec<bool>,
    written: Vec<bool>,
    why: Option<String>,
    paused: Option<String>,
    /// Nobody answers what has become of documents that others change.
    is_silent: bool,
}

impl Sender {
    /// Sends a bulk until every action of it is settled.
    ///
    /// # Errors
    /// It is not.
    pub(super) fn settle(&mut self, bulk: &Bulk) -> Result<Settled, Unsettled> {
        let mut way = Way {
            bulk,
            groups: VecDeque::from([(0..bulk.len()).collect()]),
            settled: Settled {
                epoch: bulk.epoch,
                ..Settled::default()
            },
            again: 0,
            is_lost: false,
            told: Told::default(),
        };
        let mut scratch = Vec::new();
        while let Some(group) = way.groups.pop_front() {
            if self.stop.is_set() {
                return Err(Unsettled::Stopped);
            }
            match self.send(bulk.body(&group, &mut scratch)) {
                Sent::Items(reply) => {
                    way.is_lost = false;
                    self.judge(&mut way, group, &reply)?;
                }
                Sent::Lost(_) if !way.is_lost => {
                    way.groups.push_front(group);
                    way.is_lost = true;
                    self.figures.failures.add(1);
                }
                Sent::Lost(why) | Sent::Away(why) => {
                    way.groups.push_front(group);
                    self.figures.failures.add(1);
                    if self.client.failed() == Next::Wait {
                        self.wait_for_servers(&mut way, &why)?;
                    }
                }
                Sent::Paused(why) => {
                    way.groups.push_front(group);
                    self.pause(&mut way.told, &why)?;
                }
                Sent::Split(why) => self.split(&mut way, &group, why)?,
                Sent::Impossible(why) => return Err(Unsettled::Failed(impossible(&why))),
            }
        }
        way.told.goes_on(&self.waiting);
        self.figures.show();
        Ok(way.settled)
    }

    #[allow(
        clippy::disallowed_methods,
        reason = "how long servers take is known by a clock only, and nothing is decided on it"
    )]
    fn send(&mut self, body: &[u8]) -> Sent {
        let question = Question {
            method: &Method::POST,
            path: PATH,
            body: Some((LINES, body)),
        };
        let began = Instant::now();
        let answer = match self.client.ask(question) {
            Ok(answer) => answer,
            Err(why) => return Sent::Lost(why),
        };
        self.figures.answered(body.len(), began.elapsed());
        understood(&answer)
    }

    /// What became of each action of a group.
    fn judge(
        &mut self,
        way: &mut Way<'_>,
        group: Vec<usize>,
        reply: &Reply,
    ) -> Result<(), Unsettled> {
        if reply.items.len() != group.len() {
            // It is not known what became of which: all of it is sent again, as after an answer that was cut off.
            let why = format!("{} answers to {} actions", reply.items.len(), group.len());
            way.groups.push_front(group);
            self.figures.failures.add(1);
            if self.client.failed() == Next::Wait {
                return self.wait_for_servers(way, &why);
            }
            return Ok(());
        }
        self.client.answered();
        let mut judged = Judged::default();
        let is_index_of_rows = self.options.index.columns().next().is_some();
        for (number, item) in group.iter().zip(&reply.items) {
            let result = item.result();
            let outcome = outcome::of_item(
                result.status,
                result.error.as_ref(),
                self.options.sync,
                is_index_of_rows,
            );
            self.judge_one(way, *number, outcome, &mut judged)?;
        }
        let overtaken = way
            .bulk
            .overtaken(&group, &mut judged.again, &judged.written);
        self.figures.documents.add(overtaken as u64);
        let sent = group.len();
        let left = group.into_iter().zip(&judged.again);
        let left: Vec<usize> = left
            .filter(|(_, again)| **again)
            .map(|(number, _)| number)
            .collect();
        if left.is_empty() {
            way.again = 0;
            return Ok(());
        }
        self.figures.again.add(left.len() as u64);
        let is_first = way.again == 0;
        if left.len() < sent {
            // Servers that take some of what they are given are slow, not away.
            way.again = 0;
        }
        way.groups.push_front(left);
        match (judged.paused, judged.why) {
            (Some(why), _) => self.pause(&mut way.told, &why),
            (None, why) => {
                let why = why.unwrap_or_default();
                // What the first wait mends is not worth telling.
                if !is_first {
                    let told = format!("Elasticsearch can't take all documents: {why}");
                    self.hold_up(&mut way.told, &told);
                }
                self.back_off(&mut way.again, &why)
            }
        }
    }

    fn judge_one(
        &mut self,
        way: &mut Way<'_>,
        number: usize,
        outcome: Outcome,
        judged: &mut Judged,
    ) -> Result<(), Unsettled> {
        let (mut again, mut written) = (false, false);
        match outcome {
            Outcome::Written => {
                written = true;
                self.figures.documents.add(1);
            }
            Outcome::Again(why) => {
                again = true;
                judged.why.get_or_insert(why);
            }
            Outcome::Paused(why) => {
                again = true;
                judged.paused.get_or_insert(why);
            }
            Outcome::Conflict => {
                let action = way.bulk.action(number);
                match self.meaning_of_conflict(action, &mut judged.is_silent)? {
                    Meaning::Outdated => {
                        self.figures.outdated.add(1);
                        way.settled.left_out += 1;
                    }
                    Meaning::Again => {
                        again = true;
                        judged.why.get_or_insert_with(|| {
                            "another writer changes the same documents".to_owned()
                        });
                    }
                }
            }
            Outcome::Missing => {
                self.figures.missing.add(1);
                way.settled.left_out += 1;
            }
            Outcome::Refused(refused) => self.refuse(way, number, &refused)?,
            Outcome::Impossible(why) => return Err(Unsettled::Failed(impossible(&why))),
        }
        judged.again.push(again);
        judged.written.push(written);
        Ok(())
    }

    /// A document can't be written, ever.
    fn refuse(&self, way: &mut Way<'_>, number: usize, refused: &Refused) -> Result<(), Unsettled> {
        self.figures.refused.add(1);
        let mut error = String::new();
        if let Some(field) = &refused.field {
            let top = field.split('.').next().unwrap_or_default();
            let own = self
                .schema
                .as_ref()
                .and_then(|schema| schema.field_with_name(top).ok());
            let kind = own.map(|own| type_in_words(own.data_type()));
            let own = kind.map(|kind| format!(", the column {top} {kind}"));
            if let (Some(theirs), Some(own)) = (&refused.field_type, own) {
                error = format!("the field {field} is of type {theirs}{own}: ");
            }
        }
        error.push_str(&refused.words);
        let bad = way.bulk.bad(number, Reason::Refused, error);
        let Some(mut bad) = bad else {
            return Ok(());
        };
        bad.column.clone_from(&refused.field);
        if self.fails {
            let message = format!(
                "Elasticsearch refuses the document {}: {}",
                String::from_utf8_lossy(way.bulk.action(number)),
                bad.error
            );
            return Err(Unsettled::Failed(Error::new(&codes::SINK_DOCUMENT, message).next(
                "correct the mapping of the index or cast the column in the SQL, or set error.policy to skip or dead-letter",
            )));
        }
        way.settled.refused.push(bad);
        Ok(())
    }

    /// A request is too large, or something in it makes no sense: its halves are sent, one after the other.
    fn split(&mut self, way: &mut Way<'_>, group: &[usize], why: String) -> Result<(), Unsettled> {
        self.client.answered();
        if let [only] = group {
            let refused = Refused {
                words: why,
                field: None,
                field_type: None,
            };
            return self.refuse(way, *only, &refused);
        }
        let (first, second) = group.split_at(group.len() / 2);
        way.groups.push_front(second.to_vec());
        way.groups.push_front(first.to_vec());
        Ok(())
    }

    /// No server can at present.
    fn wait_for_servers(&mut self, way: &mut Way<'_>, why: &str) -> Result<(), Unsettled> {
        let told = format!("no server of Elasticsearch answers: {why}");
        self.hold_up(&mut way.told, &told);
        self.back_off(&mut way.again, why)
    }

    /// Waits before what was refused for the moment is sent again.
    fn back_off(&mut self, again: &mut u32, why: &str) -> Result<(), Unsettled> {
        *again += 1;
        let tries = *again;
        let wait = self.options.backoff.wait(tries, self.chance.next());
        let Some(wait) = wait else {
            let message = format!("Elasticsearch can't take documents, tried {tries} times: {why}");
            let error = Error::new(&codes::SINK_ELASTICSEARCH, message).next(
                "see to the servers, or give more bulk.flush.backoff.retries; the job goes on from its newest checkpoint",
            );
            return Err(Unsettled::Failed(error));
        };
        self.sleep(wait)
    }

    /// Nothing can be written until somebody has done something about it: it is tried again for as long as that takes.
    fn pause(&mut self, told: &mut Told, why: &str) -> Result<(), Unsettled> {
        let why = format!("Elasticsearch refuses to be written: {why}");
        self.wait_for_somebody(told, &why)
    }

    fn wait_for_somebody(&mut self, told: &mut Told, why: &str) -> Result<(), Unsettled> {
        // Others may let us where this one does not.
        self.client.pass_on();
        self.hold_up(told, why);
        let wait = self.options.backoff.jittered(1, self.chance.next());
        self.sleep(wait.min(LOOK))
    }

    fn hold_up(&self, told: &mut Told, why: &str) {
        if told.waits(&self.waiting, why) {
            warn!("{why}. It is tried again; nothing is dropped.");
        }
    }

    fn sleep(&self, wait: Duration) -> Result<(), Unsettled> {
        self.figures.show();
        match self.stop.wait(wait) {
            true => Err(Unsettled::Stopped),
            false => Ok(()),
        }
    }
}

/// What became of a request.
enum Sent {
    Items(Reply),
    /// There is no answer.
    Lost(String),
    /// The server can't at present.
    Away(String),
    Paused(String),
    Split(String),
    Impossible(String),
}

fn understood(answer: &Answer) -> Sent {
    let status = answer.status;
    let error = match status {
        200..300 => ServerError::default(),
        _ => ServerError::of_request(&answer.body),
    };
    match outcome::of_request(status, &error) {
        Request::Read => match serde_json::from_slice(&answer.body) {
            Ok(reply) => Sent::Items(reply),
            Err(error) => Sent::Away(format!("its answer can't be read: {error}")),
        },
        Request::Again(why) => Sent::Away(why),
        Request::Paused(why) => Sent::Paused(why),
        Request::Split(why) => Sent::Split(why),
        Request::Impossible(why) => Sent::Impossible(why),
    }
}

fn impossible(why: &str) -> Error {
    let message = format!("Elasticsearch can't take the output: {why}");
    Error::new(&codes::SINK_INDEX, message)
        .next("correct sink.es.server, sink.es.index or sink.es.type, make the index, give the alias an index that is written, or have the server allow what is refused")
}
