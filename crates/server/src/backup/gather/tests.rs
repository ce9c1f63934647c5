//! Which names are taken for those of one file.

use super::*;

fn inode(place: &Path) -> Option<Inode> {
    let (_, about) = open(place).expect("it is there");
    Inode::shared(&about)
}

#[test]
fn a_file_of_one_name_shares_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = directory.path().join("job.json");
    fs::write(&place, "1").expect("written");
    assert_eq!(inode(&place), None);
}

#[test]
fn names_of_one_file_share_what_it_holds_while_it_is_the_same() {
    let directory = tempfile::tempdir().expect("a directory");
    let (package, linked) = (
        directory.path().join("package"),
        directory.path().join("linked"),
    );
    fs::write(&package, "1").expect("written");
    fs::hard_link(&package, &linked).expect("linked");
    let known = inode(&package);
    assert!(known.is_some());
    assert_eq!(inode(&linked), known);
    fs::write(&package, "two").expect("written");
    assert_ne!(inode(&linked), known, "its number alone is the same");
}
