use std::path::PathBuf;

use millstream_core::Configuration;

use super::{HdfsSettings, below};

type Pairs = &'static [(&'static str, &'static str)];

#[test]
fn the_environment_wins_over_options() {
    const CONF: (&str, &str) = ("HADOOP_CONF_DIR", "/nowhere/conf");
    const HOME: (&str, &str) = ("HADOOP_HOME", "/nowhere/home");
    const USER: (&str, &str) = ("HADOOP_USER_NAME", "ann");
    const OPTIONS: Pairs = &[
        ("hadoop.home.dir", "/nowhere/option"),
        ("hadoop.user.name", "bob"),
    ];
    let (of_home, of_option) = ("/nowhere/home/etc/hadoop", "/nowhere/option/etc/hadoop");
    let table: [(Pairs, Pairs, Option<&str>, Option<&str>); 8] = [
        (&[], &[], None, None),
        (&[], OPTIONS, Some(of_option), Some("bob")),
        (&[HOME], OPTIONS, Some(of_home), Some("bob")),
        (&[CONF, HOME], OPTIONS, Some(CONF.1), Some("bob")),
        (&[CONF, USER], OPTIONS, Some(CONF.1), Some("ann")),
        (&[HOME, USER], &[], Some(of_home), Some("ann")),
        (
            &[("HADOOP_CONF_DIR", ""), HOME],
            OPTIONS,
            Some(of_home),
            Some("bob"),
        ),
        (
            &[("HADOOP_HOME", ""), ("HADOOP_USER_NAME", "")],
            OPTIONS,
            Some(of_option),
            Some("bob"),
        ),
    ];
    for (environment, options, directory, user) in table {
        let mut configuration = Configuration::new();
        for (name, value) in options {
            configuration.set(*name, *value);
        }
        let variable = |name: &str| {
            let found = environment.iter().find(|(own, _)| *own == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let settings = HdfsSettings::told(&configuration, variable).expect("options");
        let expected = directory.map(PathBuf::from);
        assert_eq!(settings.directory, expected, "{environment:?} {options:?}");
        assert_eq!(
            settings.user.as_deref(),
            user,
            "{environment:?} {options:?}"
        );
    }
}

#[test]
fn settings_are_found_where_distributions_have_them() {
    let home = tempfile::tempdir().expect("a directory");
    let home = home.path();
    assert_eq!(below(home), home.join("etc/hadoop"));
    std::fs::create_dir_all(home.join("conf")).expect("is made");
    std::fs::write(home.join("conf/core-site.xml"), "").expect("is written");
    assert_eq!(below(home), home.join("conf"));
    std::fs::write(home.join("hdfs-site.xml"), "").expect("is written");
    assert_eq!(below(home), home);
}
