//! Kerberos: whose keys are used. The names are Flink's.

use crate::parameters::definition::{Group, Parameter, ParameterSummary, Scope};

const KERBEROS: Scope = Scope::Kerberos;

parameters! {
    KERBEROS_KEYTAB: String = Parameter::new(Group::Kerberos, "security.kerberos.login.keytab",
        "Keytab by which the job shows who it is to HDFS, Hive and Kafka, see the guide of Kerberos. /etc/user.keytab wins, where it is there; a keyTab in \
         `sasl.jaas.config` counts for that end of Kafka.")
        .default_depends("/etc/user.keytab, else KRB5_CLIENT_KTNAME of the environment, else the tickets of `kinit`")
        .only(KERBEROS).example("/run/secrets/etl.keytab");
    KERBEROS_PRINCIPAL: String = Parameter::new(Group::Kerberos, "security.kerberos.login.principal",
        "Principal whose keys are used, with or without its realm; needed where the keytab holds keys of several.")
        .default_depends("the only one in the keytab").only(KERBEROS).example("etl@EXAMPLE.COM");
}
