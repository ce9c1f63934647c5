//! The worker's side of the socket source.

use std::collections::VecDeque;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};
use millstream_core::{CheckpointId, Error, Result, codes};
use millstream_engine::connector::{
    Limit, SourceContext, SourceOutput, SourceProgress, SourceReader, SourceSnapshot, SourceStatus,
    StateEntry,
};
use serde::{Deserialize, Serialize};

use super::SocketTextSource;
use super::connection::{Connection, Message, Plug, start};

/// Messages that may wait. Few, so that little is lost when the job fails.
const MESSAGES: usize = 4;
const STATE_KEY: &str = "socket";

/// What a snapshot holds.
#[derive(Debug, Serialize, Deserialize)]
struct Position {
    version: u32,
    /// Lines handed out since the job was first started.
    lines: u64,
}

pub(super) struct SocketReader {
    messages: Receiver<Message>,
    /// Lines of the last message that were not asked for yet.
    waiting: VecDeque<String>,
    ended: bool,
    /// Why nothing more comes; told when everything before it has been handed out.
    failed: Option<Error>,
    lines: u64,
    plug: Arc<Plug>,
    progress: SourceProgress,
    /// Its end tells the thread that the reader is gone.
    _stopped: Sender<()>,
}

impl SocketReader {
    /// Starts the thread that connects.
    pub(super) fn start(source: SocketTextSource, context: SourceContext) -> Result<Self> {
        let lines = restored_lines(context.restored.as_deref().unwrap_or_default())?;
        let (sender, messages) = bounded(MESSAGES);
        let (stop, stopped) = bounded(0);
        let plug = Arc::new(Plug::default());
        let waker = context.waker;
        start(Connection {
            source,
            messages: sender,
            stopped,
            plug: plug.clone(),
            waker,
        })?;
        let progress = context.progress;
        Ok(Self {
            messages,
            waiting: VecDeque::new(),
            ended: false,
            failed: None,
            lines,
            plug,
            progress,
            _stopped: stop,
        })
    }

    /// Hands out waiting lines as long as they fit into what is `left`; one always does.
    fn take(&mut self, out: &mut SourceOutput<String>, taken: &mut usize, left: &mut Limit) {
        while left.records > 0 {
            let fits = |line: &mut String| line.len() <= left.bytes || *taken == 0;
            let Some(line) = self.waiting.pop_front_if(fits) else {
                return;
            };
            left.records -= 1;
            left.bytes = left.bytes.saturating_sub(line.len());
            *taken += 1;
            out.bytes(line.len());
            out.push(line);
        }
    }
}

impl Drop for SocketReader {
    fn drop(&mut self) {
        self.plug.pull();
    }
}

impl SourceReader<String> for SocketReader {
    fn poll(&mut self, out: &mut SourceOutput<String>, limit: Limit) -> Result<SourceStatus> {
        let (mut taken, mut left) = (0, limit);
        self.take(out, &mut taken, &mut left);
        while self.waiting.is_empty() && left.records > 0 && !self.ended && self.failed.is_none() {
            match self.messages.try_recv() {
                Ok(Message::Lines(lines, bytes)) => {
                    self.progress.bytes.add(bytes);
                    self.waiting.extend(lines);
                    self.take(out, &mut taken, &mut left);
                }
                Ok(Message::Ended) => self.ended = true,
                Ok(Message::Failed(error)) => self.failed = Some(error),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    let message = "the socket source's thread has ended";
                    self.failed = Some(Error::new(&codes::INTERNAL, message));
                }
            }
        }
        self.lines += taken as u64;
        if let (0, Some(error)) = (taken, &self.failed) {
            return Err(error.clone());
        }
        Ok(match taken {
            0 if self.ended && self.waiting.is_empty() => SourceStatus::Ended,
            0 if limit.records > 0 => SourceStatus::Pending(None),
            taken => SourceStatus::Ready(taken),
        })
    }

    fn snapshot(&mut self, _: CheckpointId) -> Result<SourceSnapshot> {
        let position = Position {
            version: 1,
            lines: self.lines,
        };
        // Of numbers only, which JSON always holds.
        let value = serde_json::to_value(position).unwrap_or_default();
        Ok(vec![StateEntry {
            key: STATE_KEY.to_owned(),
            value,
        }]
        .into())
    }
}

fn restored_lines(restored: &[StateEntry]) -> Result<u64> {
    let Some(entry) = restored.first() else {
        return Ok(0);
    };
    let position: Position = serde_json::from_value(entry.value.clone()).map_err(|error| {
        let message = format!(
            "{} in the snapshot is no position of a socket source",
            entry.key
        );
        Error::new(&codes::STATE_TYPE, message)
            .cause(error)
            .next("give the source the uid that it had when the snapshot was taken")
    })?;
    tracing::info!(
        "socket source goes on after line {}; lines that it could not read meanwhile are gone",
        position.lines
    );
    Ok(position.lines)
}

/// The reader of a subtask that has nothing to read.
pub(super) struct EmptyReader;

impl SourceReader<String> for EmptyReader {
    fn poll(&mut self, _: &mut SourceOutput<String>, _: Limit) -> Result<SourceStatus> {
        Ok(SourceStatus::Ended)
    }

    fn snapshot(&mut self, _: CheckpointId) -> Result<SourceSnapshot> {
        Ok(SourceSnapshot::default())
    }
}
