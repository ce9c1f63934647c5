//! What files hold comes back as it was, in however many pieces.

use std::io::{Seek, Write};

use super::*;

fn backup() -> Connection {
    let backup = Connection::open_in_memory().expect("a database");
    backup.execute_batch(TABLES).expect("made");
    backup
}

fn file(held: &[u8]) -> File {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(held).expect("written");
    file.rewind().expect("to its beginning");
    file
}

fn pieces(contents: &Contents<'_>, content: i64) -> Vec<Vec<u8>> {
    let numbers = 0..;
    let pieces = numbers.map(|piece| contents.piece(content, piece).expect("it can be read"));
    pieces.map_while(|piece| piece).collect()
}

#[test]
fn what_is_longer_than_a_piece_comes_back_whole() {
    let backup = backup();
    for (length, expected) in [(0, 1), (1, 1), (9, 1), (10, 1), (11, 2), (20, 2), (35, 4)] {
        let held: Vec<u8> = (0..length).collect();
        let Ok(content) = add_by(&backup, &file(&held), 10) else {
            unreachable!("{length} bytes are not added");
        };
        let contents = Contents::of(&backup).expect("its tables");
        let found = pieces(&contents, content);
        assert_eq!(found.len(), expected, "{length}");
        assert_eq!(found.concat(), held);
        let noted: String = backup
            .query_row(
                "SELECT digest FROM backup_contents WHERE id = ?",
                params![content],
                |row| row.get(0),
            )
            .expect("its digest");
        assert_eq!(noted, blake3::hash(&held).to_hex().to_string());
        assert_eq!(contents.digest(content).expect("it can be read"), noted);
    }
}

#[test]
fn a_piece_that_is_missing_changes_the_digest() {
    let backup = backup();
    let Ok(content) = add_by(&backup, &file(b"of three pieces"), 5) else {
        unreachable!("it is not added");
    };
    let digest = || {
        let contents = Contents::of(&backup).expect("its tables");
        contents.digest(content).expect("it can be read")
    };
    let whole = digest();
    backup
        .execute("DELETE FROM backup_rest WHERE piece = 2", [])
        .expect("deleted");
    assert_ne!(digest(), whole);
}

#[test]
fn a_backup_of_a_version_before_has_one_piece_of_each() {
    let backup = backup();
    backup
        .execute_batch(
            "DROP TABLE backup_rest; INSERT INTO backup_contents VALUES (7, '', x'0102')",
        )
        .expect("as before");
    let contents = Contents::of(&backup).expect("its table");
    assert_eq!(pieces(&contents, 7), [[1, 2]]);
    assert_eq!(contents.piece(8, 0).expect("it can be read"), None);
}
