//! Thirty faults from a seed: every record comes out exactly once, and the job goes on. `make chaos` plays more.

use std::process::Command;

#[test]
fn every_record_comes_out_once() {
    let seed = std::env::var("MILLSTREAM_SEED").unwrap_or_else(|_| "11".to_owned());
    println!("seed {seed}; set MILLSTREAM_SEED to play another");
    let output = Command::new(env!("CARGO_BIN_EXE_chaos"))
        .args(["--seed", &seed, "--faults", "30"])
        .output()
        .expect("the harness can be started");
    println!("{}", String::from_utf8_lossy(&output.stdout));
    println!("{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "seed {seed}: {}", output.status);
}
