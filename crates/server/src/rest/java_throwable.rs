//! A failure as Flink's Java clients read it: a `SerializedThrowable` in Java's serialization format.
//!
//! The stream is one object without back references to anything but its own class descriptions, so it is three fixed
//! parts with strings in between. It was compared with what Flink 2.3 writes itself (see the tests), and holds what
//! clients use: the message, the name of the class and the stack trace as text. The exception underneath (`serializedException`)
//! is null, for which Flink hands out the `SerializedThrowable` itself.
//!
//! Format: "Java Object Serialization Specification", chapter 6.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use utoipa::ToSchema;

/// The class that a failure is said to be of: the one that Flink's own operations fail with.
const CLASS: &str = "org.apache.flink.util.FlinkException";

const NULL: u8 = 0x70;
const CLASS_DESCRIPTION: u8 = 0x72;
const OBJECT: u8 = 0x73;
const STRING: u8 = 0x74;
const ARRAY: u8 = 0x75;
const END_OF_BLOCK: u8 = 0x78;
const LONG_STRING: u8 = 0x7c;
/// A reference to the second thing that was written: the string `Ljava/lang/String;`.
const STRING_TYPE: &[u8] = &[0x71, 0x00, 0x7e, 0x00, 0x01];
/// Flags of a class description: serializable, and serializable with a method that writes.
const PLAIN: u8 = 0x02;
const WITH_WRITER: u8 = 0x03;

/// A failure, in the three forms that clients of Flink read.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FailureCause {
    /// The name of a Java class.
    pub(crate) class: &'static str,
    /// The class and what happened, in one line.
    #[serde(rename = "stack-trace")]
    pub(crate) stack_trace: String,
    /// A Java `SerializedThrowable`, in base64.
    #[serde(rename = "serialized-throwable")]
    pub(crate) serialized_throwable: String,
}

impl FailureCause {
    /// The failure `code` with its one-line message.
    pub(crate) fn new(code: &str, message: &str) -> Self {
        let text = format!("{CLASS}: {code}: {message}");
        Self {
            class: CLASS,
            serialized_throwable: STANDARD.encode(serialized(&text)),
            stack_trace: text,
        }
    }
}

/// A `SerializedThrowable` whose message and stack trace are `text`, as bytes.
fn serialized(text: &str) -> Vec<u8> {
    let mut stream = Stream::default();
    stream.bytes(&[0xac, 0xed, 0x00, 0x05, OBJECT]);
    describe_classes(&mut stream);
    // Throwable: cause, detailMessage, stackTrace, suppressedExceptions.
    stream.bytes(&[NULL]);
    stream.string(text);
    stream.bytes(&[ARRAY]);
    stream.class(
        "[Ljava.lang.StackTraceElement;",
        0x0246_2a3c_3cfd_2239,
        PLAIN,
        0,
    );
    stream.bytes(&[END_OF_BLOCK, NULL, 0, 0, 0, 0, OBJECT]);
    stream.class(
        "java.util.Collections$EmptyList",
        0x7ab8_17b4_3ca7_9ede,
        PLAIN,
        0,
    );
    stream.bytes(&[END_OF_BLOCK, NULL, END_OF_BLOCK]);
    // Exception has no fields. SerializedThrowable: fullStringifiedStackTrace, originalErrorClassName, serializedException.
    stream.string(text);
    stream.string(CLASS);
    stream.bytes(&[NULL]);
    stream.0
}

fn describe_classes(stream: &mut Stream) {
    stream.class(
        "org.apache.flink.util.SerializedThrowable",
        0x6516_9df5_1fa7_13f3,
        PLAIN,
        3,
    );
    stream.field(b'L', "fullStringifiedStackTrace");
    stream.string("Ljava/lang/String;");
    stream.field(b'L', "originalErrorClassName");
    stream.bytes(STRING_TYPE);
    stream.field(b'[', "serializedException");
    stream.string("[B");
    stream.bytes(&[END_OF_BLOCK]);
    stream.class("java.lang.Exception", 0xd0fd_1f3e_1a3b_1cc4, PLAIN, 0);
    stream.bytes(&[END_OF_BLOCK]);
    stream.class("java.lang.Throwable", 0xd5c6_3527_3977_b8cb, WITH_WRITER, 4);
    stream.field(b'L', "cause");
    stream.string("Ljava/lang/Throwable;");
    stream.field(b'L', "detailMessage");
    stream.bytes(STRING_TYPE);
    stream.field(b'[', "stackTrace");
    stream.string("[Ljava/lang/StackTraceElement;");
    stream.field(b'L', "suppressedExceptions");
    stream.string("Ljava/util/List;");
    stream.bytes(&[END_OF_BLOCK, NULL]);
}

#[derive(Default)]
struct Stream(Vec<u8>);

impl Stream {
    fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Begins the description of a class; its fields follow.
    fn class(&mut self, name: &str, version: u64, flags: u8, fields: u16) {
        self.bytes(&[CLASS_DESCRIPTION]);
        self.short_text(name);
        self.bytes(&version.to_be_bytes());
        self.bytes(&[flags]);
        self.bytes(&fields.to_be_bytes());
    }

    /// Begins the description of a field; its type follows as a string.
    fn field(&mut self, kind: u8, name: &str) {
        self.bytes(&[kind]);
        self.short_text(name);
    }

    fn string(&mut self, text: &str) {
        let encoded = modified_utf8(text);
        match u16::try_from(encoded.len()) {
            Ok(length) => {
                self.bytes(&[STRING]);
                self.bytes(&length.to_be_bytes());
            }
            Err(_) => {
                self.bytes(&[LONG_STRING]);
                self.bytes(&(encoded.len() as u64).to_be_bytes());
            }
        }
        self.bytes(&encoded);
    }

    /// The name of a class or field: short and ASCII.
    fn short_text(&mut self, text: &str) {
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
        self.bytes(&length.to_be_bytes());
        self.bytes(text.as_bytes());
    }
}

/// Java's UTF-8: each UTF-16 unit by itself, and NUL as two bytes.
fn modified_utf8(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for unit in text.encode_utf16() {
        let [high, low] = unit.to_be_bytes();
        let top = high >> 4;
        let middle = ((high & 0x0f) << 2) | (low >> 6);
        let last = 0x80 | (low & 0x3f);
        match unit {
            0x0001..=0x007f => bytes.push(low),
            0x0000 | 0x0080..=0x07ff => bytes.extend_from_slice(&[0xc0 | middle, last]),
            0x0800.. => bytes.extend_from_slice(&[0xe0 | top, 0x80 | middle, last]),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::{FailureCause, modified_utf8, serialized};

    /// What Flink 2.3 on Java 17 writes for `new SerializedThrowable(new FlinkException("MS-3001: nothing there"))` with
    /// an empty stack trace and no serialized exception.
    const OF_FLINK: &str =
        include_str!("../../tests/fixtures/flink-2.3/serialized-throwable.base64");

    #[test]
    fn a_failure_is_byte_for_byte_what_flink_writes() {
        let cause = FailureCause::new("MS-3001", "nothing there");
        assert_eq!(cause.serialized_throwable, OF_FLINK.trim());
        assert_eq!(
            cause.stack_trace,
            "org.apache.flink.util.FlinkException: MS-3001: nothing there"
        );
    }

    #[test]
    fn text_is_in_javas_utf_8() {
        assert_eq!(modified_utf8("a\0é€"), b"a\xc0\x80\xc3\xa9\xe2\x82\xac");
        // U+1F600 is a surrogate pair, three bytes for each half.
        assert_eq!(modified_utf8("\u{1f600}"), b"\xed\xa0\xbd\xed\xb8\x80");
    }

    #[test]
    fn a_text_of_more_than_65535_bytes_is_a_long_string() {
        let bytes = serialized(&"x".repeat(70_000));
        let long = [&[0x7c][..], &70_000_u64.to_be_bytes(), b"xx"].concat();
        assert_eq!(
            bytes
                .windows(long.len())
                .filter(|part| *part == long)
                .count(),
            2
        );
    }
}
