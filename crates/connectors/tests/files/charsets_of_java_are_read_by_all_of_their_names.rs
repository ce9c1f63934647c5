//! A charset that Java has is read by all of the names that Java has for it, or by none; and its letters are those of Java.

use encoding_rs::Encoding;
use millstream_connectors::files_source::Charset;
use millstream_services::java;

/// Prints a charset a line: its names, and behind a tab letters with their bytes.
const PROGRAM: &str = r#"
import java.nio.charset.Charset;

public class Charsets {
    static final String LETTERS = "AZaz09\u00e9\u00df\u0159\u0142\u0436\u042f\u0456\u03b1\u03a9\u05d0\u05ea\u0628\u064a\u0e01\u0e44\u3042\u30a2\uff71\u65e5\u672c\u4e2d\u570b\u56fd\ud55c\uae00";

    public static void main(String[] arguments) {
        for (Charset charset : Charset.availableCharsets().values()) {
            StringBuilder line = new StringBuilder(charset.name());
            charset.aliases().forEach(name -> line.append(' ').append(name));
            line.append('\t');
            if (charset.canEncode()) {
                LETTERS.chars().filter(sign -> charset.newEncoder().canEncode((char) sign)).forEach(sign -> {
                    line.append(Integer.toHexString(sign)).append('=');
                    for (byte one : Character.toString(sign).getBytes(charset)) {
                        line.append(String.format("%02x", one));
                    }
                    line.append(' ');
                });
            }
            System.out.println(line);
        }
    }
}
"#;

/// The letter that a sample is of, and its bytes.
fn sample(text: &str) -> (char, Vec<u8>) {
    let (sign, bytes) = text.split_once('=').expect("a letter and its bytes");
    let sign = u32::from_str_radix(sign, 16).ok().and_then(char::from_u32);
    let bytes = bytes.as_bytes().chunks(2).map(|digits| {
        let digits = std::str::from_utf8(digits).expect("digits");
        u8::from_str_radix(digits, 16).expect("a byte")
    });
    (sign.expect("a letter"), bytes.collect())
}

#[test]
fn by_all_names_or_none() {
    let printed = java::printed("Charsets", PROGRAM).expect("Java");
    let (mut read, mut letters) = (0, 0);
    for line in printed.lines() {
        let (names, samples) = line.split_once('\t').expect("names and letters");
        let names: Vec<&str> = names.split(' ').collect();
        let parsed = names
            .iter()
            .map(|name| Charset::parse(name).ok().map(|charset| charset.name()));
        let found: Vec<Option<&str>> = parsed.collect();
        // Without a mark Java takes UTF-16 for the one order of bytes by some names and browsers for the other.
        let family = |name: &Option<&str>| {
            name.map(|name| name.trim_end_matches(['B', 'L', 'E']).to_owned())
        };
        let first = family(&found[0]);
        assert!(
            found.iter().all(|name| family(name) == first),
            "{names:?} are read as {found:?}"
        );
        let Some(encoding) = found[0].and_then(|name| Encoding::for_label(name.as_bytes())) else {
            continue;
        };
        read += 1;
        let samples: Vec<(char, Vec<u8>)> = samples.split_whitespace().map(sample).collect();
        let is_same = |(letter, bytes): &&(char, Vec<u8>)| {
            let (text, _) = match names[0] {
                // It writes a mark, whose order counts.
                "UTF-16" => encoding_rs::UTF_16BE.decode_with_bom_removal(bytes),
                _ => encoding.decode_with_bom_removal(bytes),
            };
            text == letter.to_string()
        };
        let same = samples.iter().filter(is_same).count();
        // In those of the Far East letters of other scripts lie elsewhere, or are written by tables that nobody else has.
        let told = format!(
            "{same} of {} in {} as {}",
            samples.len(),
            names[0],
            encoding.name()
        );
        match encoding.is_single_byte() {
            true => assert_eq!(same, samples.len(), "{told}"),
            false => assert!(3 * same >= 2 * samples.len(), "{told}"),
        }
        letters += same;
    }
    assert!(
        read > 65 && letters > 1_000,
        "{read} charsets with {letters} letters"
    );
}
