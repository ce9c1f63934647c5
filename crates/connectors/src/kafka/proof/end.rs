//! Ends a transaction by hand.

use millstream_core::Result;

use crate::kafka::transaction::{Described, State};
use crate::kafka::wire::{self, Session};

/// What came of ending a transaction by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It has been ended as was asked.
    Done,
    /// It was ended before; how.
    Before(State),
    /// Another one is open under the id now, or none is known. Nothing was done.
    Other,
}

/// Commits or aborts the transaction that was `described`, and no other one of the id.
///
/// # Errors
/// Kafka does not answer for as long as the session has patience, or the user may not ask.
pub fn end(session: &mut Session, id: &str, described: &Described, commit: bool) -> Result<Ended> {
    let mut asked = false;
    session.waiting(|session| {
        let found = session.describe(id)?.filter(|found| {
            found.producer == described.producer && found.started == described.started
        });
        let Some(found) = found else {
            return Ok(Ok(Ended::Other));
        };
        let (now, going) = match commit {
            true => (State::Committed, State::Committing),
            false => (State::Aborted, State::Aborting),
        };
        match found.state {
            State::Ongoing => {
                asked = true;
                let producer = (found.producer, found.epoch);
                Ok(match session.end(id, producer, commit)? {
                    wire::Ended::Done => Err("it is being ended".to_owned()),
                    wire::Ended::TooLate(why) | wire::Ended::Later(why) => Err(why),
                })
            }
            State::Committing | State::Aborting if asked && found.state == going => {
                Ok(Err("it is being ended".to_owned()))
            }
            state if asked && state == now => Ok(Ok(Ended::Done)),
            state => Ok(Ok(Ended::Before(state))),
        }
    })
}
