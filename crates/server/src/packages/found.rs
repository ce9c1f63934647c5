//! Packages that lie in the upload directory and are on no record: those of a server with another data directory before
//! this one, or of one whose records are lost.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use millstream_core::Result;

use super::describe;
use crate::background::blocking;
use crate::package_names::name_in;
use crate::registry::Registry;
use crate::store::save_package;
use crate::views::PackageView;
use crate::whose::why_not_ours;

/// A file of the upload directory that has the name of a package.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    id: String,
    name: String,
    path: PathBuf,
    /// When it was written, in milliseconds since 1970.
    written: u64,
}

/// Takes up what lies in the upload directory. What does not describe itself is left where it is.
pub(crate) async fn take_up_found(registry: Registry) {
    let found = match registry.located_upload_directory() {
        Ok(directory) => blocking(move || Ok(packages_in(&directory))).await,
        Err(error) => Err(error),
    };
    let found = found.unwrap_or_else(|error| {
        tracing::warn!("The upload directory is not looked into: {error}");
        Vec::new()
    });
    for package in found {
        let is_known = registry
            .shared
            .with_packages(|packages| packages.contains_key(&package.id));
        if is_known {
            continue;
        }
        let path = package.path.clone();
        if let Err(error) = take_up(&registry, package).await {
            tracing::warn!("{} is no package to be taken up: {error}", path.display());
        }
    }
}

async fn take_up(registry: &Registry, found: Found) -> Result<()> {
    let entries = describe(Some(&found.path)).await?;
    let package = PackageView {
        id: found.id,
        name: found.name,
        uploaded: found.written,
        entries,
        path: Some(found.path),
    };
    tracing::info!("The package {} was found and is listed.", package.id);
    let row = package.clone();
    registry
        .shared
        .store
        .durable(move |transaction| save_package(transaction, &row))
        .await?;
    registry
        .shared
        .with_packages(|packages| packages.insert(package.id.clone(), package));
    Ok(())
}

/// What has the name of a package in `directory`, by name; nothing where there is no such directory. Files of other
/// users are none, and neither is what others may change: they would be run.
fn packages_in(directory: &Path) -> Vec<Found> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .filter_map(|entry| {
            let about = fs::symlink_metadata(entry.path()).ok()?;
            let id = entry.file_name().into_string().ok()?;
            let name = name_in(&id)?.to_owned();
            let since = about.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
            why_not_ours(&about).is_none().then(|| Found {
                id,
                name,
                path: entry.path(),
                written: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            })
        })
        .collect();
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_the_name_of_a_package_is_taken_for_one() {
        let directory = tempfile::tempdir().expect("a directory");
        let uuid = "184c7703-fd94-4720-a9d2-42909adc152c";
        let names = [
            format!("{uuid}_words_1.jar"),
            format!("{uuid}_"),
            "184c7703_words".to_owned(),
            format!(".upload-{uuid}"),
            format!("{}_x", uuid.replace('c', "z")),
        ];
        for name in &names {
            fs::write(directory.path().join(name), "").expect("written");
        }
        fs::create_dir(directory.path().join(format!("{uuid}_directory"))).expect("made");
        let found = packages_in(directory.path());
        let found: Vec<_> = found.iter().map(|f| (&f.id, f.name.as_str())).collect();
        assert_eq!(found, [(&names[0], "words_1.jar")]);
        assert_eq!(packages_in(&directory.path().join("none")), []);
    }
}
