//! A server for benchmarks and for trying things out: prints its address, and lives until its standard input ends. The first
//! argument may be `6`, `7` or `opensearch`, which it is without.

use std::io::{self, Read};

use millstream_services::elasticsearch::{Elasticsearch, Server};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = match std::env::args().nth(1).as_deref() {
        Some("6") => Server::Elasticsearch6,
        Some("7") => Server::Elasticsearch7,
        _ => Server::OpenSearch2,
    };
    let server = Elasticsearch::start(server)?;
    println!("{}", server.address());
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
