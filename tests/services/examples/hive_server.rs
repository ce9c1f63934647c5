//! HiveServer2 for benchmarks and for trying things out: prints its addresses, binary and HTTP, and lives until its standard
//! input ends. Statements in the file that is named as its argument are run first.

use std::io::{self, Read};

use millstream_services::hive::Hive;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let hive = Hive::start()?;
    if let Some(file) = std::env::args().nth(1) {
        hive.run(&std::fs::read_to_string(file)?)?;
    }
    println!("{}", hive.address());
    println!("{}", hive.http_address());
    println!("{}", hive.directory().display());
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
