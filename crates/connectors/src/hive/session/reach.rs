//! What ends from another thread what a session waits for.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use crossbeam_channel::bounded;
use millstream_hive_thrift::{TOperationHandle, TSessionHandle};

use super::call::Calls;
use super::{Running, Session};
use crate::hive::options::Login;
use crate::hive::trouble::Trouble;
use crate::hive::url::{HiveUrl, Host, Transport};
use crate::hive::wire::{SharedLine, connect};

/// What ends from another thread what a session waits for.
#[derive(Debug, Clone, Default)]
pub(in crate::hive) struct Reach {
    pub(super) line: SharedLine,
    begun: Arc<Mutex<Option<Begun>>>,
}

/// What a session has begun at a server.
#[derive(Debug, Clone)]
struct Begun {
    host: Host,
    session: TSessionHandle,
    running: Option<TOperationHandle>,
}

impl Reach {
    /// Notes that a session is open.
    pub(super) fn opened(&self, host: &Host, session: &TSessionHandle) {
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = Some(Begun {
            host: host.clone(),
            session: session.clone(),
            running: None,
        });
    }

    /// Notes what is executed, if anything is.
    pub(super) fn runs(&self, running: Option<&Running>) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(begun) = begun.as_mut() {
            begun.running = running.map(|running| running.handle.clone());
        }
    }

    /// Notes that the session is closed.
    pub(super) fn closed(&self) {
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Ends what was begun, and the connection. No longer than `patience` is waited for the server.
    pub(in crate::hive) fn end(&self, url: &HiveUrl, login: &Login, patience: Duration) {
        let begun = self
            .begun
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        // A server ends what a connection of its own protocol had begun that is cut. Over HTTP it does so long afterwards.
        if let (Transport::Http(_), Some(begun)) = (&url.transport, begun) {
            begun.end_elsewhere(url, login, patience);
        }
        let line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = line.as_ref() {
            line.cut();
        }
    }
}

impl Begun {
    /// Ends it over another connection: the one that it was begun over waits for an answer.
    fn end_elsewhere(self, url: &HiveUrl, login: &Login, patience: Duration) {
        let (tell, done) = bounded::<()>(0);
        let url = HiveUrl {
            answer: Some(patience),
            ..url.clone()
        };
        let login = login.clone();
        let started = Builder::new().name("hive end".to_owned()).spawn(move || {
            if let Err(trouble) = self.end(&url, &login) {
                tracing::debug!("A session of Hive could not be ended: {trouble:?}");
            }
            drop(tell);
        });
        match started {
            // Nothing is ever sent.
            Ok(_) => drop(done.recv_timeout(patience)),
            Err(error) => tracing::debug!("A session of Hive could not be ended: {error}"),
        }
    }

    fn end(self, url: &HiveUrl, login: &Login) -> Result<(), Trouble> {
        let carrier = connect(url, &self.host, login, &SharedLine::default())?;
        let mut session = Session {
            calls: Calls::new(carrier),
            handle: self.session,
            logs: false,
            reach: Reach::default(),
        };
        if let Some(handle) = self.running {
            session.cancel(&Running { handle });
        }
        session.close();
        Ok(())
    }
}
