//! Elasticsearch as a sink: what was given, and what is missing or contradictory.

use millstream_connectors::elasticsearch::{Backoff, EsOptions, Flush, Login, Server, SyncType};
use millstream_core::{Error, codes};

use super::choices::{BackoffType, SinkType, WatchType};
use super::definition::Parameter;
use super::given::Given;
use super::places::local_path;
use super::{SourceType, contradiction, table};

/// Bytes of a megabyte, as bulks count it.
const MEGABYTE: usize = 1024 * 1024;

/// What is wrong with the parameters of a sink of Elasticsearch, if that is where records go.
pub(super) fn of(given: &Given) -> Vec<Error> {
    if given.get(&table::SINK_TYPE) != Some(SinkType::Es) {
        return Vec::new();
    }
    let mut problems = missing(given);
    problems.extend(servers(given).err());
    problems.extend(logins(given));
    problems.extend(stale(given));
    problems.extend(odd(given));
    problems
}

fn is_given(given: &Given, name: &str) -> bool {
    given.origin(name).is_some()
}

fn missing(given: &Given) -> Vec<Error> {
    let wanted = [
        (
            table::ES_SERVER.name(),
            "give the addresses of some servers: --sink.es.server <host:port>,…",
        ),
        (
            table::ES_INDEX.name(),
            "give the index that is written: --sink.es.index <index>",
        ),
        (
            table::ES_SYNC_TYPE.name(),
            "say what is done with documents that are there: --sink.es.sync.type incremental, finite or full",
        ),
        (
            table::ES_UNIQUE_COLUMN.name(),
            "give the columns that make the id: --sink.es.unique.column <column>,…",
        ),
    ];
    let absent = wanted.iter().filter(|(name, _)| !is_given(given, name));
    absent
        .map(|(name, next)| {
            let message = format!("{name} is not given, with sink.type es");
            Error::new(&codes::INGEST_PARAMETERS, message).next(*next)
        })
        .collect()
}

fn servers(given: &Given) -> Result<Vec<Server>, Error> {
    let name = table::ES_SERVER.name();
    let text = given.get(&table::ES_SERVER).unwrap_or_default();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    Server::parse_all(&text).map_err(|why| {
        let message = given.shown(name, &format!("{name}: {why}"));
        Error::new(&codes::OPTION_VALUE, message).next("for example `es1:9200,https://es2:9200`")
    })
}

fn logins(given: &Given) -> Vec<Error> {
    let mut problems = Vec::new();
    let ways = [
        table::ES_USERNAME.name(),
        table::ES_API_KEY.name(),
        table::ES_TOKEN.name(),
    ];
    let ways: Vec<&str> = ways
        .into_iter()
        .filter(|name| is_given(given, name))
        .collect();
    if let [first, second, ..] = ways.as_slice() {
        let message = format!("{first} and {second} are both given");
        problems.push(contradiction(message, "give one of them only"));
    }
    let (user, password) = (table::ES_USERNAME.name(), table::ES_PASSWORD.name());
    for (one, other) in [(user, password), (password, user)] {
        if is_given(given, one) && !is_given(given, other) {
            let message = format!("{one} is given without {other}");
            problems.push(contradiction(message, "give both, or none"));
        }
    }
    problems
}

/// What has to be so that documents of older versions may be removed.
fn stale(given: &Given) -> Vec<Error> {
    let name = table::ES_DELETE_STALE.name();
    if given.get(&table::ES_DELETE_STALE) != Some(true) {
        return Vec::new();
    }
    let from_files = given
        .get(&table::SOURCE_TYPE)
        .is_some_and(|source| SourceType::FILES.contains(&source));
    let once = given.get(&table::WATCH_TYPE) == Some(WatchType::ProcessOnce);
    let index = given.get(&table::ES_INDEX);
    let wants = [
        (
            given.get(&table::ES_SYNC_TYPE) == Some(SyncType::Full),
            "sink.es.sync.type is not full",
            "give --sink.es.sync.type full",
        ),
        (
            from_files && once,
            "the job does not read what is there once",
            "give --source.watch.type PROCESS_ONCE, with files as the source",
        ),
        (
            is_given(given, table::ES_VERSION.name()),
            "sink.es.version is not given",
            "give a version that is larger than that of every sync before, such as the present time",
        ),
        (
            index.is_none_or(|index| index.fixed().is_some()),
            "sink.es.index is not one index",
            "give the name of one index",
        ),
    ];
    let unmet = wants.into_iter().filter(|(is_so, _, _)| !is_so);
    unmet
        .map(|(_, why, next)| contradiction(format!("{name} is true, and {why}"), next))
        .collect()
}

fn odd(given: &Given) -> Vec<Error> {
    let mut problems = Vec::new();
    if is_given(given, table::ES_PROXY.name()) {
        let message = "sink.es.proxy: servers are not reached by a proxy, neither by this one nor by one of the environment";
        problems.push(
            Error::new(&codes::INGEST_UNSUPPORTED, message)
                .next("leave it out, and give addresses that can be reached from here"),
        );
    }
    for parameter in [
        &table::ES_BULK_INTERVAL,
        &table::ES_BACKOFF_DELAY,
        &table::ES_TIMEOUT,
    ] {
        if given.get(parameter).is_some_and(|time| time.is_zero()) {
            let message = format!("{} is 0", parameter.name());
            problems.push(contradiction(message, "give a time such as 1 s"));
        }
    }
    if given
        .get(&table::ES_VERSION)
        .is_some_and(|version| i64::try_from(version).is_err())
    {
        let message = "sink.es.version is larger than what a field of type long holds";
        problems.push(contradiction(message.to_owned(), "give a smaller one"));
    }
    let finite = given.get(&table::ES_SYNC_TYPE) == Some(SyncType::Finite);
    if finite && is_given(given, table::ES_MAPPING.name()) {
        let message =
            "sink.es.mapping is given, and sink.es.sync.type finite only changes what is there"
                .to_owned();
        problems.push(contradiction(
            message,
            "leave sink.es.mapping out, or give another sink.es.sync.type",
        ));
    }
    let index = given.get(&table::ES_INDEX);
    if index.is_some_and(|index| index.fixed().is_none())
        && is_given(given, table::ES_MAPPING.name())
    {
        let message = "sink.es.mapping is given, and sink.es.index is not one index".to_owned();
        problems.push(contradiction(
            message,
            "make an index template on the server, or name one index",
        ));
    }
    if given.get(&table::ES_UNIQUE_COLUMN).is_some_and(|names| {
        names
            .0
            .contains(&given.get(&table::ES_VERSION_COLUMN).unwrap_or_default())
    }) && is_given(given, table::ES_VERSION.name())
    {
        let message = "sink.es.version.column names a column of sink.es.unique.column".to_owned();
        problems.push(contradiction(
            message,
            "give another sink.es.version.column",
        ));
    }
    problems
}

/// What a sink of Elasticsearch is asked to do; `None` where a value is missing or wrong.
pub(super) fn options(given: &Given) -> Option<EsOptions> {
    let path = |parameter: &Parameter<String>| match given.get(parameter) {
        None => Some(None),
        Some(text) => local_path(&text).ok().map(Some),
    };
    let number = |parameter| -> Option<usize> {
        Some(given.get::<super::value::Parallelism>(parameter)?.0 as usize)
    };
    let enabled = given.get(&table::ES_BACKOFF_ENABLE)?;
    let sync = given.get(&table::ES_SYNC_TYPE)?;
    let login = match (
        given.get(&table::ES_USERNAME),
        given.get(&table::ES_API_KEY),
        given.get(&table::ES_TOKEN),
    ) {
        (Some(user), _, _) => Login::Basic {
            user,
            password: given.get(&table::ES_PASSWORD)?,
        },
        (None, Some(key), _) => Login::ApiKey(key),
        (None, None, Some(token)) => Login::Bearer(token),
        (None, None, None) => Login::None,
    };
    Some(EsOptions {
        servers: servers(given).ok().filter(|servers| !servers.is_empty())?,
        index: given.get(&table::ES_INDEX)?,
        doc_type: given.get(&table::ES_TYPE),
        sync,
        id: given.get(&table::ES_UNIQUE_COLUMN)?.0,
        version_column: given.get(&table::ES_VERSION_COLUMN)?,
        version: given
            .get(&table::ES_VERSION)
            .filter(|_| sync != SyncType::Finite)
            .and_then(|version| i64::try_from(version).ok()),
        retry_on_conflict: given.get(&table::ES_RETRY_ON_CONFLICT)?,
        flush: Flush {
            actions: number(&table::ES_BULK_ACTIONS)?,
            bytes: number(&table::ES_BULK_SIZE)?.saturating_mul(MEGABYTE),
            interval: given.get(&table::ES_BULK_INTERVAL)?,
            concurrent: number(&table::ES_BULK_CONCURRENT)?,
        },
        backoff: Backoff {
            retries: if enabled {
                given.get(&table::ES_BACKOFF_RETRIES)?
            } else {
                0
            },
            delay: given.get(&table::ES_BACKOFF_DELAY)?,
            exponential: given.get(&table::ES_BACKOFF_TYPE)? == BackoffType::Exponential,
        },
        timeout: given.get(&table::ES_TIMEOUT)?,
        login,
        ca: path(&table::ES_CA)?,
        gzip: given.get(&table::ES_GZIP)?,
        delete_stale: given.get(&table::ES_DELETE_STALE)?,
        mapping: path(&table::ES_MAPPING)?,
    })
}
