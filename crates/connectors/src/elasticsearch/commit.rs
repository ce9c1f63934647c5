//! The committer: looks at the servers before anything is written, commits dead letters, and removes what is stale at the end.

use millstream_core::{Error, ErrorKind, Result, codes};
use millstream_engine::connector::{
    CommitOutcome, Committable, CommitterContext, Kept, SinkCommitter, StateEntry,
};
use tracing::warn;

use super::EsSink;
use super::client::{Client, Trouble};
use super::refusals;
use super::stale::{self, Stale};

pub(super) struct EsCommitter {
    sink: EsSink,
    letters: Box<dyn SinkCommitter>,
    context: CommitterContext,
}

impl EsCommitter {
    /// The committer of an attempt. Asks nobody.
    ///
    /// # Errors
    /// Dead letters can't be written.
    pub(super) fn new(sink: &EsSink, context: CommitterContext) -> Result<Self> {
        Ok(Self {
            letters: refusals::committer(sink.refusals.as_ref(), context.clone())?,
            sink: sink.clone(),
            context,
        })
    }

    /// Removes what is stale, and has `others` do the rest.
    fn apart(
        &mut self,
        committables: &[Committable],
        others: impl FnOnce(&mut dyn SinkCommitter, &[Committable]) -> Result<Vec<CommitOutcome>>,
    ) -> Result<Vec<CommitOutcome>> {
        let stales: Vec<Option<Stale>> = committables.iter().map(stale::of).collect();
        let rest = committables.iter().zip(&stales);
        let rest: Vec<Committable> = rest
            .filter(|(_, stale)| stale.is_none())
            .map(|(committable, _)| committable.clone())
            .collect();
        let mut outcomes = others(self.letters.as_mut(), &rest)?.into_iter();
        let mut done: Vec<&Stale> = Vec::new();
        let mut all = Vec::new();
        for stale in &stales {
            let Some(stale) = stale else {
                all.extend(outcomes.next());
                continue;
            };
            // Every writer has asked for the same.
            if !done.contains(&stale) {
                let options = &self.sink.options;
                let mut client = Client::new(options, 0)?;
                stale.remove(
                    &mut client,
                    &options.version_column,
                    &self.context.cancelled,
                )?;
                done.push(stale);
            }
            all.push(CommitOutcome::Committed);
        }
        Ok(all)
    }
}

impl SinkCommitter for EsCommitter {
    fn commit(&mut self, committables: &[Committable]) -> Result<Vec<CommitOutcome>> {
        self.apart(committables, |letters, rest| letters.commit(rest))
    }

    fn recover(
        &mut self,
        committables: &[Committable],
        restored: &[StateEntry],
    ) -> Result<Vec<CommitOutcome>> {
        // A request of an attempt that has failed may still be on its way, and must not overtake what this one writes.
        if !self
            .sink
            .shared
            .living
            .wait_for_none(self.sink.options.timeout)
        {
            let message = "a request of an earlier attempt to Elasticsearch is still on its way";
            return Err(Error::new(&codes::SINK_ELASTICSEARCH, message).next("it is tried again"));
        }
        let refused = self.sink.shared.total.restore(restored);
        if let Some(refusals) = &self.sink.refusals {
            refusals.restored(refused);
        }
        // A job that has written nothing has nothing that could be waited for here: it begins, and tries as often as its
        // parameters say.
        let is_new = committables.is_empty() && restored.is_empty();
        match self.sink.look() {
            Ok(()) => {}
            Err(Trouble::Denied(denied)) => warn!(
                "Elasticsearch does not let the job look at it: {}. It begins all the same, and waits.",
                denied.why
            ),
            Err(Trouble::Failed(error)) if is_new && error.kind() == ErrorKind::Unavailable => {
                warn!("{error}");
            }
            Err(Trouble::Failed(error)) => return Err(error),
        }
        let entries = refusals::of_letters(restored);
        self.apart(committables, |letters, rest| {
            letters.recover(rest, &entries)
        })
    }

    fn ended(&mut self, kept: &Kept) {
        self.letters.ended(kept);
    }
}
