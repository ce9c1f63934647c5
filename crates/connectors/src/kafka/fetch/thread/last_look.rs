//! The last look at topics, once all that is wanted of them has been read. One that was made anew meanwhile has been read in the place of the
//! one that was meant, from the same offset on, and behind the end nobody would ask again.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, after};
use millstream_core::Result;
use millstream_engine::connector::Cancelled;
use rdkafka::consumer::Consumer;

use super::super::super::identity::{Identity, Ids, made_anew};
use super::super::super::messages::anew_error;
use super::super::super::options::KafkaSourceOptions;
use super::super::Event;
use super::{AGAIN, Fetching};

/// Topics that are to be looked at.
pub(super) struct LastLook {
    ids: Ids,
    identity: Identity,
    /// When it is time.
    due: Receiver<Instant>,
    /// Why there was no answer.
    held_up: Option<String>,
}

impl LastLook {
    /// At the topics with these ids.
    pub(super) fn new(ids: Ids, options: &KafkaSourceOptions, cancelled: Cancelled) -> Self {
        Self {
            ids,
            identity: Identity::new(options, cancelled),
            due: after(Duration::ZERO),
            held_up: None,
        }
    }
}

impl Fetching {
    /// Looks at topics, where that is asked for. Brokers that are away are waited for.
    ///
    /// # Errors
    /// One was made anew.
    pub(super) fn look_at_last(&mut self) -> Result<()> {
        let Some(look) = &mut self.last_look else {
            return Ok(());
        };
        if look.due.try_recv().is_ok() {
            let topics: Vec<&str> = look.ids.keys().map(String::as_str).collect();
            match look.identity.ask(&topics, true) {
                Ok(now) => {
                    let anew = made_anew(&look.ids, &now);
                    if !anew.is_empty() {
                        return Err(anew_error(&anew, true));
                    }
                    self.client.context().forget_trouble();
                    self.last_look = None;
                    self.outcome.push_back(Event::Same);
                    return Ok(());
                }
                Err(why) => {
                    look.held_up = Some(why);
                    look.due = after(AGAIN);
                }
            }
        }
        if let Some(why) = &look.held_up {
            self.held_up.set(Some(why.clone()));
        }
        Ok(())
    }
}
