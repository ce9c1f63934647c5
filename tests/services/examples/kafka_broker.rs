//! A broker for benchmarks and for trying things out: prints its address and the class path of Kafka's tools, and lives until its
//! standard input ends.

use std::io::{self, Read};

use millstream_services::kafka::Kafka;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let kafka = Kafka::start()?;
    println!("{}", kafka.brokers());
    println!("{}", kafka.class_path());
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
