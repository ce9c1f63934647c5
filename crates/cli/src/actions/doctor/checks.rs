//! What is checked.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use millstream_core::options::{
    CHECKPOINT_DIRECTORY, S3_ACCESS_KEY, S3_ENDPOINT, S3_REGION, S3_SECRET_KEY, SAVEPOINT_DIRECTORY,
};
use millstream_core::{Configuration, Error, Finding, Result, Verdict, codes};
use millstream_ingest::doctor::Patience;
use millstream_server::data_directory;
use serde::Deserialize;

use crate::arguments::Connection;
use crate::client::{Address, TOKEN_VARIABLE};
use crate::session::{LOCAL, Session, target};
use crate::settings;

/// Every check, in the order of what builds on what.
pub(super) fn all(connection: &Connection) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(configuration) = configuration_file(connection, &mut findings) else {
        return findings;
    };
    findings.push(target_is_there(connection, &configuration));
    findings.extend(data(&configuration));
    findings.extend(store(&configuration));
    findings.extend(snapshots(&configuration));
    findings.extend(server(connection, &configuration));
    findings
}

fn configuration_file(
    connection: &Connection,
    findings: &mut Vec<Finding>,
) -> Option<Configuration> {
    let what = "configuration";
    let loaded = settings::loaded(connection).and_then(|mut loaded| {
        settings::resolve(&mut loaded.configuration)?;
        Ok(loaded)
    });
    match loaded {
        Ok(loaded) => {
            if let Some(warning) = loaded.exposure()
                && let Some((detail, next)) = warning.split_once("; ")
            {
                findings.push(Finding::warning("secrets", detail, next));
            }
            findings.push(match (loaded.warning(), &loaded.file) {
                (Some(warning), _) => match warning.split_once("; ") {
                    Some((detail, next)) => Finding::warning(what, detail, next),
                    None => Finding::warning(what, warning, ""),
                },
                (None, Some(file)) => Finding::well(what, file.display().to_string()),
                (None, None) => Finding::well(what, "no file, defaults hold"),
            });
            Some(loaded.configuration)
        }
        Err(error) => {
            findings.push(Finding::wrong(what, &error));
            None
        }
    }
}

fn target_is_there(connection: &Connection, configuration: &Configuration) -> Finding {
    let what = "target";
    match target(connection, configuration) {
        Ok(target) if target == LOCAL => Finding::warning(
            what,
            "local: jobs run in the process of the command",
            "the other actions need a server: --target remote",
        ),
        Ok(target) => Finding::well(what, target),
        Err(error) => Finding::wrong(what, &error),
    }
}

/// The directory of the server on this machine.
fn data(configuration: &Configuration) -> Vec<Finding> {
    let what = "data directory";
    let directory = match data_directory::locate(configuration) {
        Ok(directory) => directory,
        Err(error) => return vec![Finding::wrong(what, &error)],
    };
    let mut findings = vec![writable(what, &directory, &codes::SERVER_DIRECTORY)];
    let is_usable = findings.iter().all(|found| found.verdict == Verdict::Well);
    // What can't be a data directory needs not be closed to others.
    if is_usable
        && let Ok(metadata) = fs::metadata(&directory)
        && metadata.mode() & 0o077 != 0
    {
        let shown = directory.display();
        findings.push(Finding::warning(
            what,
            format!("others on this machine can look into {shown}, which may hold secrets of jobs"),
            format!("chmod 700 {shown}"),
        ));
    }
    findings
}

/// Whether what is said of the object store goes together; `None`: nothing is. Snapshots that go there are put there by way of
/// trial, see [`is_kept`].
fn store(configuration: &Configuration) -> Option<Finding> {
    let what = "object store";
    let told = [&S3_ENDPOINT, &S3_REGION, &S3_ACCESS_KEY, &S3_SECRET_KEY];
    if !told.iter().any(|option| configuration.is_set(option)) {
        return None;
    }
    // A place on this disk has the options read, and nothing asked.
    let read = is_kept(configuration, "/", &Patience::default())
        .and_then(|_| configuration.get(&S3_ENDPOINT));
    Some(match read {
        Ok(Some(endpoint)) => Finding::well(what, endpoint),
        Ok(None) => Finding::well(what, "that of AWS"),
        Err(error) => Finding::wrong(what, &error),
    })
}

/// The directories that snapshots go to.
fn snapshots(configuration: &Configuration) -> Vec<Finding> {
    let places = [
        ("checkpoints", &CHECKPOINT_DIRECTORY),
        ("savepoints", &SAVEPOINT_DIRECTORY),
    ];
    let patience = Patience::default();
    let check = |(what, option)| {
        let configured: Result<Option<String>> = configuration.get(option);
        match configured {
            Ok(Some(place)) => match is_kept(configuration, &place, &patience) {
                Ok(None) => Finding::well(what, place),
                Ok(Some(path)) => writable(what, &path, &codes::SNAPSHOT_WRITE),
                Err(error) => Finding::wrong(what, &error),
            },
            Ok(None) if what == "savepoints" => Finding::warning(
                what,
                format!("{} is not set", SAVEPOINT_DIRECTORY.name),
                "name a directory with each savepoint and stop, or set it",
            ),
            Ok(None) => Finding::well(what, "below the data directory"),
            Err(error) => Finding::wrong(what, &error),
        }
    };
    places.into_iter().map(check).collect()
}

/// The path of a place on this machine; `None`: it is in a store, where snapshots can be kept.
fn is_kept(
    configuration: &Configuration,
    place: &str,
    patience: &Patience,
) -> Result<Option<PathBuf>> {
    let mut settings = configuration.clone();
    millstream_process::secrets::resolve_settings(&mut settings)?;
    match patience.check_store(&settings, place)? {
        true => Ok(None),
        false => path_of(place).map(Some),
    }
}

/// The path of a place on this machine.
fn path_of(place: &str) -> Result<PathBuf> {
    let path = match place.split_once(':') {
        Some(("file", rest)) => rest.strip_prefix("//").unwrap_or(rest),
        Some((scheme, rest)) if rest.starts_with("//") => {
            let message = format!("{place} is on {scheme}, which is not there yet");
            return Err(Error::new(&codes::SNAPSHOT_SCHEME, message)
                .next("name a directory of this machine or a mount"));
        }
        _ => place,
    };
    Ok(PathBuf::from(path))
}

/// Whether files can be made in `directory`, or in the nearest one above that is there.
fn writable(what: &'static str, directory: &Path, code: &'static codes::Code) -> Finding {
    let there = directory.ancestors().find(|above| above.exists());
    let above = there.unwrap_or(Path::new("/"));
    let failed = |cause: std::io::Error| {
        let message = format!("nothing can be written to {}", above.display());
        Finding::wrong(
            what,
            &Error::new(code, message).cause(cause).next(
                "check the owner, the permissions and the free space, or name another directory",
            ),
        )
    };
    let probe = above.join(format!(".millstream-doctor-{}", std::process::id()));
    let written = fs::write(&probe, b"ok");
    // What could not be made can't be taken away.
    let removed = fs::remove_file(&probe);
    match written.and(removed) {
        Ok(()) if above == directory => Finding::well(what, directory.display().to_string()),
        Ok(()) => Finding::well(what, format!("{} can be made", directory.display())),
        Err(cause) => failed(cause),
    }
}

/// The answer of `/config`.
#[derive(Debug, Deserialize)]
struct Versions {
    #[serde(rename = "flink-version")]
    flink: String,
    #[serde(rename = "millstream-version", default)]
    millstream: Option<String>,
}

fn server(connection: &Connection, configuration: &Configuration) -> Vec<Finding> {
    let what = "server";
    let session = match Session::with(connection, configuration) {
        Ok(session) => session,
        Err(error) => return vec![Finding::wrong(what, &error)],
    };
    let address = session.client.address();
    let mut findings = match session.client.get::<Versions>("/config") {
        Ok(versions) => vec![version(&address.to_string(), &versions)],
        Err(error) => {
            let unreachable = error.code() == codes::SERVER_UNREACHABLE.id;
            let port = unreachable.then(|| port(address)).flatten();
            std::iter::once(Finding::wrong(what, &error))
                .chain(port)
                .collect()
        }
    };
    let token = std::env::var_os(TOKEN_VARIABLE).is_some()
        || configuration.text("rest.auth.token").is_some();
    if let Some(exposure) = exposure(configuration, address) {
        let (what, next) = (
            "exposure",
            "set rest.auth.token and start the server without --insecure, or security.ssl.rest.enabled where it has one",
        );
        findings.push(Finding::warning(what, exposure, next));
    }
    findings.push(match (token, address.is_loopback(), address.is_tls()) {
        (true, false, false) => Finding::warning(
            "token",
            "the token is sent to another machine without TLS",
            "set security.ssl.rest.enabled on both sides",
        ),
        (true, ..) => Finding::well("token", "set"),
        (false, true, _) => Finding::well(
            "token",
            "none, which is fine on loopback where the server answers its own user",
        ),
        (false, false, _) => Finding::warning(
            "token",
            format!("none is set, and the server at {address} is on another machine"),
            format!("set rest.auth.token, or {TOKEN_VARIABLE} in the environment"),
        ),
    });
    findings
}

/// What the server of the data directory lets others do whom nobody has allowed to, where it is the one at `address`.
fn exposure(configuration: &Configuration, address: &Address) -> Option<String> {
    let directory = data_directory::locate(configuration).ok()?;
    let server = data_directory::running(&directory).ok()??;
    let (_, port) = server.bound.rsplit_once(':')?;
    let is_asked = address.to_string().ends_with(&format!(":{port}"));
    let exposure = server.exposure().filter(|_| server.open && is_asked)?;
    Some(exposure.trim_end_matches('.').to_owned())
}

/// Whether a server of this machine could listen at the address.
fn port(address: &Address) -> Option<Finding> {
    if !address.is_loopback() {
        return None;
    }
    let listened = TcpListener::bind(address.to_string());
    Some(match listened {
        Ok(_) => Finding::well("port", format!("{address} is free for a server")),
        Err(cause) => {
            let message = format!("no server can listen at {address}");
            let error = Error::new(&codes::SERVER_ADDRESS, message).cause(cause);
            Finding::wrong(
                "port",
                &error.next("end the other program, or set rest.port"),
            )
        }
    })
}

fn version(address: &str, versions: &Versions) -> Finding {
    let own = env!("CARGO_PKG_VERSION");
    match &versions.millstream {
        Some(version) if version == own => {
            Finding::well("server", format!("{address}, version {version}"))
        }
        Some(version) => Finding::warning(
            "server",
            format!("{address} has version {version}, this command {own}"),
            "restart the server with this version: its jobs go on meanwhile",
        ),
        None => Finding::warning(
            "server",
            format!("{address} is Apache Flink {}", versions.flink),
            "start a Millstream server with `millstream server`",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use millstream_core::{Verdict, codes};

    use super::{path_of, writable};

    #[test]
    fn a_directory_that_is_not_there_yet_can_be_made_where_one_above_can_be_written() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let below = directory.path().join("a/b");
        let finding = writable("checkpoints", &below, &codes::SNAPSHOT_WRITE);
        assert_eq!(finding.verdict, Verdict::Well, "{finding:?}");
        assert!(finding.detail.ends_with("can be made"), "{finding:?}");
        let finding = writable("checkpoints", Path::new("/proc/x"), &codes::SNAPSHOT_WRITE);
        assert_eq!(finding.verdict, Verdict::Wrong, "{finding:?}");
    }

    #[test]
    fn places_are_paths_or_file_urls() {
        for place in ["/sp", "file:/sp", "file:///sp"] {
            assert_eq!(path_of(place).expect(place), PathBuf::from("/sp"));
        }
        assert_eq!(
            path_of("hdfs://n/sp").expect_err("planned").code(),
            "MS-3009"
        );
    }
}
