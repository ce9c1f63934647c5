//! A program whose operator never comes back, for the test of the cancellation watchdog.

use std::process::ExitCode;

use millstream::{EntryPoint, Environment};

fn main() -> ExitCode {
    millstream::package::main(&[EntryPoint {
        name: "Stuck",
        description: "Sleeps for ever in an operator.",
        parameters: &[],
        build: |environment: &Environment, _| {
            environment
                .from_collection(vec![1_u64])
                .map(|_| -> u64 {
                    println!("stuck");
                    loop {
                        std::thread::park();
                    }
                })
                .name("Never")
                .discard();
            Ok(())
        },
    }])
}
