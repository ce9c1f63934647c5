//! The keys of the sink's objects: made here, and read back here.

use millstream_core::JobId;
use millstream_core::hash::stable_hash;
use millstream_core::lineage::{Author, Lineage};

const START: &str = "part-";

/// Makes the keys of one writer's objects.
#[derive(Debug, Clone)]
pub(in crate::file_sink) struct ObjectNames {
    start: String,
    extension: &'static str,
}

/// A number of a job that has no hyphens in it, shorter than its id.
fn mark(job: JobId) -> String {
    format!("{:016x}", stable_hash(job.to_string().as_bytes()))
}

impl ObjectNames {
    /// Of subtask `subtask` of the sink `uid`, in the run that is `author`.
    pub(in crate::file_sink) fn new(
        author: Author,
        uid: &str,
        subtask: usize,
        extension: &'static str,
    ) -> Self {
        let Author { origin, job, run } = author;
        // Several sinks of a job may write below one key.
        let slot = stable_hash(uid.as_bytes()) as u32;
        Self {
            start: format!("{START}{job}-{}-{run}-{subtask}-{slot:08x}", mark(origin)),
            extension,
        }
    }

    /// The key of an object below that of the sink.
    pub(in crate::file_sink) fn key(&self, partition: &str, number: u64) -> String {
        let slash = if partition.is_empty() { "" } else { "/" };
        format!(
            "{partition}{slash}{}-{number}.{}",
            self.start, self.extension
        )
    }
}

/// Who has made a key, as far as jobs of this lineage can tell; `None`: it is none of a sink.
pub(super) fn author_of(key: &str, lineage: &Lineage) -> Option<Author> {
    let name = key.rsplit('/').next()?;
    let (stem, _) = name.strip_prefix(START)?.split_once('.')?;
    let fields: Vec<&str> = stem.split('-').collect();
    let [job, origin, run, _, _, _] = fields.as_slice() else {
        return None;
    };
    let job: JobId = job.parse().ok()?;
    let known = lineage.ancestors.iter().map(|ancestor| ancestor.job);
    let origin = known.chain([job]).find(|known| mark(*known) == *origin);
    Some(Author {
        // Of a job that this one does not come from nothing is known, and nothing of it is touched.
        origin: origin.unwrap_or(job),
        job,
        run: run.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use millstream_core::lineage::{Author, Lineage};

    use super::{ObjectNames, author_of};

    #[test]
    fn the_author_of_a_key_is_found_in_it() {
        let (first, second) = ("1".repeat(32), "2".repeat(32));
        let (first, second) = (
            first.parse().expect("an id"),
            second.parse().expect("an id"),
        );
        let author = Author {
            origin: first,
            job: second,
            run: 7,
        };
        let key = ObjectNames::new(author, "sink", 3, "json.gz").key("day=1/city=a%2Fb", 9);
        assert!(key.starts_with("day=1/city=a%2Fb/part-2222"), "{key}");
        let lineage = Lineage::fresh(1).behind(first, 5, 2);
        assert_eq!(author_of(&key, &lineage), Some(author));
        let stranger = author_of(&key, &Lineage::fresh(1)).expect("a key");
        assert_eq!(stranger.origin, second);
        for other in ["part-1.json", "x/y.json", "part-a-b-c-d-e-f.json", ""] {
            assert_eq!(author_of(other, &lineage), None, "{other}");
        }
    }

    #[test]
    fn sinks_of_a_job_have_keys_of_their_own() {
        let job = "1".repeat(32).parse().expect("an id");
        let author = Author {
            origin: job,
            job,
            run: 1,
        };
        let key = |uid| ObjectNames::new(author, uid, 0, "csv").key("", 0);
        assert_ne!(key("sink"), key("dead-letters"));
    }
}
