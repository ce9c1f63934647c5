//! Databases as a source and Hadoop: accepted by name, planned.

use crate::parameters::choices::{DatabaseType, SourceType};
use crate::parameters::definition::{Group, Parameter, ParameterSummary, Scope};

const JDBC: Scope = Scope::Source(&[SourceType::Jdbc]);

parameters! {
    DB_TYPE: DatabaseType = Parameter::new(Group::Database, "source.db.type",
        "Kind of database.").default("hive").only(JDBC).example("hive").planned();
    DB_URL: String = Parameter::new(Group::Database, "source.db.url",
        "Address with host, port and database.")
        .required("for databases").only(JDBC).example("jdbc:hive2://hive:10000/orders").planned();
    DB_USERNAME: String = Parameter::new(Group::Database, "source.db.username",
        "User.").required("for databases").only(JDBC).example("reader").planned();
    DB_PASSWORD: String = Parameter::new(Group::Database, "source.db.password",
        "Password. Better in the environment or in a file than among the arguments, which every user of the machine can see.")
        .required("for databases").only(JDBC).planned();
    DB_DRIVER: String = Parameter::new(Group::Database, "source.db.driverClassName",
        "Class of the JDBC driver.").only(JDBC).example("org.apache.hive.jdbc.HiveDriver").planned();
    DB_TABLE: String = Parameter::new(Group::Database, "source.db.table",
        "Table.").required("for databases").only(JDBC).example("orders").planned();
    DB_SQL: String = Parameter::new(Group::Database, "source.db.sql",
        "Query whose rows are read.")
        .default_depends("`select * from` the table").only(JDBC).example("select * from orders where id > 7").planned();
    DB_FETCH_SIZE: u32 = Parameter::new(Group::Database, "source.db.fetch.size",
        "Rows fetched at once.").default("50").unit("rows").only(JDBC).example("1000").planned();

    HADOOP_HOME: String = Parameter::new(Group::Hadoop, "hadoop.home.dir",
        "Hadoop's directory. The environment variable HADOOP_HOME sets it too, and wins.")
        .example("/opt/hadoop").planned();
    HADOOP_USER: String = Parameter::new(Group::Hadoop, "hadoop.user.name",
        "Hadoop's user. The environment variable HADOOP_USER_NAME sets it too, and wins.")
        .example("csp").planned();
}
