//! Schema and SQL.

use crate::parameters::choices::SourceType;
use crate::parameters::definition::{Group, Parameter, ParameterSummary, Scope};

parameters! {
    SQL_ENABLE: bool = Parameter::new(Group::Sql, "stream.sql.enable",
        "Whether records go through `stream.sql`. It needs a schema, but for Parquet, ORC and Hive.")
        .default_depends("true from Kafka with a schema or SQL, else false").example("true");
    SQL_TABLE: String = Parameter::new(Group::Sql, "stream.sql.table",
        "Name of the one table that `stream.sql` reads.")
        .default("t1").only(Scope::Sql).example("orders");
    SQL: String = Parameter::new(Group::Sql, "stream.sql",
        "A SELECT over the table: columns, expressions, functions and WHERE.")
        .default_depends("`select * from` the table").only(Scope::Sql)
        .example("select id, arraySplit(tags, '|') as tags from t1");
    SQL_SCHEMA: String = Parameter::new(Group::Sql, "stream.sql.schema",
        "Columns of the table as `struct<name:type,…>`. Types: Boolean, TinyInt, SmallInt, Int, BigInt, Float, Double, \
         Decimal(p,s), Timestamp, Date, String, Varchar(n), and other spellings of SQL. Used only when SQL is on and no `stream.sql.schema.json` is given.")
        .required("with SQL but for Parquet, ORC and Hive, or `stream.sql.schema.json`").only(Scope::Sql)
        .example("struct<id:Int,name:String>");
    SQL_SCHEMA_JSON: String = Parameter::new(Group::Sql, "stream.sql.schema.json",
        "Columns as a JSON object of names and types, in order. It is also the schema of files and of Kafka, with SQL or \
         without, and wins over `stream.sql.schema`. Columns of Kafka named `__key`, `__timestamp`, `__topic`, `__partition`, \
         `__offset` and `__headers` are taken from around the value.")
        .only(Scope::Source(SourceType::WITH_SCHEMA))
        .example("{\"id\": \"Int\", \"name\": \"String\"}");
}
