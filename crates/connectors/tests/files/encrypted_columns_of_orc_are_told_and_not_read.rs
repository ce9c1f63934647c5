//! A column of ORC that is encrypted has other values for those without its key, most often nulls: whoever wants it is told, and whoever
//! does not reads the rest.

use std::path::Path;

use crate::columns_support::{lines, source, written_by_others};
use crate::files_source_support::Attempt;
use millstream_connectors::files_source::{Bad, ColumnFileSource, ColumnFormat, Condition, Test};
use orc_rust::proto::r#type::Kind;
use orc_rust::proto::{Encryption, EncryptionVariant, Footer, PostScript};
use prost::Message;

/// Columns of `pyarrow-uncompressed.orc`, and the numbers of their types.
const ID: usize = 0;
const NAME: usize = 1;
const ID_TYPE: u32 = 1;

/// A copy of a file that is not compressed, whose footer says that the types which `which` names are encrypted, each with all that is
/// in it: what is left of their columns is what a reader without a key finds there.
fn encrypt(name: &str, directory: &Path, which: impl FnOnce(&Footer) -> Vec<u32>) {
    let mut bytes = std::fs::read(written_by_others(name)).expect("is there");
    let length = usize::from(bytes.pop().expect("the length of the postscript"));
    let postscript = bytes.split_off(bytes.len() - length);
    let mut postscript = PostScript::decode(postscript.as_slice()).expect("a postscript");
    let length = usize::try_from(postscript.footer_length()).expect("a length");
    let footer = bytes.split_off(bytes.len() - length);
    let mut footer = Footer::decode(footer.as_slice()).expect("a footer");
    let variants = which(&footer).into_iter().map(|root| EncryptionVariant {
        root: Some(root),
        key: Some(0),
        ..EncryptionVariant::default()
    });
    footer.encryption = Some(Encryption {
        variants: variants.collect(),
        ..Encryption::default()
    });
    let footer = footer.encode_to_vec();
    postscript.footer_length = Some(footer.len() as u64);
    let postscript = postscript.encode_to_vec();
    bytes.extend(footer);
    bytes.extend(&postscript);
    bytes.push(u8::try_from(postscript.len()).expect("a short postscript"));
    std::fs::write(directory.join("a.orc"), bytes).expect("is written");
}

fn whole(directory: &Path) -> ColumnFileSource {
    source(directory, ColumnFormat::Orc, |_| {})
}

fn is_told(source: &ColumnFileSource) {
    let told = Attempt::start(source, 1).fails().to_string();
    assert!(
        told.contains("MS-6018") && told.contains("a.orc is encrypted"),
        "{told}"
    );
}

#[test]
fn a_column_that_is_encrypted_is_told() {
    let directory = tempfile::tempdir().expect("a directory");
    encrypt("pyarrow-uncompressed.orc", directory.path(), |_| {
        vec![ID_TYPE]
    });
    let whole = whole(directory.path());
    is_told(&whole);
    let only = whole.with_projection(vec![NAME, ID]).expect("two columns");
    is_told(&only);
}

#[test]
fn no_row_is_left_out_by_what_is_told_of_an_encrypted_column() {
    let directory = tempfile::tempdir().expect("a directory");
    encrypt("pyarrow-uncompressed.orc", directory.path(), |_| {
        vec![ID_TYPE]
    });
    // As its statistics say, which are those of other values, no row has a null.
    let none = Condition {
        column: ID,
        test: Test::IsNull,
        of_rows: true,
    };
    is_told(&whole(directory.path()).with_conditions(vec![none]));
}

#[test]
fn all_columns_are_encrypted_where_the_row_is() {
    let directory = tempfile::tempdir().expect("a directory");
    encrypt("pyarrow-uncompressed.orc", directory.path(), |_| vec![0]);
    let name = whole(directory.path()).with_projection(vec![NAME]);
    is_told(&name.expect("a column"));
}

#[test]
fn a_column_of_which_a_part_is_encrypted_is_told() {
    let directory = tempfile::tempdir().expect("a directory");
    encrypt("java-types-none.orc", directory.path(), |footer| {
        let lists = footer.types.iter().filter(|it| it.kind() == Kind::List);
        let items = lists.flat_map(|list| &list.subtypes);
        items.copied().take(1).collect()
    });
    is_told(&whole(directory.path()));
}

#[test]
fn columns_that_are_not_encrypted_are_read() {
    let directory = tempfile::tempdir().expect("a directory");
    encrypt("pyarrow-uncompressed.orc", directory.path(), |_| {
        vec![ID_TYPE]
    });
    let name = whole(directory.path()).with_projection(vec![NAME]);
    let mut attempt = Attempt::start(&name.expect("a column"), 1);
    let rows = lines(&attempt.read_to_end().expect("is read"), false);
    assert_eq!(rows.len(), 50);
    assert_eq!(rows[49], r#"{"name":"name-000049"}"#);
}

#[test]
fn a_file_that_is_encrypted_is_a_bad_file() {
    let directory = tempfile::tempdir().expect("a directory");
    encrypt("pyarrow-uncompressed.orc", directory.path(), |_| {
        vec![ID_TYPE]
    });
    let source = source(directory.path(), ColumnFormat::Orc, |options| {
        options.intake.bad = Some(Bad::Skip);
    });
    let mut attempt = Attempt::start(&source, 1);
    let rows = lines(&attempt.read_to_end().expect("is read"), false);
    assert_eq!(rows, Vec::<String>::new());
    let bad = attempt.progress.iter().map(|it| it.bad_files.get());
    assert_eq!(bad.sum::<u64>(), 1);
}
