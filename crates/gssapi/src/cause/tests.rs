use super::*;

#[test]
fn a_cause_is_told_by_the_words_of_the_library() {
    let table = [
        (
            "Client 'bob@TEST.LOCAL' not found in Kerberos database",
            Cause::Client,
        ),
        ("Client not found in Kerberos database", Cause::Client),
        (
            "Server hive/elsewhere@TEST.LOCAL not found in Kerberos database",
            Cause::Service,
        ),
        ("Preauthentication failed", Cause::Key),
        ("Clock skew too great", Cause::Clock),
        ("Cannot contact any KDC for realm 'TEST.LOCAL'", Cause::Away),
        ("Cannot find KDC for realm \"OTHER\"", Cause::Realm),
        (
            "No Kerberos credentials available (default cache: FILE:/tmp/krb5cc_0)",
            Cause::Ticket,
        ),
        ("Ticket expired", Cause::Ticket),
        ("GSS initiate failed", Cause::Refusal),
        ("something else", Cause::Other),
    ];
    for (said, cause) in table {
        assert_eq!(Cause::of(said), cause, "{said}");
    }
}
