//! Columns of text.

use millstream_server::escaped;

/// Lines with the cells of `rows` below each other, two blanks between columns, and nothing behind the last.
pub(crate) fn lines<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| row.each_ref().map(|cell| escaped(cell)))
        .collect();
    let mut widths = [0; COLUMNS];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (width, cell) in widths.iter().zip(row) {
            line.push_str(&format!("{cell:width$}  "));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn cells_stand_below_each_other() {
        let rows = [["id", "name"], ["12345", "ä"], ["1", ""]];
        let rows = rows.map(|row| row.map(str::to_owned));
        let broken = [["a\n1 b\u{1b}[2J", "c"].map(str::to_owned)];
        assert_eq!(lines(&broken), "a\\n1 b\\u{1b}[2J  c\n");
        assert_eq!(lines(&rows), "id     name\n12345  ä\n1\n");
    }
}
