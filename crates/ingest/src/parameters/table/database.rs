//! Databases as a source: Hive.

use millstream_connectors::hive::ExactlyOnce;

use crate::parameters::choices::{DatabaseType, SourceType};
use crate::parameters::definition::{Group, Parameter, ParameterSummary, Scope};
use crate::parameters::value::Count;

const JDBC: Scope = Scope::Source(&[SourceType::Jdbc]);

parameters! {
    DB_TYPE: DatabaseType = Parameter::new(Group::Database, "source.db.type",
        "hive: what a query of HiveServer2 answers. hive-metastore: a table whose files are read directly, where the metastore says that \
         they are, see Without HiveServer2 of the guide of Hive.").default("hive").only(JDBC).example("hive-metastore");
    DB_URL: String = Parameter::new(Group::Database, "source.db.url",
        "Address of HiveServer2 as its JDBC driver takes it, see Addresses of the guide of Hive: `jdbc:hive2://host:port,…/database;\
         name=value?setting=value#variable=value`. With hive-metastore the addresses of the metastore: `thrift://host:9083,thrift://other:9083`, \
         of which the first that is there is asked; `;ssl=true` and `;principal=hive/_HOST@REALM` stand behind the last one. \
         Other databases are refused by name.")
        .required("for databases").only(JDBC).example("jdbc:hive2://hive:10000/orders");
    DB_USERNAME: String = Parameter::new(Group::Database, "source.db.username",
        "User.").default_depends("`user` of the address, else `anonymous`").only(Scope::HiveServer).example("reader");
    DB_PASSWORD: String = Parameter::new(Group::Database, "source.db.password",
        "Password. Better as a reference to the environment or to a file (`${file:/run/secrets/hive}`) than among the arguments, which \
         every user of the machine can see.")
        .default_depends("`password` of the address, else `anonymous`").only(Scope::HiveServer);
    DB_DRIVER: String = Parameter::new(Group::Database, "source.db.driverClassName",
        "Class of the JDBC driver. No driver is needed; that of Hive is accepted, another one refused.")
        .only(Scope::HiveServer).example("org.apache.hive.jdbc.HiveDriver");
    DB_TABLE: String = Parameter::new(Group::Database, "source.db.table",
        "Table whose rows are read: `table` or `database.table`. `source.db.sql` wins.")
        .required("for databases, or `source.db.sql`").only(JDBC).example("orders");
    DB_SQL: String = Parameter::new(Group::Database, "source.db.sql",
        "Query of Hive whose rows are read.")
        .default_depends("`select * from` the table").only(Scope::HiveServer).example("select * from orders where id > 7");
    DB_FETCH_SIZE: Count = Parameter::new(Group::Database, "source.db.fetch.size",
        "Rows that are fetched at once.")
        .default_depends("50 at first, then as many as make an answer of 4 MB, up to 10000").unit("rows").only(Scope::HiveServer).example("1000");
    DB_EXACTLY_ONCE: ExactlyOnce = Parameter::new(Group::Database, "source.db.exactly-once",
        "Behind a restart the rows that were handed out of a query, or of a part of it, are read again and compared. What happens if \
         they do not come as they were. require: the job fails. best-effort: what had been begun is read from its start, and a \
         warning says how many rows may come twice.")
        .default("require").only(Scope::HiveServer).example("best-effort");
    DB_PARTITION_COLUMN: String = Parameter::new(Group::Database, "source.db.partition.column",
        "Column by whose values the rows are split into parts that subtasks read side by side: whole numbers, decimals, dates, \
         timestamps or texts, such as a partition of the table.")
        .only(Scope::HiveServer).example("id");
    DB_PARTITION_NUM: Count = Parameter::new(Group::Database, "source.db.partition.num",
        "How many parts there are, at most 10000. Each is a statement of its own.")
        .default_depends("4 for each subtask").only(Scope::Split).example("16");
    DB_PARTITION_LOWER: String = Parameter::new(Group::Database, "source.db.partition.lower-bound",
        "Least value between which and the greatest parts are cut evenly. Rows below it are read all the same.")
        .default_depends("what a query finds").only(Scope::Split).example("0");
    DB_PARTITION_UPPER: String = Parameter::new(Group::Database, "source.db.partition.upper-bound",
        "Greatest value. Rows above it are read all the same.")
        .default_depends("what a query finds").only(Scope::Split).example("1000000");
    DB_PARTITION_FILTER: String = Parameter::new(Group::Database, "source.db.partition.filter",
        "Which partitions of the table are read, as the metastore takes a filter: columns of partitions, `=`, `!=`, `<`, `<=`, `>`, `>=`, \
         `like`, `and`, `or`, parentheses; texts in quotes. What `stream.sql` says of such columns leaves partitions out as well.")
        .default_depends("all").only(Scope::Metastore).example("dt >= '2024-01-01' and region = 'eu'");
}
