//! Hadoop: accepted by name, planned.

use crate::parameters::definition::{Group, Parameter, ParameterSummary};

parameters! {
    HADOOP_HOME: String = Parameter::new(Group::Hadoop, "hadoop.home.dir",
        "Hadoop's directory. The environment variable HADOOP_HOME sets it too, and wins.")
        .example("/opt/hadoop").planned();
    HADOOP_USER: String = Parameter::new(Group::Hadoop, "hadoop.user.name",
        "Hadoop's user. The environment variable HADOOP_USER_NAME sets it too, and wins.")
        .example("csp").planned();
}
