//! Names that do not exist, and the nearest that do.

use millstream_core::{Error, codes};

use super::table;

/// The error for the parameter `given` that does not exist; `origin` says where it was given, for
/// example ` (application.properties:3)`.
pub(super) fn parameter(given: &str, origin: &str) -> Error {
    let names: Vec<&str> = table::all().map(|parameter| parameter.name).collect();
    let near = nearest(given, &names);
    let error = Error::new(
        &codes::OPTION_UNKNOWN,
        format!("there is no parameter `{given}`{origin}"),
    );
    if near.is_empty() {
        error.next(
            "see the parameters with --help; options of `millstream run` stand before `ingest`",
        )
    } else {
        error.next(format!("did you mean {}?", near.join(" or ")))
    }
}

/// Up to three of `names` that are nearest to `given`, nearest first.
///
/// Near is: the same but for case, an end or a beginning of the name (`path` for `source.path`), or few
/// typing errors.
pub fn nearest<'a>(given: &str, names: &[&'a str]) -> Vec<&'a str> {
    let wanted = given.to_lowercase();
    let allowed = (wanted.chars().count() / 4).clamp(1, 4);
    let mut near: Vec<(usize, &'a str)> = names
        .iter()
        .filter_map(|name| distance(&wanted, &name.to_lowercase(), allowed).map(|far| (far, *name)))
        .collect();
    near.sort_unstable();
    near.into_iter().take(3).map(|(_, name)| name).collect()
}

fn distance(wanted: &str, name: &str, allowed: usize) -> Option<usize> {
    let far = strsim::damerau_levenshtein(wanted, name);
    let part = name
        .strip_suffix(wanted)
        .is_some_and(|rest| rest.ends_with('.'))
        || name
            .strip_prefix(wanted)
            .is_some_and(|rest| rest.starts_with('.'));
    if far <= allowed {
        Some(far)
    } else {
        part.then_some(allowed + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_names_come_first() {
        assert_eq!(
            nearest("source.pth", &["source.path", "sink.path"]),
            ["source.path"]
        );
        assert_eq!(
            nearest("path", &["source.path", "sink.path", "sink.type"]),
            ["sink.path", "source.path"]
        );
        assert_eq!(
            nearest("SOURCE.FIRSTLINE.SCHEMA", &["source.firstLine.schema"]),
            ["source.firstLine.schema"]
        );
        assert!(nearest("colour", &["source.path"]).is_empty());
    }
}
