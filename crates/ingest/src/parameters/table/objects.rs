//! Object stores: where they are and who asks them. The names are Flink's.

use crate::parameters::definition::{Group, Parameter, ParameterSummary, Scope};

const OBJECTS: Scope = Scope::Objects;

parameters! {
    S3_ENDPOINT: String = Parameter::new(Group::Objects, "s3.endpoint",
        "Address of the store behind `s3://` paths. Not given: AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL of the environment, else AWS itself.")
        .only(OBJECTS).example("https://minio.example:9000");
    S3_REGION: String = Parameter::new(Group::Objects, "s3.region",
        "Region of the store.")
        .default_depends("AWS_REGION or AWS_DEFAULT_REGION of the environment, else us-east-1").only(OBJECTS).example("eu-central-1");
    S3_ACCESS_KEY: String = Parameter::new(Group::Objects, "s3.access-key",
        "Who asks the store, with `s3.secret-key`.")
        .default_depends("AWS_ACCESS_KEY_ID of the environment, else the role of the machine").only(OBJECTS).example("${env:S3_KEY}");
    S3_SECRET_KEY: String = Parameter::new(Group::Objects, "s3.secret-key",
        "What proves `s3.access-key`; best a reference.")
        .default_depends("AWS_SECRET_ACCESS_KEY of the environment").only(OBJECTS).example("${file:/run/secrets/s3}");
    S3_SESSION_TOKEN: String = Parameter::new(Group::Objects, "s3.session-token",
        "What keys come with that hold for a while only; best a reference.")
        .default_depends("AWS_SESSION_TOKEN of the environment").only(OBJECTS).example("${env:S3_TOKEN}");
    S3_PATH_STYLE: bool = Parameter::new(Group::Objects, "s3.path.style.access",
        "Whether the bucket is in the path of requests rather than in the name of the host.")
        .default_depends("true with `s3.endpoint`, else false").only(OBJECTS).example("false");
    S3_SSL: bool = Parameter::new(Group::Objects, "s3.connection.ssl.enabled",
        "Whether the store must be spoken to over TLS. false allows an `s3.endpoint` that begins with http://.")
        .default("true").only(OBJECTS).example("false");
}
