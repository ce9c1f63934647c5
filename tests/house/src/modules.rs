//! Which files of a crate name which, and where they do so in a circle.

use std::collections::{BTreeMap, BTreeSet};

use crate::files::TextFile;
use crate::rust_source::code_only;

/// The place of a module in its crate: `[]` is the root, `["task", "core"]` the file `task/core.rs`.
pub type Module = Vec<String>;

/// The circles in which `files`, those of one crate's `src`, name each other, each in the order of the names. A parent and what
/// lies below it may name each other; tests do not count.
pub fn circles(files: &[TextFile]) -> Vec<Vec<Module>> {
    let modules: BTreeMap<Module, String> = files
        .iter()
        .filter_map(|file| Some((module_of(&file.path)?, without_tests(&file.text))))
        .collect();
    let names = Names {
        known: modules.keys().cloned().collect(),
        handed_on: modules
            .iter()
            .map(|(module, code)| (module.clone(), handed_on(code)))
            .collect(),
    };
    let graph: BTreeMap<&Module, BTreeSet<Module>> = modules
        .iter()
        .map(|(module, code)| (module, names.named_by(module, code)))
        .collect();
    let reachable: BTreeMap<&Module, BTreeSet<&Module>> = graph
        .keys()
        .map(|module| (*module, reach(&graph, module)))
        .collect();
    let reaches = |from: &Module, to: &Module| {
        let found = reachable.get(from);
        found.is_some_and(|found| found.contains(to))
    };
    let mut circles: BTreeSet<Vec<Module>> = BTreeSet::new();
    for module in modules.keys().filter(|module| reaches(module, module)) {
        let circle = modules
            .keys()
            .filter(|other| reaches(module, other) && reaches(other, module));
        circles.insert(circle.cloned().collect());
    }
    circles.into_iter().collect()
}

/// The module of a file below `src`; `None`: it is none of the crate, or a test.
fn module_of(path: &str) -> Option<Module> {
    let inner = path.strip_suffix(".rs")?;
    let mut parts: Module = inner.split('/').map(str::to_owned).collect();
    if parts.iter().any(|part| part == "tests") {
        return None;
    }
    if matches!(
        parts.last().map(String::as_str),
        Some("lib" | "main" | "mod")
    ) {
        parts.pop();
    }
    Some(parts)
}

/// The code before the tests that stand in the same file.
fn without_tests(source: &str) -> String {
    let code = code_only(source);
    let end = code.find("#[cfg(test)]\nmod ").unwrap_or(code.len());
    code.get(..end).unwrap_or_default().to_owned()
}

fn reach<'a>(
    graph: &'a BTreeMap<&Module, BTreeSet<Module>>,
    from: &Module,
) -> BTreeSet<&'a Module> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&Module> = graph.get(from).into_iter().flatten().collect();
    while let Some(module) = next.pop() {
        if found.insert(module) {
            next.extend(graph.get(module).into_iter().flatten());
        }
    }
    found
}

struct Names {
    known: BTreeSet<Module>,
    /// What a module has from others and hands on under a name: where it has it from.
    handed_on: BTreeMap<Module, BTreeMap<String, Vec<String>>>,
}

impl Names {
    /// The other modules that `code` of `module` names, but for those above and below it.
    fn named_by(&self, module: &Module, code: &str) -> BTreeSet<Module> {
        let mut paths: Vec<Vec<String>> = uses(code).into_iter().flat_map(|tree| tree.1).collect();
        for start in ["crate::", "super::", "self::"] {
            let uses = code
                .match_indices(start)
                .filter_map(|(at, _)| code.get(at..));
            paths.extend(uses.map(plain_path));
        }
        let named = paths
            .iter()
            .filter_map(|path| self.resolve(module, path, HOPS));
        named
            .filter(|named| !named.starts_with(module) && !module.starts_with(named))
            .collect()
    }

    /// The module in which the longest known part of `path` ends, seen from `module`; what is handed on there is followed to
    /// where it comes from, over `hops` modules at most.
    fn resolve(&self, module: &Module, path: &[String], hops: usize) -> Option<Module> {
        let mut place = module.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => {
                place.clear();
                rest = rest.get(1..)?;
            }
            "self" => rest = rest.get(1..)?,
            "super" => {
                while rest.first().is_some_and(|part| part == "super") {
                    place.pop()?;
                    rest = rest.get(1..)?;
                }
            }
            first => {
                // Another crate, or a module below this one.
                place.push(first.to_owned());
                self.known.get(&place)?;
                rest = rest.get(1..)?;
            }
        }
        for part in rest {
            place.push(part.clone());
            if !self.known.contains(&place) {
                place.pop();
                let from = self.handed_on.get(&place)?.get(part);
                let followed = from
                    .filter(|_| hops > 0)
                    .and_then(|from| self.resolve(&place, from, hops - 1));
                return followed.or_else(|| self.known.get(&place).cloned());
            }
        }
        self.known.get(&place).cloned()
    }
}

/// Over how many modules a name is followed to where it comes from.
const HOPS: usize = 8;

/// What a module with this `code` hands on: each name, and the path from which it has it.
fn handed_on(code: &str) -> BTreeMap<String, Vec<String>> {
    let trees = uses(code).into_iter().filter(|(is_public, _)| *is_public);
    trees
        .flat_map(|(_, paths)| paths)
        .filter_map(|path| Some((path.last()?.clone(), path)))
        .collect()
}

/// Every `use` of `code`: whether it hands on what it names, and the paths that it names.
fn uses(code: &str) -> Vec<(bool, Vec<Vec<String>>)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("use ") {
        let before = code.get(..at).unwrap_or_default();
        if before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        if let Some(tree) = code.get(at + 4..).and_then(|rest| rest.split(';').next()) {
            let word = before.trim_end().rsplit(['\n', ';', '}']).next();
            let is_public = word.is_some_and(|word| word.trim_start().starts_with("pub"));
            let mut paths = Vec::new();
            flatten(tree, &[], &mut paths);
            found.push((is_public, paths));
        }
    }
    found
}

/// The names at the beginning of `code` that `::` joins.
fn plain_path(code: &str) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let path = code.split(|c: char| !is_part(c)).next().unwrap_or_default();
    let parts = path.split("::").filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

/// Takes the tree of a `use` apart: every path in it, with `before` in front.
fn flatten(tree: &str, before: &[String], paths: &mut Vec<Vec<String>>) {
    for branch in branches(tree) {
        let (path, group) = match branch.split_once('{') {
            Some((path, group)) => (path, group.rsplit_once('}').map(|(group, _)| group)),
            None => (branch, None),
        };
        let path = path.split(" as ").next().unwrap_or_default();
        let parts = path.split("::").map(str::trim);
        let mut whole = before.to_vec();
        whole.extend(parts.filter(|part| !part.is_empty()).map(str::to_owned));
        match group {
            Some(group) => flatten(group, &whole, paths),
            None => paths.push(whole),
        }
    }
}

/// What the commas outside of braces part.
fn branches(tree: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0_i32, 0, Vec::new());
    for (at, character) in tree.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.extend(tree.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    found.extend(tree.get(start..));
    found.retain(|branch| !branch.trim().is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::{Module, circles};
    use crate::files::TextFile;

    fn crate_of(files: &[(&str, &str)]) -> Vec<TextFile> {
        let file = |(path, text): &(&str, &str)| TextFile {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        };
        files.iter().map(file).collect()
    }

    fn module(path: &str) -> Module {
        path.split('/').map(str::to_owned).collect()
    }

    #[test]
    fn a_circle_is_found_however_the_other_file_is_named() {
        for (a, b) in [
            ("use crate::b::Thing;", "use super::a::{self, Other};"),
            ("fn f() { crate::b::g() }", "use crate::{a::Other, c};"),
            ("pub use super::b as x;", "fn g() { super::a::f() }"),
        ] {
            let files = crate_of(&[("lib.rs", "mod a; mod b;"), ("a.rs", a), ("b.rs", b)]);
            assert_eq!(circles(&files), [vec![module("a"), module("b")]], "{a} {b}");
        }
    }

    #[test]
    fn a_longer_way_round_is_a_circle_too() {
        let files = crate_of(&[
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "use crate::c::d::D;"),
            ("c.rs", "mod d;"),
            ("c/d.rs", "use crate::a::A;"),
            ("e.rs", "use crate::a::A;"),
        ]);
        let circle = vec![module("a"), module("b"), module("c/d")];
        assert_eq!(circles(&files), [circle]);
    }

    #[test]
    fn a_name_that_a_parent_hands_on_is_of_where_it_comes_from() {
        let files = crate_of(&[
            (
                "p.rs",
                "mod a; mod b;\npub use a::A;\npub(crate) use self::b::{B, C};",
            ),
            ("p/a.rs", "use super::{B, C};"),
            ("p/b.rs", "use crate::p::A;"),
            ("q.rs", "mod c; mod d;\nuse c::X;\npub use d::D;"),
            ("q/c.rs", "use super::D;"),
            ("q/d.rs", "use super::X;"),
        ]);
        assert_eq!(circles(&files), [vec![module("p/a"), module("p/b")]]);
    }

    #[test]
    fn parents_children_tests_and_comments_are_no_circle() {
        let files = crate_of(&[
            ("a.rs", "mod b; use b::B; // crate::c::C"),
            ("a/b.rs", "use super::A;"),
            ("c.rs", "use crate::a::A;"),
            ("d.rs", "use crate::e::E;"),
            (
                "e.rs",
                "fn e() {}\n#[cfg(test)]\nmod tests { use crate::d::D; }",
            ),
            ("f.rs", "use std::e::E; use e::x;"),
        ]);
        assert_eq!(circles(&files), Vec::<Vec<Module>>::new());
    }
}
