//! Names of the files in an upload directory.

use millstream_core::{Error, Result, codes};

/// How the name of a file begins that is being received.
pub(crate) const UNFINISHED: &str = ".upload-";

/// Refuses what is no name for a package.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let is_file_name = !name.is_empty()
        && name.len() <= 200
        && !name.starts_with('.')
        && !name.contains(|c: char| c == '/' || c == '\\' || c.is_control());
    if is_file_name {
        return Ok(());
    }
    Err(Error::new(
        &codes::PACKAGE_INVALID,
        format!("`{}` is no name for a package", name.escape_debug()),
    )
    .next("upload it under a plain file name of at most 200 bytes"))
}

/// Whether a file of the upload directory has the name of a package, or of one that was being received.
pub(crate) fn is_name(name: &str) -> bool {
    name.starts_with(UNFINISHED) || name_in(name).is_some()
}

/// The name of the uploaded file in `<uuid>_<name>`; `None`: it is no such name.
pub(crate) fn name_in(id: &str) -> Option<&str> {
    let (uuid, name) = id.split_once('_')?;
    let parts: Vec<_> = uuid.split('-').collect();
    let lengths: Vec<_> = parts.iter().map(|part| part.len()).collect();
    let is_hex = |part: &&str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_uuid = lengths == [8, 4, 4, 4, 12] && parts.iter().all(is_hex);
    (is_uuid && check_name(name).is_ok()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::check_name;

    #[test]
    fn only_plain_file_names_are_taken() {
        for name in ["", ".", "..", "../x", "a/b", "a\\b", ".hidden", "a\nb"] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
        check_name("wordcount-1.0 (2).jar").expect("a plain name");
    }
}
