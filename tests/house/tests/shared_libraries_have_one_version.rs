//! Batches pass between crates as they are, and one dataflow runs them: so there is one version of these libraries.

use millstream_house::files::root;

const ONE_VERSION: &[&str] = &["arrow", "parquet", "datafusion-common", "timely"];

#[test]
fn in_the_lock_file() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).expect("the lock file");
    for name in ONE_VERSION {
        let entry = format!("name = \"{name}\"");
        let mut versions = Vec::new();
        let mut lines = lock.lines();
        while let Some(line) = lines.next() {
            if line == entry {
                versions.extend(lines.next());
            }
        }
        assert_eq!(versions.len(), 1, "{name}: {versions:?}");
    }
}
