mod guide;

use std::collections::BTreeSet;

use clap::Arg;

use super::{ACTIONS, tree};

#[test]
fn the_options_of_every_action_are_consistent() {
    for action in ACTIONS {
        let command = (action.command)();
        assert_eq!(command.get_name(), format!("millstream {}", action.name));
        assert!(action.syntax.starts_with(action.name), "{}", action.syntax);
        command.debug_assert();
    }
    tree().debug_assert();
}

#[test]
fn every_action_takes_json_and_an_address() {
    for action in ACTIONS {
        let command = (action.command)();
        let names: BTreeSet<&str> = command.get_arguments().filter_map(Arg::get_long).collect();
        for name in ["json", "jobmanager", "config", "verbose", "target"] {
            assert!(names.contains(name), "{} --{name}", action.name);
        }
    }
}

#[test]
fn every_option_says_what_it_does() {
    for action in ACTIONS {
        let command = (action.command)();
        for option in command.get_arguments() {
            assert!(
                option.get_help().is_some() || option.is_hide_set(),
                "{} {}",
                action.name,
                option.get_id()
            );
        }
    }
}
