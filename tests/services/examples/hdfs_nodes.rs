//! HDFS for benchmarks and for trying things out: puts the files of the directory that is its argument into `/in`, prints the URL of the
//! cluster and the directory of its settings, and lives until its standard input ends.

use std::fs;
use std::io::{self, Read};

use millstream_services::hdfs::Hdfs;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let hdfs = Hdfs::start()?;
    for directory in std::env::args().skip(1) {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            hdfs.put(&format!("/in/{name}"), &fs::read(entry.path())?)?;
        }
    }
    println!("{} {}", hdfs.url(""), hdfs.configuration().display());
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
