//! Starting the server, and ending it.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use millstream_core::options::reference::escape;
use millstream_core::options::{
    DATA_DIRECTORY, REST_ADDRESS, REST_BIND_ADDRESS, REST_PORT, WEB_CHECKPOINT_HISTORY,
};
use millstream_core::{Configuration, Error, JobId, Result, codes};
use tokio::signal::unix::{SignalKind, signal};

use crate::data_directory::{self, DataDirectory, RunningServer};
use crate::expiry::Limits;
use crate::exposure::Exposure;
use crate::logs::LogTo;
use crate::registry::{Beginning, Registry};
use crate::reload::{self, Reload};
use crate::rest::{self, RestSettings};
use crate::store::{OperationRecord, Records, Store};
use crate::supervisor::Holders;
use crate::views::ServerFacts;
use crate::{clock, configuration, disposal, expiry, files, logs, packages, supervisor};

/// How a server is started.
pub struct ServerConfiguration {
    /// Its settings, and those of its jobs; see [`crate::configuration::load`].
    pub configuration: Configuration,
    /// Whether it may listen off loopback without a token.
    pub insecure: bool,
    /// Reads the configuration again as it is by then.
    pub reload: Reload,
    /// Where its log goes.
    pub log_to: LogTo,
    /// What is wrong with its configuration, though nothing keeps it from starting; without a full stop.
    pub warnings: Vec<String>,
    /// The commit that it was built from.
    pub commit: String,
    /// Called when it listens.
    pub ready: Box<dyn FnOnce(&RunningServer) + Send>,
}

/// Runs a server until it is told to end: by SIGTERM, SIGINT, or over REST. Its jobs go on then, and the next server on
/// the data directory finds them.
///
/// # Errors
/// An option has a value that does not fit, another server uses the data directory, the address can't be listened at, or
/// the records can't be read.
pub fn serve(mut server: ServerConfiguration) -> Result<()> {
    configuration::take_token(&mut server.configuration);
    configuration::resolve(&mut server.configuration)?;
    let configuration = &server.configuration;
    let mut settings = RestSettings::from_configuration(configuration)?;
    let limits = Limits::from_configuration(configuration)?;
    let log = logs::settings(configuration)?;
    let address = bind_address(configuration)?;
    settings.check(address, server.insecure)?;
    let path = data_directory::locate(configuration)?;
    packages::check_named(configuration)?;
    let data = DataDirectory::open(&path)?;
    let listener = listen(address)?;
    logs::start(&path, server.log_to, &log)?;
    let served = serve_from(server, data, listener, settings, limits);
    if let Err(error) = &served {
        tracing::error!("The server ends: {error}");
    }
    served
}

/// From where on its log tells what becomes of the server.
fn serve_from(
    server: ServerConfiguration,
    data: DataDirectory,
    listener: TcpListener,
    settings: RestSettings,
    limits: Limits,
) -> Result<()> {
    millstream_process::limits::raise();
    configuration::warn_of_visible_token();
    for warning in &server.warnings {
        tracing::warn!("The configuration: {warning}.");
    }
    give_stores(&server.configuration);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(16)
        .thread_keep_alive(Duration::from_secs(2))
        .thread_name("server")
        .enable_all()
        .build()
        .map_err(|cause| Error::new(&codes::INTERNAL, "no runtime").cause(cause))?;
    let (store, thread, records) = Store::open(&data.database())?;
    remove_leftovers(data.path());
    let served = runtime.block_on(run(
        server, data, listener, store, records, settings, limits,
    ));
    // What still waits (supervisors, mostly) is given up: everything that counts is on record.
    runtime.shutdown_timeout(Duration::from_secs(5));
    thread.join();
    served
}

/// Has paths of object stores and of HDFS mean those of the server's settings: what it disposes of itself may lie there.
fn give_stores(configuration: &Configuration) {
    let mut settings = configuration.clone();
    let given = millstream_process::secrets::resolve_settings(&mut settings)
        .and_then(|()| millstream_remote::give(&settings));
    if let Err(error) = given {
        tracing::warn!(
            "The server can't dispose of snapshots in object stores and in HDFS: {error}"
        );
    }
}

async fn run(
    server: ServerConfiguration,
    data: DataDirectory,
    listener: TcpListener,
    store: Store,
    records: Records,
    settings: RestSettings,
    limits: Limits,
) -> Result<()> {
    let address = listener
        .local_addr()
        .map_err(|cause| not_listening("the address", cause))?;
    let running = running(&server.configuration, address, &settings)?;
    let place = (address, running.address.clone());
    let registry = registry(&server, data, store, &records, place, settings.tls())?;
    let mut ended = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut interrupted = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let hangups = signal(SignalKind::hangup()).map_err(no_signals)?;
    let mut told = registry.shutting_down();
    let shutdown = async move {
        tokio::select! {
            _ = ended.recv() => {}
            _ = interrupted.recv() => {}
            _ = told.wait_for(|told| *told) => {}
        }
        tracing::info!("The server ends. Its jobs go on; the next server finds them.");
    };
    let serving = rest::serve(listener, registry.clone(), settings.clone(), shutdown)?;
    packages::tidy_uploads(&registry)?;
    // Whoever reads it finds a server: from here on nothing keeps it from answering.
    let exposure = Exposure::begin(registry.clone(), settings.clone(), address, running.clone());
    tracing::info!(
        "Millstream {} listens at {} and keeps its data in {}.",
        running.version,
        running.address,
        registry.server().data_directory.display()
    );
    exposure.log();
    let known = records.jobs.iter().map(|record| record.id).collect();
    let holders = Holders::look().await;
    take_up(&registry, records, &holders);
    supervisor::adopt(&registry, known, &holders).await;
    disposal::resume(&registry);
    tokio::spawn(expiry::run(registry.clone(), limits));
    tokio::spawn(reload::run(
        hangups,
        server.reload,
        settings.tokens(),
        Arc::new(exposure),
        server.configuration,
    ));
    tokio::spawn(packages::describe_built_in(registry.clone()));
    tokio::spawn(packages::take_up_found(registry.clone()));
    (server.ready)(&running);
    read_ended_jobs(&registry);
    let served = serving.await;
    registry.shared.data.untell();
    served
}

/// Plans that were being made when the last server died; they may hold secrets.
fn remove_leftovers(path: &Path) {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    for entry in entries {
        if entry.file_name().to_string_lossy().starts_with(".plan-")
            && let Err(trouble) = files::remove(&entry.path())
        {
            tracing::warn!("{}", trouble.error);
        }
    }
}

fn no_signals(cause: std::io::Error) -> Error {
    Error::new(&codes::INTERNAL, "signals can't be listened to").cause(cause)
}

fn bind_address(configuration: &Configuration) -> Result<SocketAddr> {
    let host = match configuration.get(&REST_BIND_ADDRESS)? {
        Some(host) => host,
        None => configuration.require(&REST_ADDRESS)?,
    };
    let port = configuration.require(&REST_PORT)?;
    let port = u16::try_from(port).map_err(|_| {
        Error::new(
            &codes::OPTION_VALUE,
            format!("{} is `{port}`, which is no port", REST_PORT.name),
        )
        .next("give a number from 0 to 65535")
    })?;
    let found = (host.as_str(), port).to_socket_addrs();
    let mut found = found.map_err(|cause| not_listening(&host, cause))?;
    found
        .next()
        .ok_or_else(|| not_listening(&host, std::io::Error::other("the name has no address")))
}

/// How many connections may wait to be taken up; the kernel lowers it to `net.core.somaxconn`. The standard library's 128 are full in
/// a burst of connections, and the kernel drops what comes then: the client asks again a second later.
const WAITING_CONNECTIONS: i32 = 4096;

fn listen(address: SocketAddr) -> Result<TcpListener> {
    let listener = TcpListener::bind(address).and_then(|listener| {
        // A second `listen` changes the length of the queue alone.
        socket2::SockRef::from(&listener).listen(WAITING_CONNECTIONS)?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    listener.map_err(|cause| not_listening(&address.to_string(), cause))
}

fn not_listening(place: &str, cause: std::io::Error) -> Error {
    Error::new(
        &codes::SERVER_ADDRESS,
        format!("the server can't listen at {place}"),
    )
    .cause(cause)
    .next(format!(
        "choose another {} or {}, or end what uses it",
        REST_PORT.name, REST_BIND_ADDRESS.name
    ))
}

fn running(
    configuration: &Configuration,
    address: SocketAddr,
    settings: &RestSettings,
) -> Result<RunningServer> {
    let scheme = if settings.tls() { "https" } else { "http" };
    // Where nobody says what clients call it, it is called what it listens at.
    let is_named = configuration.text(REST_ADDRESS.name).is_some();
    let host = if is_named || address.ip().is_unspecified() {
        configuration.require(&REST_ADDRESS)?
    } else {
        address.ip().to_string()
    };
    let host = if host.contains(':') {
        format!("[{host}]")
    } else {
        host
    };
    Ok(RunningServer {
        pid: std::process::id(),
        address: format!("{scheme}://{host}:{}", address.port()),
        started: clock::now(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        bound: address.to_string(),
        answers: settings.answers(address),
        open: settings.is_open(address),
    })
}

fn registry(
    server: &ServerConfiguration,
    data: DataDirectory,
    store: Store,
    records: &Records,
    (address, url): (SocketAddr, String),
    tls: bool,
) -> Result<Registry> {
    let started = clock::now();
    let mut settings = server.configuration.clone();
    settings.set(DATA_DIRECTORY.name, escape(&data.path().to_string_lossy()));
    settings.set(REST_PORT.name, address.port().to_string());
    let history = settings.require(&WEB_CHECKPOINT_HISTORY)?;
    let mut packages = records.packages.clone();
    // One that can't be looked at may be there.
    let may_be_there = |path: &PathBuf| !matches!(path.try_exists(), Ok(false));
    packages.retain(|package| package.path.as_ref().is_some_and(may_be_there));
    packages.push(packages::built_in(started));
    Ok(Registry::new(Beginning {
        facts: ServerFacts {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: server.commit.clone(),
            started,
            address,
            url,
            data_directory: data.path().to_path_buf(),
            tls,
        },
        store,
        data,
        settings,
        history: usize::try_from(history).unwrap_or(usize::MAX),
        start_limit: configuration::start_limit(&server.configuration)?,
        operations: records.operations.iter().map(|o| o.view.clone()).collect(),
        packages,
    }))
}

/// Takes up the jobs of the server before this one.
fn take_up(registry: &Registry, records: Records, holders: &Holders) {
    let mut asked: HashMap<JobId, Vec<OperationRecord>> = HashMap::new();
    for operation in records.operations {
        if let Some(job) = operation.view.job {
            asked.entry(job).or_default().push(operation);
        }
    }
    for record in records.jobs {
        let operations = asked.remove(&record.id).unwrap_or_default();
        if record.ended.is_some() {
            supervisor::list_ended(registry, record);
        } else {
            supervisor::resume(registry, record, operations, holders);
        }
    }
}

/// Reads what is left of jobs that have ended, so that nobody has to wait for it who asks later. Whoever asks before reads
/// what is asked for.
fn read_ended_jobs(registry: &Registry) {
    let cells = registry.cells();
    tokio::task::spawn_blocking(move || cells.iter().for_each(|cell| drop(cell.view())));
}

#[cfg(test)]
mod tests;
