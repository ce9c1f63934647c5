//! Whether a source would start: each server, the table, its partitions. No row is read.

use millstream_core::{Error, Finding, codes, counted};

use super::HiveTableSource;
use super::client::reach;
use super::trouble::Trouble;

impl HiveTableSource {
    /// Looks at what the source reads. That there is one says that the table was found and can be read.
    pub fn inspect(&self) -> Vec<Finding> {
        let (url, login) = {
            let client = self.tree.client();
            (client.url().clone(), client.login().clone())
        };
        let mut findings = Vec::new();
        let mut there = Vec::new();
        for host in url.hosts() {
            match reach(&url, host, &login) {
                Ok(()) => there.push(host.to_string()),
                Err(Trouble::Away(why)) => findings.push(Finding::warning(
                    "source metastore",
                    &why,
                    "start it, or take it out of source.db.url",
                )),
                Err(trouble) => {
                    findings.push(Finding::wrong("source metastore", &trouble.error(&url, "")));
                }
            }
        }
        let servers = match there.is_empty() {
            false => Finding::well("source metastore", there.join(", ")),
            true => Finding::wrong(
                "source metastore",
                &Error::new(
                    &codes::SOURCE_METASTORE,
                    format!("no metastore of {url} is there"),
                )
                .next("see that it runs and can be reached from here"),
            ),
        };
        findings.insert(0, servers);
        let table = self.tree.table();
        let columns = counted(table.all().fields().len() as u64, "column");
        let partitions = match (table.keys.is_empty(), self.tree.count()) {
            (true, _) => "no partitions".to_owned(),
            (false, (all, read)) if all == read => counted(all as u64, "partition"),
            (false, (all, read)) => {
                format!(
                    "{read} of {} that SQL wants",
                    counted(all as u64, "partition")
                )
            }
        };
        let place = table.location.display();
        let detail = format!(
            "{table}: {} at {place}, {columns}, {partitions}",
            table.files()
        );
        findings.push(Finding::well("source table", detail));
        findings
    }
}
