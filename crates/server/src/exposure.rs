//! What a server that runs tells others on its machine, in `server.json` and in its log: where it is, and whom it answers.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use crate::data_directory::RunningServer;
use crate::registry::Registry;
use crate::rest::RestSettings;

/// What the server tells, which may change while it runs: tokens may come.
pub(crate) struct Exposure {
    registry: Registry,
    settings: RestSettings,
    address: SocketAddr,
    told: Mutex<Told>,
}

struct Told {
    running: RunningServer,
    /// Whether `server.json` does not say so yet, because it could not be written.
    is_behind: bool,
}

impl Exposure {
    /// Puts it into `server.json`. On a full disk a piece is given up for that of what is kept for one; where that does not help, the
    /// server goes on without.
    pub(crate) fn begin(
        registry: Registry,
        settings: RestSettings,
        address: SocketAddr,
        running: RunningServer,
    ) -> Self {
        let shared = &registry.shared;
        let put = shared.data.tell(&running).or_else(|error| {
            if shared.store.make_room() {
                shared.data.tell(&running)
            } else {
                Err(error)
            }
        });
        if let Err(error) = &put {
            tracing::warn!(
                "{error}. Until it can be, `millstream server status`, `millstream server stop` and `millstream doctor` do not find this \
                 server; it answers at {}, and SIGTERM ends it, process {}.",
                running.address,
                running.pid
            );
        }
        let told = Mutex::new(Told {
            running,
            is_behind: put.is_err(),
        });
        Self {
            registry,
            settings,
            address,
            told,
        }
    }

    /// Says in the log at what the server listens and whom it answers there.
    pub(crate) fn log(&self) {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        log(&told.running);
    }

    /// Tells what is not true any more again, and what could not be told. It waits for the disk.
    pub(crate) fn tell_again(&self) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let Told { running, is_behind } = &mut *told;
        let answers = self.settings.answers(self.address);
        let is_changed = answers != running.answers;
        if is_changed {
            running.answers = answers;
            running.open = self.settings.is_open(self.address);
            log(running);
        }
        if !is_changed && !*is_behind {
            return;
        }
        match self.registry.shared.data.tell(running) {
            Ok(()) if *is_behind => {
                *is_behind = false;
                tracing::info!("server.json says now where the server is and whom it answers.");
            }
            Ok(()) => {}
            // That it is tried again is told once.
            Err(_) if *is_behind => {}
            Err(error) => {
                *is_behind = true;
                tracing::warn!(
                    "{error}. Until it can be, `millstream server status` and `millstream doctor` show what was true before."
                );
            }
        }
    }
}

fn log(running: &RunningServer) {
    let exposure = format!(
        "It listens at {} and answers {}.",
        running.bound, running.answers
    );
    if running.open {
        tracing::warn!("{exposure}");
    } else {
        tracing::info!("{exposure}");
    }
}
