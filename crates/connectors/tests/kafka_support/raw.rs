//! A message that no client library would write: a broker takes any bytes as the name of a header.

use std::io::{Read, Write};
use std::net::TcpStream;

/// Writes one message with this value, and one header with this name, into partition 0 of a topic.
pub(crate) fn produce(brokers: &str, topic: &str, value: &[u8], header: &[u8]) {
    let batch = batch(&record(value, header));
    let mut body = Vec::new();
    // No transaction; all replicas; 30 s; one topic with one partition.
    body.extend((-1_i16).to_be_bytes());
    body.extend((-1_i16).to_be_bytes());
    body.extend(30_000_i32.to_be_bytes());
    body.extend(1_i32.to_be_bytes());
    short(topic.as_bytes(), &mut body);
    body.extend(1_i32.to_be_bytes());
    body.extend(0_i32.to_be_bytes());
    body.extend(length(&batch).to_be_bytes());
    body.extend(&batch);
    let mut request = Vec::new();
    // Produce, version 3; the number of the request; who asks.
    request.extend(0_i16.to_be_bytes());
    request.extend(3_i16.to_be_bytes());
    request.extend(7_i32.to_be_bytes());
    short(b"raw", &mut request);
    request.extend(&body);
    let mut broker = TcpStream::connect(brokers).expect("a broker");
    let size = length(&request).to_be_bytes();
    broker.write_all(&size).expect("sent");
    broker.write_all(&request).expect("sent");
    let mut size = [0; 4];
    broker.read_exact(&mut size).expect("an answer");
    let mut answer = vec![0; usize::try_from(i32::from_be_bytes(size)).expect("a size")];
    broker.read_exact(&mut answer).expect("an answer");
    // The number of the request, counts, the topic's name and the partition lie before the error.
    let error = 4 + 4 + 2 + topic.len() + 4 + 4;
    let error = answer.get(error..error + 2);
    assert_eq!(error, Some([0, 0].as_slice()), "{answer:?}");
}

fn length(bytes: &[u8]) -> i32 {
    bytes.len().try_into().expect("a short message")
}

fn short(text: &[u8], out: &mut Vec<u8>) {
    let length: i16 = text.len().try_into().expect("a short text");
    out.extend(length.to_be_bytes());
    out.extend(text);
}

/// A number as records have it: zigzag, seven bits a byte.
fn varint(number: i32, out: &mut Vec<u8>) {
    let mut left = ((number << 1) ^ (number >> 31)).cast_unsigned();
    while left >= 0x80 {
        out.push((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    out.push(left as u8);
}

fn sized(bytes: &[u8], out: &mut Vec<u8>) {
    varint(length(bytes), out);
    out.extend(bytes);
}

fn record(value: &[u8], header: &[u8]) -> Vec<u8> {
    // Attributes; time and offset as in the batch; no key.
    let mut inner = vec![0, 0, 0];
    varint(-1, &mut inner);
    sized(value, &mut inner);
    varint(1, &mut inner);
    sized(header, &mut inner);
    sized(b"of the header", &mut inner);
    let mut record = Vec::new();
    sized(&inner, &mut record);
    record
}

fn batch(record: &[u8]) -> Vec<u8> {
    let mut rest = Vec::new();
    // Attributes; the last offset; the first and the last time.
    rest.extend(0_i16.to_be_bytes());
    rest.extend(0_i32.to_be_bytes());
    rest.extend(0_i64.to_be_bytes());
    rest.extend(0_i64.to_be_bytes());
    // No producer with an id; one record.
    rest.extend((-1_i64).to_be_bytes());
    rest.extend((-1_i16).to_be_bytes());
    rest.extend((-1_i32).to_be_bytes());
    rest.extend(1_i32.to_be_bytes());
    rest.extend(record);
    let mut batch = Vec::new();
    batch.extend(0_i64.to_be_bytes());
    // Behind it: the leader's epoch, the version, the check sum.
    batch.extend((length(&rest) + 4 + 1 + 4).to_be_bytes());
    batch.extend((-1_i32).to_be_bytes());
    batch.push(2);
    batch.extend(crc32c(&rest).to_be_bytes());
    batch.extend(&rest);
    batch
}

/// Castagnoli's check sum, bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    let sum = bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0x82f6_3b78 & (sum & 1).wrapping_neg())
        })
    });
    !sum
}
