//! What a request does, and so which role it needs.

use axum::http::Method;

use crate::rest::tokens::Role;

/// The role that a request needs. What is not known to need less needs the most that its method can.
pub(super) fn needed(method: &Method, path: &str) -> Role {
    let mut parts = path.split('/').filter(|part| !part.is_empty()).peekable();
    parts.next_if_eq(&"v1");
    let parts: Vec<_> = parts.collect();
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

#[cfg(test)]
mod tests {
    use super::*;

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
