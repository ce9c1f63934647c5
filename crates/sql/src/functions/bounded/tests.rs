use std::collections::BTreeSet;

use super::estimates;
use super::linear::LINEAR;
use crate::functions::Functions;

/// Names that mean a function which has another one.
fn names_of_functions() -> BTreeSet<String> {
    let functions = Functions::new();
    let names: Vec<String> = functions.names().map(ToOwned::to_owned).collect();
    names
        .iter()
        .map(|name| match functions.scalar(name) {
            Some(function) => function.name().to_owned(),
            None => name.clone(),
        })
        .collect()
}

#[test]
fn every_function_has_a_bound_or_a_reason_why_it_needs_none() {
    let functions = Functions::new();
    let listed: Vec<&str> = LINEAR
        .iter()
        .flat_map(|(_, names)| *names)
        .copied()
        .collect();
    let mut unknown = Vec::new();
    for name in names_of_functions() {
        let takes_a_lambda = functions.higher_order(&name).is_some();
        let bounded = estimates::bound(&name).is_some() || takes_a_lambda;
        let linear = listed.contains(&name.as_str());
        assert!(
            !(bounded && linear),
            "{name} has a bound and a reason why it needs none"
        );
        if !bounded && !linear {
            unknown.push(name);
        }
    }
    assert!(
        unknown.is_empty(),
        "say in bounded/estimates.rs what these make, or in bounded/linear.rs why that is no matter: {unknown:?}"
    );
}

#[test]
fn no_list_names_a_function_that_is_not_there() {
    let names = names_of_functions();
    for name in LINEAR.iter().flat_map(|(_, names)| *names) {
        assert!(names.contains(*name), "{name}");
    }
    // These two stand for an operator and a cast.
    let mut missing: Vec<&str> = estimates::names()
        .filter(|name| !names.contains(*name))
        .collect();
    missing.sort_unstable();
    assert_eq!(missing, ["joined"]);
}
