//! A session of HiveServer2, and what is asked in it.

mod call;
mod reach;

use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, TryRecvError};
use millstream_engine::connector::Notice;
use millstream_hive_thrift::{
    TCancelOperationReq, TCancelOperationResp, TCloseOperationReq, TCloseOperationResp,
    TCloseSessionReq, TCloseSessionResp, TExecuteStatementReq, TExecuteStatementResp,
    TFetchOrientation, TFetchResultsReq, TGetOperationStatusReq, TGetOperationStatusResp,
    TGetResultSetMetadataReq, TGetResultSetMetadataResp, TOpenSessionReq, TOpenSessionResp,
    TOperationHandle, TOperationState, TProtocolVersion, TSessionHandle,
};

use self::call::Calls;
use super::options::Login;
use super::rowset::{Fetched, read_answer};
use super::trouble::{Said, Trouble};
use super::types::{Column, Kind, columns_of};
use super::url::{HiveUrl, Host};
use super::wire::connect;

pub(super) use self::reach::Reach;

/// Between two questions whether a statement has ended, where the server does not wait with its answer.
const AGAIN: Duration = Duration::from_millis(50);
/// Lines of a statement's log that are read at once.
const LINES: i64 = 1_000;

/// How what Hive calls a stage of a statement begins.
const STAGE: &str = "Stage-";

/// What rows are fetched of.
const ROWS: i16 = 0;
/// The statement's log.
const LOG: i16 = 1;

/// A session.
pub(super) struct Session {
    calls: Calls,
    handle: TSessionHandle,
    /// Whether statements have a log.
    logs: bool,
    /// Where it notes what it has begun.
    reach: Reach,
}

/// A statement that is being executed.
#[derive(Debug, Clone)]
pub(super) struct Running {
    handle: TOperationHandle,
}

/// Who waits for a statement, and sees how far it is.
pub(super) struct Waiting<'a> {
    /// Closed when nobody waits any more.
    pub(super) stop: &'a Receiver<()>,
    /// Is told how far the statement is.
    pub(super) show: &'a dyn Fn(&str),
}

impl Session {
    /// Opens a session on the first server that is there. `stop`: closed when nobody waits any more.
    ///
    /// # Errors
    /// None is, one does not take who logs in, or nobody waits any more.
    pub(super) fn open(
        url: &HiveUrl,
        login: &Login,
        reach: &Reach,
        stop: &Receiver<()>,
    ) -> Result<Self, Trouble> {
        let mut away = Vec::new();
        for host in &url.hosts {
            // A server may be away because nobody waits any more, and its connection was cut.
            check_wanted(stop)?;
            match Self::open_at(url, host, login, reach) {
                Err(Trouble::Away(why)) => away.push(why),
                opened => return opened,
            }
        }
        Err(Trouble::Away(away.join("; ")))
    }

    /// Opens a session on a server.
    ///
    /// # Errors
    /// It is away, or does not take who logs in.
    pub(super) fn open_at(
        url: &HiveUrl,
        host: &Host,
        login: &Login,
        reach: &Reach,
    ) -> Result<Self, Trouble> {
        let mut calls = Calls::new(connect(url, host, login, &reach.line)?);
        let request = TOpenSessionReq::new(
            TProtocolVersion::HIVE_CLI_SERVICE_PROTOCOL_V7,
            login.user.clone(),
            login.password.clone(),
            url.session.clone(),
        );
        let opened: TOpenSessionResp = calls.call("OpenSession", &request)?;
        if let Some(trouble) = Trouble::of(&opened.status) {
            return Err(trouble);
        }
        if opened.server_protocol_version < TProtocolVersion::HIVE_CLI_SERVICE_PROTOCOL_V6 {
            let why = format!("{host} is older than Hive 0.14, and does not send columns");
            return Err(Trouble::Away(why));
        }
        let handle = opened
            .session_handle
            .ok_or_else(|| Trouble::Away(format!("{host} opens no session")))?;
        reach.opened(host, &handle);
        Ok(Self {
            calls,
            handle,
            logs: true,
            reach: reach.clone(),
        })
    }

    /// Has a statement executed. When this returns it is compiled by most servers, and mostly not done. `stop`: closed when nobody waits
    /// any more.
    ///
    /// # Errors
    /// The server does not take it, or is away, or nobody waits any more.
    pub(super) fn execute(
        &mut self,
        statement: &str,
        stop: &Receiver<()>,
    ) -> Result<Running, Trouble> {
        check_wanted(stop)?;
        let request =
            TExecuteStatementReq::new(self.handle.clone(), statement.to_owned(), None, true);
        let begun: TExecuteStatementResp = self.calls.call("ExecuteStatement", &request)?;
        if let Some(trouble) = Trouble::of(&begun.status) {
            return Err(trouble);
        }
        let handle = begun.operation_handle;
        let running = handle
            .map(|handle| Running { handle })
            .ok_or_else(|| Trouble::Away("it executes nothing".to_owned()))?;
        self.reach.runs(Some(&running));
        Ok(running)
    }

    /// Waits until the statement is compiled, so that its columns are known. One that nobody waits for any more is cancelled.
    ///
    /// # Errors
    /// It fails, nobody waits any more, or the server is away.
    pub(super) fn compile(
        &mut self,
        running: &Running,
        stop: &Receiver<()>,
    ) -> Result<(), Trouble> {
        loop {
            match self.state(running)? {
                TOperationState::FINISHED_STATE => return Ok(()),
                // It is said to run before it is compiled, too, and its columns are an error until then.
                TOperationState::RUNNING_STATE
                    if Trouble::of(&self.metadata(running)?.status).is_none() =>
                {
                    return Ok(());
                }
                _ => self.pause(running, stop)?,
            }
        }
    }

    /// Waits until the statement has its rows. One that nobody waits for any more is cancelled.
    ///
    /// # Errors
    /// It fails, nobody waits any more, or the server is away.
    pub(super) fn finish(
        &mut self,
        running: &Running,
        waiting: &Waiting<'_>,
    ) -> Result<(), Trouble> {
        loop {
            if self.state(running)? == TOperationState::FINISHED_STATE {
                return Ok(());
            }
            if self.logs {
                self.show(running, waiting.show);
            }
            self.pause(running, waiting.stop)?;
        }
    }

    /// Waits before it is asked again how far a statement is. One that nobody waits for any more is cancelled.
    fn pause(&mut self, running: &Running, stop: &Receiver<()>) -> Result<(), Trouble> {
        if stop.recv_timeout(AGAIN) == Err(RecvTimeoutError::Disconnected) {
            self.cancel(running);
            return Err(Trouble::Cancelled);
        }
        Ok(())
    }

    /// How far a statement is that has not failed.
    fn state(&mut self, running: &Running) -> Result<TOperationState, Trouble> {
        let request = TGetOperationStatusReq::new(running.handle.clone());
        let answer: TGetOperationStatusResp = self.calls.call("GetOperationStatus", &request)?;
        if let Some(trouble) = Trouble::of(&answer.status) {
            return Err(trouble);
        }
        let state = answer
            .operation_state
            .unwrap_or(TOperationState::UKNOWN_STATE);
        match state {
            TOperationState::FINISHED_STATE
            | TOperationState::INITIALIZED_STATE
            | TOperationState::RUNNING_STATE
            | TOperationState::PENDING_STATE => Ok(state),
            TOperationState::CANCELED_STATE => Err(Trouble::Away(
                "somebody has cancelled the statement, or the server is being stopped".to_owned(),
            )),
            TOperationState::CLOSED_STATE => Err(Trouble::Away(
                "somebody has closed the statement".to_owned(),
            )),
            _ => Err(Trouble::Said(Said::new(
                answer.sql_state.as_deref(),
                answer.error_code,
                answer.error_message.as_deref(),
            ))),
        }
    }

    /// Shows what the statement's log says of how far it is.
    fn show(&mut self, running: &Running, show: &dyn Fn(&str)) {
        let column = Column {
            name: "line".to_owned(),
            kind: Kind::Text,
        };
        let read = self.read(running, LOG, LINES, &[column], &[true]);
        // A server may keep no logs.
        self.logs = read.is_ok();
        let lines = read.unwrap_or_default().columns;
        let lines = lines.first().and_then(|lines| {
            use arrow::array::AsArray;
            lines.as_string_opt::<i32>()
        });
        let lines = lines.into_iter().flat_map(|lines| lines.iter().flatten());
        if let Some(progress) = lines.filter_map(progress_of).last() {
            show(progress);
        }
    }

    /// The columns of the statement's rows.
    ///
    /// # Errors
    /// It has none, or some that can't be read.
    pub(super) fn columns(&mut self, running: &Running) -> Result<Vec<Column>, Trouble> {
        let answer = self.metadata(running)?;
        if let Some(trouble) = Trouble::of(&answer.status) {
            return Err(trouble);
        }
        let schema = answer
            .schema
            .ok_or_else(|| Trouble::Away("it names no columns".to_owned()))?;
        columns_of(&schema).map_err(|why| {
            Trouble::Said(Said {
                state: "42000".to_owned(),
                words: why,
                ..Said::default()
            })
        })
    }

    fn metadata(&mut self, running: &Running) -> Result<TGetResultSetMetadataResp, Trouble> {
        let request = TGetResultSetMetadataReq::new(running.handle.clone());
        self.calls.call("GetResultSetMetadata", &request)
    }

    /// The next rows, at most as many; none: there are no more.
    ///
    /// # Errors
    /// The server is away, or refuses.
    pub(super) fn fetch(
        &mut self,
        running: &Running,
        most: u32,
        columns: &[Column],
        wanted: &[bool],
    ) -> Result<Fetched, Trouble> {
        self.read(running, ROWS, i64::from(most), columns, wanted)
    }

    fn read(
        &mut self,
        running: &Running,
        what: i16,
        most: i64,
        columns: &[Column],
        wanted: &[bool],
    ) -> Result<Fetched, Trouble> {
        let next = TFetchOrientation::FETCH_NEXT;
        let request = TFetchResultsReq::new(running.handle.clone(), next, most, what);
        self.calls.send("FetchResults", &request)?;
        let answer = self.calls.answer("FetchResults")?;
        let read = read_answer(answer, columns, wanted);
        self.calls.judge(read)
    }

    /// Has the server stop a statement, as well as can be.
    pub(super) fn cancel(&mut self, running: &Running) {
        let request = TCancelOperationReq::new(running.handle.clone());
        let cancelled: Result<TCancelOperationResp, _> =
            self.calls.call("CancelOperation", &request);
        told(
            "cancelled",
            cancelled.map(|answer| Trouble::of(&answer.status)),
        );
        self.close_statement(running);
    }

    /// Has the server forget a statement.
    pub(super) fn close_statement(&mut self, running: &Running) {
        let request = TCloseOperationReq::new(running.handle.clone());
        let closed: Result<TCloseOperationResp, _> = self.calls.call("CloseOperation", &request);
        // Of what has no answer the server may know nothing.
        if closed.is_ok() {
            self.reach.runs(None);
        }
        told("closed", closed.map(|answer| Trouble::of(&answer.status)));
    }

    /// Ends the session, with what is executed in it: over HTTP a server does so long after its client is gone. One that does not
    /// answer is not asked to; what was begun there is left to its [`Reach`].
    pub(super) fn close(mut self) {
        if self.calls.is_broken() {
            return;
        }
        let request = TCloseSessionReq::new(self.handle.clone());
        let closed: Result<TCloseSessionResp, _> = self.calls.call("CloseSession", &request);
        if closed.is_ok() {
            self.reach.closed();
        }
        told("closed", closed.map(|answer| Trouble::of(&answer.status)));
    }
}

/// An error once nobody waits any more.
fn check_wanted(stop: &Receiver<()>) -> Result<(), Trouble> {
    match stop.try_recv() {
        Err(TryRecvError::Disconnected) => Err(Trouble::Cancelled),
        // Nothing is ever sent.
        _ => Ok(()),
    }
}

/// Shows people how far a statement is, and logs it once.
pub(super) fn tell_progress(held_up: &Notice, text: String) {
    if held_up.get().as_ref() != Some(&text) {
        tracing::info!("{text}");
        held_up.set(Some(text));
    }
}

/// What is not to be had any more need not be ended.
fn told(what: &str, outcome: Result<Option<Trouble>, Trouble>) {
    if let Err(trouble) | Ok(Some(trouble)) = outcome {
        tracing::debug!("A statement or session of Hive could not be {what}: {trouble:?}");
    }
}

/// What a line of a statement's log says of how far it is, if it does: from there to the end of the line.
fn progress_of(line: &str) -> Option<&str> {
    let line = line.trim();
    let begins = |word: &str| {
        line.match_indices(word)
            .map(|(at, _)| at)
            .find(|at| is_progress(line, *at, word))
    };
    let from = [STAGE, "Map 1:", "Launching Job", "Total jobs"]
        .into_iter()
        .filter_map(begins)
        .min()?;
    line.get(from..)
}

/// Whether progress begins with the word at `at`. A stage has a number, and one in brackets or quotes is only named:
/// `Starting task [Stage-1:MAPRED] in serial mode`.
fn is_progress(line: &str, at: usize, word: &str) -> bool {
    let (before, rest) = line.split_at(at);
    let is_apart = before.chars().next_back().is_none_or(char::is_whitespace);
    let behind = rest.strip_prefix(word).unwrap_or_default();
    is_apart && (word != STAGE || behind.starts_with(|sign: char| sign.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
