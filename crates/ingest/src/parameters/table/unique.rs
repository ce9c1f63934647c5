//! Records that were there before.

use crate::parameters::choices::{SourceType, UniqueNull, UniqueTime};
use crate::parameters::definition::{Group, Parameter, ParameterSummary, Scope};
use crate::parameters::value::Names;

const DEDUPLICATION: Scope = Scope::Source(&[SourceType::KafkaDeduplication]);

parameters! {
    UNIQUE_KEYS: Names = Parameter::new(Group::KafkaSource, "unique.keys",
        "Fields that together say whether two records are the same, separated by commas; `a.b` is field `b` of the object in `a`. \
         Of records that are the same only the first goes on, see Deduplication.")
        .required("for kafka_deduplication").only(DEDUPLICATION).example("id,name");
    UNIQUE_TTL: u64 = Parameter::new(Group::KafkaSource, "unique.data.ttl.in.minute",
        "How long a key is remembered: records that are as far apart or further are not the same.")
        .default("60").unit("minutes").only(DEDUPLICATION).example("1440");
    UNIQUE_TIME: UniqueTime = Parameter::new(Group::KafkaSource, "unique.time",
        "What the time is taken from. record: the timestamp that it has in Kafka, so that the same records give the same output, \
         however fast they are read. clock: when the record is read.")
        .default("record").only(DEDUPLICATION).example("clock");
    UNIQUE_NULL: UniqueNull = Parameter::new(Group::KafkaSource, "unique.null",
        "What happens with a record of which a field of `unique.keys` is null or missing. pass: it goes on, and is the same as no \
         other. value: null is a value like any other.")
        .default("pass").only(DEDUPLICATION).example("value");
}
