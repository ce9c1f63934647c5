//! What a request does, and so which role it needs.

use axum::http::Method;

use crate::rest::tokens::Role;

/// The role that a request needs. What is not known to need less needs the most that its method can.
pub(super) fn needed(method: &Method, path: &str) -> Role {
    let parts = parts(path);
    let starts_a_process = match parts.as_slice() {
        ["jars"] => false,
        ["jars", ..] => true,
        ["jobs", _, "restart"] => true,
        // What a replay sends goes through the program of the job.
        ["jobs", _, "dead-letters", "replay"] => *method == Method::POST,
        ["jobs"] => *method == Method::POST,
        _ => false,
    };
    match *method {
        _ if starts_a_process => Role::Submit,
        // They are records of the input as they came.
        Method::GET | Method::HEAD if parts.get(2) == Some(&"dead-letters") => Role::Operate,
        Method::GET | Method::HEAD => Role::Read,
        _ => Role::Operate,
    }
}

/// Whether a request may change something, so that it is done to its end and has its line in the log. There is also what only looks
/// and needs more than the least role.
pub(super) fn may_change(method: &Method, path: &str) -> bool {
    match (needed(method, path), parts(path).as_slice()) {
        (Role::Read, _) => false,
        // Nobody knows what a program does, also where it is to plan only.
        (Role::Submit, _) => true,
        (_, ["jobs", _, "clientHeartbeat"] | ["savepoint-disposal", "preview"]) => false,
        _ => !matches!(*method, Method::GET | Method::HEAD),
    }
}

/// The parts of a path, without the version.
fn parts(path: &str) -> Vec<&str> {
    let mut parts = path.split('/').filter(|part| !part.is_empty()).peekable();
    parts.next_if_eq(&"v1");
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_looks_changes_nothing_whatever_role_it_needs() {
        for (method, path, expected) in [
            (Method::GET, "/jobs", false),
            (Method::GET, "/jobs/x/dead-letters", false),
            (Method::HEAD, "/v1/jobs/x/dead-letters/letters", false),
            (Method::GET, "/jobs/x/dead-letters/replay", false),
            (Method::POST, "/savepoint-disposal/preview", false),
            (Method::PATCH, "/jobs/x/clientHeartbeat", false),
            (Method::POST, "/jobs/x/dead-letters/discard", true),
            (Method::POST, "/jobs/x/dead-letters/replay", true),
            (Method::PATCH, "/jobs/x/settings", true),
            (Method::PATCH, "/jobs/x", true),
            (Method::GET, "/jars/x/plan", true),
            (Method::DELETE, "/cluster", true),
        ] {
            assert_eq!(may_change(&method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn whatever_runs_a_program_needs_the_role_for_that() {
        for (method, path, expected) in [
            (Method::GET, "/jobs", Role::Read),
            (Method::GET, "/v1/jars", Role::Read),
            (Method::GET, "/metrics", Role::Read),
            (Method::GET, "/jars/x/plan", Role::Submit),
            (Method::HEAD, "/v1/jars/x/plan/", Role::Submit),
            (Method::POST, "/jars/upload", Role::Submit),
            (Method::POST, "/v1//jars/x/run", Role::Submit),
            (Method::DELETE, "/jars/x", Role::Submit),
            (Method::POST, "/jobs", Role::Submit),
            (Method::POST, "/jobs/x/restart", Role::Submit),
            (Method::GET, "/jobs/x/dead-letters", Role::Operate),
            (Method::GET, "/jobs/x/dead-letters/letters", Role::Operate),
            (Method::POST, "/jobs/x/dead-letters/discard", Role::Operate),
            (Method::POST, "/jobs/x/dead-letters/replay", Role::Submit),
            (Method::POST, "/jobs/x/savepoints", Role::Operate),
            (Method::PATCH, "/jobs/x", Role::Operate),
            (Method::POST, "/savepoint-disposal", Role::Operate),
            (Method::DELETE, "/cluster", Role::Operate),
        ] {
            assert_eq!(needed(&method, path), expected, "{method} {path}");
        }
    }
}
