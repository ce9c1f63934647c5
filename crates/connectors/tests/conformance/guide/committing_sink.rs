/// Writes numbers into files that appear with the checkpoint that covers them, exactly once.
fn files_of_numbers(directory: &Path) -> FileSink<u64> {
    let line = EachRecord::new("txt", |number, out| writeln!(out, "{number}"));
    FileSink::new(directory, line)
}
