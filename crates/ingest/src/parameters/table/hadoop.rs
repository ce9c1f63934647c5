//! Hadoop: where its settings are, and who asks. The names are the CSP operator's.

use crate::parameters::definition::{Group, Parameter, ParameterSummary, Scope};

const HDFS: Scope = Scope::Hdfs;

parameters! {
    HADOOP_HOME: String = Parameter::new(Group::Hadoop, "hadoop.home.dir",
        "Hadoop's directory, with core-site.xml and hdfs-site.xml in it, in etc/hadoop or in conf. The environment variable HADOOP_CONF_DIR, \
         the directory of these files itself, wins, then HADOOP_HOME.")
        .only(HDFS).example("/opt/hadoop");
    HADOOP_USER: String = Parameter::new(Group::Hadoop, "hadoop.user.name",
        "Who asks HDFS where it believes that. The environment variable HADOOP_USER_NAME sets it too, and wins.")
        .default_depends("the user of the process").only(HDFS).example("csp");
}
