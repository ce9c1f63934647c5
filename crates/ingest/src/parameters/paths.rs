//! Paths that can't be used, and paths that get in the way of what is read.

use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use millstream_connectors::hdfs::{HdfsSettings, HdfsUrl};
use millstream_connectors::objects::ObjectUrl;
use millstream_core::options::HADOOP_HOME;
use millstream_core::{Configuration, Error, codes};

use super::definition::Parameter;
use super::given::Given;
use super::places::{Elsewhere, elsewhere, local_path};
use super::{contradiction, table};

/// What is wrong with the paths that were given.
pub(super) fn of(given: &Given) -> Vec<Error> {
    let mut problems = Vec::new();
    let all = [
        &table::SOURCE_PATH,
        &table::SINK_PATH,
        &table::DEAD_LETTER_PATH,
        &table::CHECKPOINT_DIR,
        &table::FILE_BAD_PATH,
        &table::AFTER_COMMIT_PATH,
        &table::ES_CA,
        &table::ES_MAPPING,
        &table::KERBEROS_KEYTAB,
    ];
    for parameter in all {
        let Some(text) = given.get(parameter) else {
            continue;
        };
        let name = parameter.name();
        let (message, next) = match local_path(&text) {
            Ok(_) => continue,
            Err(Elsewhere::Scheme(_)) if may_be_elsewhere(parameter, &text) => continue,
            Err(Elsewhere::Scheme(_)) if is_object(&text) => (
                format!("{name} is `{text}`, and it can't be in an object store"),
                "give a path or a file: URL",
            ),
            Err(Elsewhere::Scheme(_)) if is_hdfs(&text) => (
                format!("{name} is `{text}`, and it can't be in HDFS"),
                "give a path or a file: URL",
            ),
            Err(Elsewhere::Scheme(scheme)) if scheme.eq_ignore_ascii_case("viewfs") => {
                problems.push(of_viewfs(given, name, &text));
                continue;
            }
            Err(Elsewhere::Scheme(scheme)) => (
                format!("{name} is `{text}`, and {scheme}: URLs are planned and not there yet"),
                "give a path or a file: URL",
            ),
            Err(Elsewhere::Host(host)) => (
                format!("{name} is `{text}`, which names the machine `{host}`"),
                "mount its directory here, or write file:///path for a path of this machine",
            ),
        };
        let message = given.shown(name, &message);
        problems.push(Error::new(&codes::INGEST_UNSUPPORTED, message).next(next));
    }
    problems.extend(within_the_source(given));
    problems.extend(away_from_the_source(given));
    problems
}

/// A path of `viewfs://`, with what to write in its place as far as Hadoop's settings tell here.
fn of_viewfs(given: &Given, name: &str, text: &str) -> Error {
    let mut configuration = Configuration::new();
    if let Some(home) = given.get(&table::HADOOP_HOME) {
        configuration.set(HADOOP_HOME.name, home);
    }
    // What is wrong with the settings is told where they are used: here they only help.
    let settings = HdfsSettings::of(&configuration).ok();
    let target = settings.and_then(|settings| settings.mounted(text).ok().flatten());
    let next = match target {
        Some(target) => format!("write what the mount table has in its place: {target}"),
        None => "write what the mount table has in its place, hdfs://… (fs.viewfs.mounttable.… in core-site.xml)".to_owned(),
    };
    let message = format!("{name} is `{text}`, and viewfs: is not supported");
    Error::new(&codes::INGEST_UNSUPPORTED, given.shown(name, &message)).next(next)
}

/// Whether what the parameter names may be at this place of an object store or of HDFS: not what is read before anything else is
/// known.
fn may_be_elsewhere(parameter: &Parameter<String>, text: &str) -> bool {
    let name = parameter.name();
    let is_local = [table::ES_CA.name(), table::ES_MAPPING.name()].contains(&name);
    !is_local && elsewhere(text).is_some()
}

fn is_object(text: &str) -> bool {
    ObjectUrl::parse(text).is_some()
}

fn is_hdfs(text: &str) -> bool {
    HdfsUrl::parse(text).is_some()
}

/// Whether anything that is read or written is in an object store.
pub(super) fn are_in_objects(given: &Given) -> bool {
    are_in(given, is_object)
}

/// Whether anything that is read or written is in HDFS.
pub(super) fn are_in_hdfs(given: &Given) -> bool {
    are_in(given, is_hdfs)
}

fn are_in(given: &Given, is_there: impl Fn(&str) -> bool) -> bool {
    let paths = [
        &table::SOURCE_PATH,
        &table::SINK_PATH,
        &table::DEAD_LETTER_PATH,
        &table::CHECKPOINT_DIR,
    ];
    paths
        .into_iter()
        .any(|path| given.get(path).is_some_and(|text| is_there(&text)))
}

/// Files are moved within a file system or a cluster, objects within a bucket.
fn away_from_the_source(given: &Given) -> Vec<Error> {
    let Some(source) = given.get(&table::SOURCE_PATH) else {
        return Vec::new();
    };
    let whole = |text: &str| {
        let bucket = ObjectUrl::parse(text).map(|url| format!("s3://{}", url.bucket()));
        let cluster = || HdfsUrl::parse(text).map(|url| format!("hdfs://{}", url.authority()));
        bucket.or_else(cluster)
    };
    let targets = [&table::FILE_BAD_PATH, &table::AFTER_COMMIT_PATH];
    let apart = targets.into_iter().filter(|parameter| {
        let target = given.get(parameter);
        target.is_some_and(|target| whole(&target) != whole(&source))
    });
    apart
        .map(|parameter| {
            let message = format!(
                "{} is elsewhere than source.path, and nothing can be moved there",
                parameter.name()
            );
            let next =
                "give a directory beside source.path, or a place in the same bucket or cluster";
            contradiction(message, next)
        })
        .collect()
}

/// Where the path that a parameter gives leads. Names of a key are compared one by one, as those of a path.
pub(super) fn place_of(given: &Given, parameter: &Parameter<String>) -> Option<PathBuf> {
    let text = given.get(parameter)?;
    match elsewhere(&text) {
        Some(url) => Some(PathBuf::from(url)),
        None => Some(place(&local_path(&text).ok()?)),
    }
}

/// What is written must not lie where it is read.
fn within_the_source(given: &Given) -> Vec<Error> {
    let place = |parameter: &Parameter<String>| place_of(given, parameter);
    let Some(source) = place(&table::SOURCE_PATH) else {
        return Vec::new();
    };
    let written = [&table::SINK_PATH, &table::DEAD_LETTER_PATH];
    let within = written
        .into_iter()
        .filter(|parameter| place(parameter).is_some_and(|target| lies_in(&target, &source)));
    within
        .map(|parameter| {
            let name = parameter.name();
            let message =
                format!("{name} lies in source.path, so the job would read what it writes");
            contradiction(message, "give a directory outside of source.path")
        })
        .collect()
}

/// Whether what is written to `directory` would be met among the input in `source`, whose names that begin with `_` or `.` are left out.
pub(crate) fn lies_among_input(directory: &str, source: &Path) -> bool {
    let target = match elsewhere(directory) {
        Some(url) => PathBuf::from(url),
        None => match local_path(directory) {
            Ok(path) => place(&path),
            Err(_) => return false,
        },
    };
    let source = match source.to_str().and_then(elsewhere) {
        Some(url) => PathBuf::from(url),
        None => place(source),
    };
    is_met(&target, &source)
}

/// Whether who reads the directory `directory`, and leaves out names that begin with `_` or `.`, meets what lies at `target`: there, or
/// below. Of both it is told where they [lead](place).
pub(super) fn is_met(target: &Path, directory: &Path) -> bool {
    let Some(below) = below(target, directory) else {
        return false;
    };
    let first = below.components().next();
    first.is_none_or(|name| {
        let name = name.as_os_str().as_encoded_bytes();
        !name.starts_with(b"_") && !name.starts_with(b".")
    })
}

/// Whether `target` is `directory`, by whatever name.
pub(super) fn is_same(target: &Path, directory: &Path) -> bool {
    below(target, directory).is_some_and(|below| below.as_os_str().is_empty())
}

fn lies_in(target: &Path, directory: &Path) -> bool {
    below(target, directory).is_some()
}

/// The way from `directory` to `target`, which lies in it or is it; `None`: it does not lie there.
fn below(target: &Path, directory: &Path) -> Option<PathBuf> {
    if let Ok(below) = target.strip_prefix(directory) {
        return Some(below.to_owned());
    }
    // What is mounted at two places has two names.
    let meant = identity(directory)?;
    let mut above = target.ancestors();
    let same = above.find(|above| identity(above) == Some(meant))?;
    target.strip_prefix(same).ok().map(Path::to_owned)
}

/// The device and the inode of what lies at a path of this machine, if anything does.
fn identity(path: &Path) -> Option<(u64, u64)> {
    // A URL is kept in a path, too.
    if !path.is_absolute() {
        return None;
    }
    let about = path.metadata().ok()?;
    Some((about.dev(), about.ino()))
}

/// Where a path leads, however it is written: absolute, with every link followed as far as the path is there.
fn place(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut place = PathBuf::new();
    for component in absolute.components() {
        match component {
            Component::CurDir => {}
            // What lies before has no links any more, so its parent is the one above.
            Component::ParentDir => {
                place.pop();
            }
            other => {
                place.push(other);
                if let Ok(real) = place.canonicalize() {
                    place = real;
                }
            }
        }
    }
    place
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{below, is_met, is_same, lies_among_input, place};

    #[test]
    fn what_the_source_leaves_out_is_not_among_its_input() {
        for (directory, is_met) in [
            ("/in", true),
            ("/in/checkpoints", true),
            ("file:///in/checkpoints", true),
            ("/in/../in/./checkpoints", true),
            ("/in/_checkpoints", false),
            ("/in/.checkpoints/x", false),
            ("/input", false),
            ("s3://in/checkpoints", false),
        ] {
            assert_eq!(
                lies_among_input(directory, Path::new("/in")),
                is_met,
                "{directory}"
            );
        }
        let bucket = Path::new("s3://b/in");
        assert!(lies_among_input("s3://b/in/checkpoints", bucket));
        assert!(!lies_among_input("s3://b/inside", bucket));
    }

    #[test]
    fn what_has_two_names_is_known_by_its_inode() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path().canonicalize().expect("is there");
        let (one, two) = (root.join("in"), root.join("mounted"));
        std::fs::create_dir(&one).expect("is made");
        // As a second mount of it, which no test can make, has another name of its own.
        std::os::unix::fs::symlink(&one, &two).expect("is made");
        assert!(is_same(&two, &one) && is_same(&one, &two));
        let done = two.join("done");
        assert_eq!(below(&done, &one).as_deref(), Some(Path::new("done")));
        assert!(is_met(&done, &one) && !is_met(&two.join("_done"), &one));
        assert_eq!(below(&root, &one), None);
        assert!(!is_same(&root.join("neither"), &root.join("there")));
    }

    #[test]
    fn a_path_leads_to_one_place_however_it_is_written() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path().canonicalize().expect("is there");
        std::fs::create_dir_all(root.join("in/deep")).expect("is made");
        std::os::unix::fs::symlink(root.join("in/deep"), root.join("link")).expect("is made");
        for (written, leads_to) in [
            ("in", "in"),
            ("./in/.", "in"),
            ("out/../in/new", "in/new"),
            ("link/new", "in/deep/new"),
            ("link/..", "in"),
            ("in2", "in2"),
        ] {
            assert_eq!(place(&root.join(written)), root.join(leads_to), "{written}");
        }
        let here = std::env::current_dir().expect("is there");
        let here = here.canonicalize().expect("is there");
        assert_eq!(place("in".as_ref()), here.join("in"));
    }
}
