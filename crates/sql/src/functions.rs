//! All functions that SQL can call, found by name in any case, each within its [room].

mod array_split;
mod arrays;
pub(crate) mod as_cast;
pub(crate) mod bounded;
pub(crate) mod casts;
mod clock;
pub(crate) mod coalesce;
mod concat_ws;
pub(crate) mod digits;
mod durations;
pub(crate) mod exact;
pub(crate) mod flags;
pub(crate) mod format_time;
pub(crate) mod joined;
mod json;
pub(crate) mod kept_null;
pub(crate) mod kept_true;
pub(crate) mod lookups;
mod maps;
mod mixed_pattern;
mod numbers;
mod of_its_type;
pub(crate) mod over;
mod pattern;
pub(crate) mod quantified;
pub(crate) mod reading;
pub(crate) mod replacement;
pub(crate) mod room;
mod series;
pub(crate) mod similar;
mod substring;
pub(crate) mod times;
mod to_timestamp;
mod wholes;
pub(crate) mod written;
pub(crate) mod zeros;

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion_expr::{HigherOrderUDF, ScalarUDF};

/// Functions of DataFusion that show its inner works, or files that it reads: there is nothing here that they are about.
const INNER: &[&str] = &[
    "arrow_cast",
    "arrow_field",
    "arrow_metadata",
    "arrow_try_cast",
    "cast_to_type",
    "file_row_index",
    "input_file_name",
    "try_cast_to_type",
    "union_extract",
    "union_tag",
    "version",
    "with_metadata",
];

/// The registry: DataFusion's scalar and nested functions, and our own in their place where a query
/// without end needs something else.
#[derive(Debug)]
pub(crate) struct Functions {
    scalar: BTreeMap<String, Arc<ScalarUDF>>,
    higher_order: BTreeMap<String, Arc<HigherOrderUDF>>,
}

impl Functions {
    /// Every function under its name and its aliases, in lower case; later ones win.
    pub(crate) fn new() -> Self {
        let mut scalar = BTreeMap::new();
        let theirs = datafusion_functions::all_default_functions()
            .into_iter()
            .chain(datafusion_functions_nested::all_default_nested_functions());
        let theirs: Vec<_> = theirs.collect();
        let ours = times::functions(&theirs)
            .into_iter()
            .chain(to_timestamp::functions(&theirs))
            .chain(bounded::functions(&theirs))
            .chain(arrays::functions(&theirs))
            .chain(zeros::functions(&theirs))
            .chain(maps::functions(&theirs))
            .chain(numbers::functions(&theirs))
            .chain(series::functions(&theirs))
            .chain(flags::functions(&theirs))
            .chain(replacement::functions(&theirs))
            .chain(substring::functions(&theirs))
            .chain(format_time::functions(&theirs))
            .chain(clock::functions())
            .chain(json::functions())
            .chain(concat_ws::function(&theirs))
            .chain([array_split::function()]);
        let ours: Vec<_> = ours.collect();
        let theirs = theirs.into_iter().filter(|f| !INNER.contains(&f.name()));
        for function in theirs.chain(ours) {
            for alias in function.aliases() {
                scalar.insert(alias.to_lowercase(), Arc::clone(&function));
            }
            scalar.insert(function.name().to_lowercase(), function);
        }
        // DataFusion's own know few types, and make text of times.
        if let Some(coalesce) = scalar.get("coalesce").cloned() {
            scalar.insert("nvl".to_owned(), Arc::clone(&coalesce));
            scalar.insert("ifnull".to_owned(), coalesce);
        }
        for function in scalar.values_mut() {
            *function = bounded::bounded(&wholes::refusing(function));
        }
        let mut higher_order = BTreeMap::new();
        for function in datafusion_functions_nested::all_default_higher_order_functions() {
            for alias in function.aliases() {
                higher_order.insert(alias.to_lowercase(), Arc::clone(&function));
            }
            higher_order.insert(function.name().to_lowercase(), function);
        }
        for function in higher_order.values_mut() {
            *function = bounded::lambdas::bounded(function, 0);
        }
        Self {
            scalar,
            higher_order,
        }
    }

    /// The function of that name, in any case.
    pub(crate) fn scalar(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        self.scalar.get(&name.to_lowercase()).cloned()
    }

    /// The function that takes a lambda of that name, in any case.
    pub(crate) fn higher_order(&self, name: &str) -> Option<Arc<HigherOrderUDF>> {
        self.higher_order.get(&name.to_lowercase()).cloned()
    }

    /// Whether a function of that name (in lower case) can be called.
    pub(crate) fn knows(&self, name: &str) -> bool {
        // The planner itself turns make_map into map.
        name == "make_map" || self.scalar.contains_key(name) || self.higher_order.contains_key(name)
    }

    /// All names in lower case.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.scalar
            .keys()
            .chain(self.higher_order.keys())
            .map(String::as_str)
    }
}
