//! Kerberos: whether there are keys and a KDC that gives tickets for them. Whether services take these, each end finds out.

use std::path::Path;

use millstream::Environment;
use millstream_connectors::hdfs::HdfsUrl;
use millstream_connectors::hive::Auth;
use millstream_connectors::kerberos::{self, Keys, Tickets};
use millstream_core::{Error, Finding, codes};

use crate::parameters::{DeadLetters, SinkSettings, SourceSettings};
use crate::pipeline::Remotes;
use crate::run::Prepared;

/// What there is to find out of each of the keys that the job uses.
pub(super) fn check(
    prepared: &Prepared,
    remotes: &Remotes,
    environment: &Environment,
) -> Vec<Finding> {
    let mut all: Vec<Keys> = Vec::new();
    for keys in used(prepared, remotes, environment) {
        if !all.contains(&keys) {
            all.push(keys);
        }
    }
    all.iter().flat_map(found).collect()
}

/// The keys that the job uses, some of them more than once.
fn used(
    prepared: &Prepared,
    remotes: &Remotes,
    environment: &Environment,
) -> impl Iterator<Item = Keys> {
    let settings = &prepared.settings;
    // Settings that can't be read are told of where the cluster is asked.
    let of_clusters = || remotes.clusters.keys().ok().flatten();
    let at = |path: &Path| HdfsUrl::of_path(path).and_then(|_| of_clusters());
    let of_source = match &settings.source {
        SourceSettings::Text(text) => at(&text.path),
        SourceSettings::Columns(columns) => at(&columns.path),
        SourceSettings::Kafka(kafka) => kafka.properties.keys(),
        SourceSettings::Hive(hive) => {
            let is_secure = matches!(hive.url.auth, Auth::Kerberos(_));
            is_secure.then(|| hive.login.keys.clone())
        }
        SourceSettings::Table(table) => {
            let keys = table.url.is_secure().then(|| table.keys.clone());
            keys.or_else(of_clusters)
        }
    };
    let of_sink = match &settings.sink {
        SinkSettings::File(file) => at(&file.path),
        SinkSettings::Kafka(kafka) => kafka.properties.keys(),
        SinkSettings::Elasticsearch(_) | SinkSettings::Print => None,
    };
    let of_letters = match settings.errors.place() {
        Some(DeadLetters::Files(path)) => at(path),
        Some(DeadLetters::Topic(kafka)) => kafka.properties.keys(),
        Some(DeadLetters::WithOutput { .. }) | None => None,
    };
    // Places that can't be told are told of where they are looked at.
    let configuration = environment.configuration().ok();
    let snapshots = configuration.and_then(|told| millstream::directories::snapshots(&told).ok());
    let of_snapshots = snapshots
        .and_then(|(checkpoints, savepoints)| at(&checkpoints).or_else(|| at(&savepoints)));
    let all = [of_source, of_sink, of_letters, of_snapshots];
    all.into_iter().flatten()
}

fn found(keys: &Keys) -> Vec<Finding> {
    let tickets = match Tickets::of(keys) {
        Ok(tickets) => tickets,
        Err(error) => return vec![Finding::wrong("kerberos keys", &told(&error))],
    };
    let who = tickets.who();
    if tickets.place().is_none() {
        let next = "give a keytab (/etc/user.keytab, or --security.kerberos.login.keytab <file>) to a job that runs for longer than they live";
        return vec![Finding::warning("kerberos keys", who, next)];
    }
    let ticket = match tickets.renew("the KDC") {
        Ok(()) => Finding::well("kerberos KDC", "it gives tickets"),
        Err(error) => Finding::wrong("kerberos KDC", &told(&error)),
    };
    vec![Finding::well("kerberos keys", who), ticket]
}

fn told(error: &kerberos::Error) -> Error {
    Error::new(&codes::KERBEROS, error.to_string()).next(error.next())
}
