//! Why Kerberos says no, by its own words. Pure.

/// Why Kerberos says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The KDC does not know who wants in.
    Client,
    /// The KDC does not know the service.
    Service,
    /// The key is none of the principal's any more.
    Key,
    /// The clocks of two machines differ.
    Clock,
    /// No KDC answers.
    Away,
    /// No KDC is known of the realm.
    Realm,
    /// There is no ticket, and no key to get one with.
    Ticket,
    /// The ticket has ended, and a new one is got with the key.
    Ended,
    /// What the service answers does not show that it is who it should be.
    Answer,
    /// The service does not take the ticket.
    Refusal,
    /// Something else.
    Other,
}

/// What the library says, and why.
const WORDS: &[(&str, Cause)] = &[
    ("Client not found in Kerberos database", Cause::Client),
    ("CLIENT_NOT_FOUND", Cause::Client),
    ("Server not found in Kerberos database", Cause::Service),
    ("Preauthentication failed", Cause::Key),
    ("Decrypt integrity check failed", Cause::Key),
    ("Password incorrect", Cause::Key),
    ("KDC has no support for encryption type", Cause::Key),
    ("no suitable keys", Cause::Key),
    ("Clock skew too great", Cause::Clock),
    ("Ticket not yet valid", Cause::Clock),
    ("Cannot contact any KDC", Cause::Away),
    ("Cannot find KDC for", Cause::Realm),
    ("Cannot determine realm", Cause::Realm),
    ("does not specify default realm", Cause::Realm),
    ("Can't open/find Kerberos configuration file", Cause::Realm),
    ("No Kerberos credentials available", Cause::Ticket),
    ("No credentials cache", Cause::Ticket),
    ("Credentials cache file", Cause::Ticket),
    ("Ticket expired", Cause::Ticket),
    ("credentials have expired", Cause::Ticket),
    ("Matching credential not found", Cause::Ticket),
    ("No credentials were supplied", Cause::Ticket),
    ("Credential cache is empty", Cause::Ticket),
    ("GSS initiate failed", Cause::Refusal),
];

/// Whether what the library says of Kerberos may pass by itself.
pub fn may_pass(said: &str) -> bool {
    Cause::of(said) == Cause::Away
}

impl Cause {
    /// The cause of what the library says.
    pub(crate) fn of(said: &str) -> Self {
        let has = |words: &str| said.contains(words);
        // Who is meant stands between the words.
        if has("not found in Kerberos database") {
            let is_client = has("Client '") || has("Client not found");
            return if is_client {
                Self::Client
            } else {
                Self::Service
            };
        }
        let known = WORDS.iter().find(|(words, _)| has(words));
        known.map_or(Self::Other, |(_, cause)| *cause)
    }

    /// What is to be done about it.
    pub(crate) fn next(self) -> &'static str {
        match self {
            Self::Client => {
                "correct the principal, or have it made by who runs the KDC (kadmin: addprinc)"
            }
            Self::Service => {
                "correct the service's principal and the name of its host, which must be the one that the KDC knows (kvno <service>)"
            }
            Self::Key => {
                "have a new keytab written (kadmin: ktadd): the principal's key has changed since this one was"
            }
            Self::Clock => {
                "set the clocks of this machine, of the KDC and of the service to the same time (NTP)"
            }
            Self::Away => {
                "see that the KDC which krb5.conf (KRB5_CONFIG) names runs and can be reached from here"
            }
            Self::Realm => {
                "name the realm and its KDC in krb5.conf (KRB5_CONFIG), or correct the realm of the principal"
            }
            Self::Ticket => {
                "give a keytab (/etc/user.keytab, or --security.kerberos.login.keytab <file>), or get tickets with kinit"
            }
            Self::Ended => "nothing: a new ticket is got",
            Self::Answer => {
                "see that the service behind this address is the one that was meant, and which layers it offers"
            }
            Self::Refusal => {
                "see that the service's keytab has its newest key (kadmin: ktadd) and that its clock is right, and its log"
            }
            Self::Other => {
                "see the KDC's log; `kinit -kt <keytab> <principal>` and `kvno <service>` try the same by hand"
            }
        }
    }
}

#[cfg(test)]
mod tests;
