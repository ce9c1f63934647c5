//! While the disk refuses every name in the directory of the output, a job shows nothing and does not end; behind the
//! fault it goes on, and every record comes out once. The harness shows that before it plays its rounds, of which there
//! are none here: faults of the disk reach the calls of the command.

use std::process::Command;

#[test]
fn nothing_comes_out_until_the_disk_takes_names_again() {
    let output = Command::new(env!("CARGO_BIN_EXE_chaos"))
        .args(["--faults", "0"])
        .output()
        .expect("the harness can be started");
    println!("{}", String::from_utf8_lossy(&output.stdout));
    println!("{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}", output.status);
}
