use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Directories, Several};
use crate::files_source::listing::{Kind, Odd, Root};

#[derive(Debug)]
struct These(Vec<PathBuf>);

impl Directories for These {
    fn now(&self) -> io::Result<Vec<PathBuf>> {
        Ok(self.0.clone())
    }
}

#[test]
fn files_have_the_names_of_their_paths_below_the_root() {
    let home = tempfile::tempdir().expect("a directory");
    let (table, other) = (home.path().join("table"), home.path().join("other"));
    let (first, second) = (table.join("dt=1"), table.join("dt=2"));
    let union = first.join("HIVE_UNION_SUBDIR_1");
    for directory in [&union, &second, &other, &second.join("nested")] {
        fs::create_dir_all(directory).expect("made");
    }
    let files = [
        first.join("a"),
        union.join("b"),
        second.join("c.snappy"),
        second.join("_hidden"),
        other.join("d"),
        table.join("none_of_a_partition"),
    ];
    for file in &files {
        fs::write(file, "x").expect("written");
    }
    fs::write(first.join("empty"), "").expect("written");
    let directories = vec![first, second, table.join("dt=3"), other.clone()];
    let root = Root {
        several: Some(Several::new(Arc::new(These(directories)))),
        ..Root::directory(table.clone())
    };
    for most in [1, 2, 100] {
        let mut walk = root.walk().expect("a walk");
        let mut found = BTreeSet::new();
        loop {
            let slice = walk.slice(most).expect("listed");
            if slice.is_empty() {
                break;
            }
            for listed in slice {
                let odd = match listed.kind {
                    Kind::Odd(odd) => Some(odd),
                    _ => None,
                };
                let path = listed.name.below(&table);
                assert!(path.exists(), "{}", path.display());
                found.insert((listed.name.to_string(), odd.map(Odd::words)));
            }
        }
        let elsewhere = other.join("d").display().to_string();
        let expected = [
            (elsewhere.as_str(), None),
            ("dt=1/HIVE_UNION_SUBDIR_1/b", None),
            ("dt=1/a", None),
            ("dt=2/c.snappy", Some(Odd::Packed.words())),
            ("dt=2/nested", Some(Odd::Directory.words())),
        ];
        let expected: BTreeSet<_> = expected.map(|(name, odd)| (name.to_owned(), odd)).into();
        assert_eq!(found, expected, "{most} at once");
    }
}
