use crate::hive::url::HiveUrl;

fn with_ssl(value: &str) -> String {
    format!("jdbc:hive2://h/d;ssl={value}")
}

#[test]
fn what_is_neither_true_nor_false_is_not_taken_as_in_the_clear() {
    for (value, is_encrypted) in [
        ("true", true),
        ("TRUE", true),
        ("false", false),
        ("False", false),
    ] {
        let url = HiveUrl::parse(&with_ssl(value)).expect(value);
        assert_eq!(url.tls.is_some(), is_encrypted, "{value}");
    }
    for value in ["yes", "1", "", "true,false"] {
        let error = HiveUrl::parse(&with_ssl(value)).expect_err(value);
        let line = error.to_string();
        assert!(line.contains("ssl is neither true nor false"), "{line}");
    }
}
