//! Who proves who he is, where a cluster wants that, and what to tell where it goes wrong.
//!
//! The client of HDFS logs in by itself, with the same GSSAPI, and takes tickets out of a cache in memory that is kept filled
//! here: before each request it is seen to that they are good.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use hdfs_native::ClientBuilder;
use millstream_gssapi::{Error, Tickets};

use crate::error::{HdfsError, Trouble};
use crate::settings::HdfsSettings;
use crate::site::Site;
use crate::{negotiate, probe};

/// Where a KDC is away, it is asked again behind this time.
const AGAIN: Duration = Duration::from_secs(10);

/// A NameNode that says nothing beside one that does is asked again behind so many times the time that it took: one whose machine has no
/// power takes seconds, which each request would pay for.
const REST: u32 = 4;

/// While one that has said nothing is asked again, other requests go on: longer than a look takes, also where whoever asks is gone.
const ASKED: Duration = Duration::from_secs(15);

/// What the client says of a NameNode that ends the connection instead of answering.
const HUNG_UP: &str = "RPC listener disconnected";

/// A NameNode, and what is known of whether it wants proof.
#[derive(Debug)]
struct Node {
    /// `host:port`.
    address: String,
    /// Whether it has said that it does.
    wants_proof: AtomicBool,
    /// Until when it need not be asked, where it has said nothing.
    rests_until: Mutex<Option<Instant>>,
}

#[allow(
    clippy::disallowed_methods,
    reason = "nothing announces that a NameNode is back"
)]
impl Node {
    fn at(address: String) -> Self {
        Self {
            address,
            wants_proof: AtomicBool::new(false),
            rests_until: Mutex::new(None),
        }
    }

    fn wants_proof(&self) -> bool {
        self.wants_proof.load(Ordering::Relaxed)
    }

    fn rests_until(&self) -> MutexGuard<'_, Option<Instant>> {
        let until = self.rests_until.lock();
        until.unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is to be asked. One that has said nothing before is asked again by whoever is told so first, who pays for all.
    fn is_due(&self) -> bool {
        let mut rests_until = self.rests_until();
        let Some(until) = *rests_until else {
            return true;
        };
        let now = Instant::now();
        if now < until {
            return false;
        }
        *rests_until = Some(now + ASKED);
        true
    }

    /// Asks it whether it goes on without proof, and notes what it says.
    async fn goes_without(&self) -> bool {
        let begun = Instant::now();
        let said = negotiate::goes_without(&self.address).await;
        let until = Instant::now() + begun.elapsed() * REST;
        // One that has answered does not rest: what it said is refused, or not asked again.
        *self.rests_until() = said.is_none().then_some(until);
        let Some(without) = said else {
            return false;
        };
        self.wants_proof.store(!without, Ordering::Relaxed);
        without
    }
}

/// Who asks a cluster that may want proof of that.
#[derive(Debug)]
pub(crate) struct Access {
    /// `None`: the settings say that the cluster believes who asks.
    tickets: Option<Tickets>,
    nodes: Vec<Node>,
    /// The directory of the settings, for people.
    directory: Option<PathBuf>,
    /// Whether the settings say how DataNodes are spoken with.
    protects: bool,
    /// Why no new tickets could be got, and when that was tried.
    away: Mutex<Option<(Instant, Error)>>,
    /// Whether there have been tickets.
    had_tickets: AtomicBool,
    /// Whether the settings refuse a NameNode that wants no proof.
    refuses_fallback: bool,
    /// Who sees to tickets has it: where there have been some, others do not wait for a KDC that does not answer.
    turn: Mutex<()>,
}

impl Access {
    /// Who asks the NameNodes at an address.
    ///
    /// # Errors
    /// The cluster wants proof, and there is no key, or no GSSAPI.
    pub(crate) fn new(
        address: &str,
        site: &Site,
        settings: &HdfsSettings,
    ) -> Result<Self, HdfsError> {
        let keys = Some(&settings.keys).filter(|_| site.is_secure());
        let tickets = keys.map(Tickets::of).transpose();
        Ok(Self {
            tickets: tickets.map_err(|error| HdfsError::of_kerberos(&error))?,
            nodes: site.nodes(address).into_iter().map(Node::at).collect(),
            directory: settings.directory.clone(),
            protects: site.get("dfs.data.transfer.protection").is_some(),
            away: Mutex::new(None),
            had_tickets: AtomicBool::new(false),
            refuses_fallback: site.is_secure() && !site.may_fall_back(),
            turn: Mutex::new(()),
        })
    }

    /// Tells the client where tickets are; it finds those of `kinit` by itself.
    pub(crate) fn tell(&self, builder: ClientBuilder) -> ClientBuilder {
        match self.tickets.as_ref().and_then(Tickets::place) {
            Some((principal, cache)) => builder
                .with_kerberos_principal(principal)
                .with_kerberos_cache(cache),
            None => builder,
        }
    }

    /// The service, for people.
    fn service(&self) -> String {
        let nodes: Vec<&str> = self.nodes.iter().map(|node| &*node.address).collect();
        format!("the NameNode {}", nodes.join(" or "))
    }

    fn away(&self) -> MutexGuard<'_, Option<(Instant, Error)>> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees to it that there are good tickets. A KDC that is away is not waited for: a connection that is there goes on.
    ///
    /// # Errors
    /// Kerberos gives none.
    #[allow(clippy::disallowed_methods, reason = "tickets end by the clock")]
    pub(crate) fn prepare(&self) -> Result<(), HdfsError> {
        let Some(tickets) = &self.tickets else {
            return Ok(());
        };
        let is_recent = |(at, _): &(Instant, Error)| at.elapsed() < AGAIN;
        if self.away().as_ref().is_some_and(is_recent) {
            return Ok(());
        }
        let _turn = match self.turn.try_lock() {
            Ok(turn) => turn,
            Err(TryLockError::WouldBlock) if self.had_tickets.load(Ordering::Relaxed) => {
                return Ok(());
            }
            Err(_) => self.turn.lock().unwrap_or_else(PoisonError::into_inner),
        };
        let renewed = tickets.renew(&self.service());
        let (away, outcome) = match renewed {
            Err(error) if error.may_pass() => (Some((Instant::now(), error)), Ok(())),
            Err(error) => (None, Err(HdfsError::of_kerberos(&error))),
            Ok(()) => (None, Ok(())),
        };
        if away.is_none() && outcome.is_ok() {
            self.had_tickets.store(true, Ordering::Relaxed);
        }
        *self.away() = away;
        outcome
    }

    /// What stands behind an error, as far as it has to do with who asks.
    pub(crate) async fn explain(&self, error: HdfsError) -> HdfsError {
        match &self.tickets {
            None if error.to_string().contains(HUNG_UP) => match self.wants_proof().await {
                true => self.unsaid(),
                false => error,
            },
            None => error,
            Some(tickets) if error.is_of_login() => self.refused(tickets, &error.to_string()),
            Some(_) if error.trouble() == Trouble::Denied && !error.has_next() => error.next(
                "let the user of that principal do this there (hdfs dfs -chown, -setfacl), or log in as another one \
                 (security.kerberos.login.keytab)",
            ),
            Some(_) if error.trouble() == Trouble::Unreachable && !self.protects => error.next(
                "see that NameNode and DataNodes run and are out of safe mode; where DataNodes end connections, set \
                 dfs.data.transfer.protection in hdfs-site.xml as the cluster has it",
            ),
            Some(_) => error,
        }
    }

    /// Refuses a cluster that believes who asks where the settings say that there is proof of that, as Hadoop does: whoever answers may
    /// be somebody else. The client itself would go on without. No NameNode speaks for another one: those that say nothing are asked
    /// again, at each request as long as none has answered, and else with pauses, by one request at a time.
    ///
    /// # Errors
    /// A NameNode wants no proof.
    pub(crate) async fn refuse_fallback(&self) -> Result<(), HdfsError> {
        if !self.refuses_fallback {
            return Ok(());
        }
        for node in &self.nodes {
            let is_done = node.wants_proof() || (self.has_answer() && !node.is_due());
            if !is_done && node.goes_without().await {
                return Err(self.falls_back(&node.address));
            }
        }
        Ok(())
    }

    /// Whether a NameNode has said that it wants proof.
    fn has_answer(&self) -> bool {
        self.nodes.iter().any(Node::wants_proof)
    }

    /// The settings want Kerberos, and the cluster does not.
    fn falls_back(&self, node: &str) -> HdfsError {
        let settings = match &self.directory {
            Some(directory) => format!("core-site.xml in {}", directory.display()),
            None => "the settings".to_owned(),
        };
        let what = format!(
            "the NameNode {node} knows no Kerberos and believes who asks, and {settings} wants Kerberos \
             (hadoop.security.authentication)"
        );
        HdfsError::of_settings(Trouble::Denied, what).next(
            "use the settings of that cluster (HADOOP_CONF_DIR, or hadoop.home.dir), or, where it is meant to be without Kerberos, set \
             ipc.client.fallback-to-simple-auth-allowed to true in core-site.xml",
        )
    }

    fn refused(&self, tickets: &Tickets, said: &str) -> HdfsError {
        let refused = tickets.refused(&self.service(), said);
        // Why there are no tickets at the moment is known better here.
        match &*self.away() {
            Some((_, error)) if refused.may_pass() => HdfsError::of_kerberos(error),
            _ => HdfsError::of_kerberos(&refused),
        }
    }

    async fn wants_proof(&self) -> bool {
        for node in &self.nodes {
            if probe::wants_proof(&node.address).await {
                return true;
            }
        }
        false
    }

    /// The cluster wants Kerberos, and the settings do not say so.
    fn unsaid(&self) -> HdfsError {
        let settings = match &self.directory {
            Some(directory) => format!("core-site.xml in {} does not say so", directory.display()),
            None => "no core-site.xml says so".to_owned(),
        };
        let what = format!("{} wants Kerberos, and {settings}", self.service());
        HdfsError::of_settings(Trouble::Denied, what).next(
            "set hadoop.security.authentication to kerberos in core-site.xml, best by the files of the cluster (HADOOP_CONF_DIR, or \
             hadoop.home.dir)",
        )
    }
}

#[cfg(test)]
mod tests;
