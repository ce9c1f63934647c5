use super::{Reply, ServerError};

#[test]
fn answers_of_every_action_are_read() {
    let reply: Reply = serde_json::from_str(
        r#"{"errors":true,"items":[{"index":{"status":201}},{"update":{"status":404,"error":{"type":"document_missing_exception","reason":"gone","index":"i"}}},
        {"create":{"status":400,"error":{"type":"mapper_parsing_exception","reason":"failed to parse","caused_by":{"type":"illegal","reason":"For input string"}}}}]}"#,
    )
    .expect("a reply");
    let statuses: Vec<u16> = reply
        .items
        .iter()
        .map(|item| item.result().status)
        .collect();
    assert_eq!(statuses, [201, 404, 400]);
    let error = reply.items[2].result().error.as_ref().expect("an error");
    assert!(error.is("illegal") && !error.is("other"));
    assert_eq!(error.words(), "failed to parse: For input string");
    assert!(serde_json::from_str::<Reply>(r#"{"items":[{"index":{"status":2"#).is_err());
}

#[test]
fn errors_of_requests_are_read_in_every_form() {
    for (body, words) in [
        (r#"{"error":{"type":"t","reason":"r"},"status":400}"#, "r"),
        (r#"{"error":"plain"}"#, "plain"),
        ("<html>\n  <b>Bad Gateway</b>", "<html> <b>Bad Gateway</b>"),
        ("{}", ""),
        ("", ""),
    ] {
        assert_eq!(
            ServerError::of_request(body.as_bytes()).words(),
            words,
            "{body}"
        );
    }
}
