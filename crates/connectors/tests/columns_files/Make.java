// Writes the java-* files of this directory. See README.md.

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.sql.Timestamp;
import java.time.LocalDate;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hive.common.type.HiveDecimal;
import org.apache.hadoop.hive.ql.exec.vector.*;
import org.apache.orc.CompressionKind;
import org.apache.orc.OrcFile;
import org.apache.orc.TypeDescription;
import org.apache.orc.Writer;
import org.apache.parquet.column.ParquetProperties.WriterVersion;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

public class Make {
    public static void main(String[] arguments) throws Exception {
        parquet("java-types-v1.parquet", WriterVersion.PARQUET_1_0, CompressionCodecName.SNAPPY);
        parquet("java-types-v2.parquet", WriterVersion.PARQUET_2_0, CompressionCodecName.GZIP);
        orc("java-types-zlib.orc", CompressionKind.ZLIB);
        orc("java-types-none.orc", CompressionKind.NONE);
        orcUnion("java-union.orc");
    }

    // Lists as they are written today, and as Hive and Avro wrote them before there was a rule.
    static final String SCHEMA = "message spark_schema {"
        + "required int64 id;"
        + "optional int96 old;"
        + "optional int32 small (DECIMAL(9,2));"
        + "optional int64 medium (DECIMAL(18,3));"
        + "optional fixed_len_byte_array(16) fixed (DECIMAL(38,10));"
        + "optional binary free (DECIMAL(30,4));"
        + "optional binary text (STRING);"
        + "optional binary kind (ENUM);"
        + "optional int32 day (DATE);"
        + "optional int64 ms (TIMESTAMP(MILLIS,false));"
        + "optional int64 utc (TIMESTAMP(MICROS,true));"
        + "optional int64 ns (TIMESTAMP(NANOS,false));"
        + "optional group list (LIST) { repeated group list { optional int32 element; } }"
        + "optional group bag (LIST) { repeated group bag { optional binary array_element (STRING); } }"
        + "optional group two (LIST) { repeated int32 array; }"
        + "repeated int32 bare;"
        + "optional group map (MAP) { repeated group key_value { required binary key (STRING); optional int64 value; } }"
        + "optional group deep (LIST) { repeated group list { optional group element { optional int32 a;"
        + " optional group m (MAP) { repeated group key_value { required int32 key; optional group value (LIST) {"
        + " repeated group list { optional double element; } } } } } } }"
        + "}";

    static void parquet(String name, WriterVersion version, CompressionCodecName codec) throws Exception {
        MessageType schema = MessageTypeParser.parseMessageType(SCHEMA);
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(new Path("file:" + System.getProperty("user.dir") + "/" + name))
                .withType(schema).withConf(new Configuration(false)).withWriterVersion(version).withCompressionCodec(codec)
                .withDictionaryEncoding(true).build()) {
            for (int row = 0; row < 3; row++) {
                Group group = new SimpleGroup(schema);
                group.add("id", (long) row);
                if (row < 2) {
                    fill(group, row == 0);
                }
                writer.write(group);
            }
        }
    }

    static void fill(Group group, boolean first) {
        group.add("old", first ? int96(2460370, 14706_789123000L) : int96(2415021, 0L));
        group.add("small", first ? 1234567 : -1);
        group.add("medium", first ? 123456789012345678L : -1L);
        group.add("fixed", Binary.fromConstantByteArray(sixteen(first ? "99999999999999999999999999999999999999" : "-10000000000")));
        group.add("free", Binary.fromConstantByteArray(new BigInteger(first ? "1234567890123456789012345678" : "-5").toByteArray()));
        group.add("text", first ? "ä\"" : "");
        group.add("kind", "A");
        group.add("day", (int) LocalDate.parse(first ? "2024-02-29" : "1600-01-01").toEpochDay());
        group.add("ms", first ? 1706932800123L : -1L);
        group.add("utc", first ? 1706932800123456L : -1L);
        group.add("ns", first ? 1706932800123456789L : -1L);
        Group list = group.addGroup("list");
        Group bag = group.addGroup("bag");
        Group two = group.addGroup("two");
        Group map = group.addGroup("map");
        Group deep = group.addGroup("deep");
        if (!first) {
            return;
        }
        list.addGroup("list").add("element", 1);
        list.addGroup("list");
        bag.addGroup("bag").add("array_element", "x");
        bag.addGroup("bag");
        two.add("array", 7);
        two.add("array", 8);
        group.add("bare", 1);
        group.add("bare", 2);
        Group entry = map.addGroup("key_value");
        entry.add("key", "k");
        entry.add("value", 1L);
        map.addGroup("key_value").add("key", "l");
        Group element = deep.addGroup("list").addGroup("element");
        element.add("a", 1);
        Group inner = element.addGroup("m").addGroup("key_value");
        inner.add("key", 5);
        inner.addGroup("value").addGroup("list").add("element", 0.5);
        deep.addGroup("list");
    }

    static Binary int96(int julianDay, long nanosOfDay) {
        ByteBuffer bytes = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(nanosOfDay).putInt(julianDay);
        return Binary.fromConstantByteArray(bytes.array());
    }

    static byte[] sixteen(String number) {
        byte[] bytes = new BigInteger(number).toByteArray();
        byte[] all = new byte[16];
        java.util.Arrays.fill(all, (byte) (bytes[0] < 0 ? -1 : 0));
        System.arraycopy(bytes, 0, all, 16 - bytes.length, bytes.length);
        return all;
    }

    static void orc(String name, CompressionKind kind) throws Exception {
        TypeDescription schema = TypeDescription.fromString("struct<flag:boolean,tiny:tinyint,small:smallint,int:int,id:bigint,"
            + "f32:float,f64:double,dec:decimal(38,10),money:decimal(10,2),text:string,fixed:char(5),short:varchar(3),bytes:binary,"
            + "day:date,at:timestamp,instant:timestamp with local time zone,list:array<int>,map:map<string,bigint>,"
            + "struct:struct<a:int,b:array<string>>>");
        Writer writer = writer(name, schema, kind);
        VectorizedRowBatch batch = schema.createRowBatch(TypeDescription.RowBatchVersion.ORIGINAL, 3);
        batch.size = 3;
        for (int row = 0; row < 2; row++) {
            boolean first = row == 0;
            long[] whole = {first ? 1 : 0, first ? -128 : 127, first ? -32768 : 32767, first ? Integer.MIN_VALUE : Integer.MAX_VALUE,
                first ? Long.MIN_VALUE : Long.MAX_VALUE};
            for (int column = 0; column < whole.length; column++) {
                ((LongColumnVector) batch.cols[column]).vector[row] = whole[column];
            }
            ((DoubleColumnVector) batch.cols[5]).vector[row] = first ? 0.5 : -1.25;
            ((DoubleColumnVector) batch.cols[6]).vector[row] = first ? 0.1 : -1e300;
            ((DecimalColumnVector) batch.cols[7]).set(row, HiveDecimal.create(first ? "1234567890123456789012345678.0123456789" : "-0.0000000001"));
            ((DecimalColumnVector) batch.cols[8]).set(row, HiveDecimal.create(first ? "12345678.90" : "-0.01"));
            String[] texts = {first ? "ä\"" : "", first ? "ab" : "abcde", first ? "xyz" : "", first ? "\0\u007f" : ""};
            for (int column = 0; column < texts.length; column++) {
                ((BytesColumnVector) batch.cols[9 + column]).setVal(row, texts[column].getBytes(StandardCharsets.UTF_8));
            }
            ((LongColumnVector) batch.cols[13]).vector[row] = LocalDate.parse(first ? "2024-02-29" : "1900-01-01").toEpochDay();
            ((TimestampColumnVector) batch.cols[14]).set(row, Timestamp.valueOf(first ? "2024-07-01 12:30:00.123456789" : "1969-12-31 23:59:59.5"));
            ((TimestampColumnVector) batch.cols[15]).set(row, Timestamp.from(java.time.Instant.parse(first ? "2024-07-01T12:30:00.123456Z" : "1969-12-31T23:59:58.5Z")));
            list((ListColumnVector) batch.cols[16], row, first ? 2 : 0);
            MapColumnVector map = (MapColumnVector) batch.cols[17];
            map.offsets[row] = map.childCount;
            map.lengths[row] = first ? 2 : 0;
            map.childCount += map.lengths[row];
            ListColumnVector texts2 = (ListColumnVector) ((StructColumnVector) batch.cols[18]).fields[1];
            ((LongColumnVector) ((StructColumnVector) batch.cols[18]).fields[0]).vector[row] = first ? 1 : 2;
            list(texts2, row, first ? 1 : 0);
        }
        LongColumnVector items = (LongColumnVector) ((ListColumnVector) batch.cols[16]).child;
        items.vector[0] = 1;
        nothing(items, 1);
        MapColumnVector map = (MapColumnVector) batch.cols[17];
        ((BytesColumnVector) map.keys).setVal(0, "k".getBytes());
        ((BytesColumnVector) map.keys).setVal(1, "l".getBytes());
        ((LongColumnVector) map.values).vector[0] = 1;
        nothing(map.values, 1);
        ((BytesColumnVector) ((ListColumnVector) ((StructColumnVector) batch.cols[18]).fields[1]).child).setVal(0, "u".getBytes());
        for (ColumnVector column : batch.cols) {
            nothing(column, 2);
        }
        writer.addRowBatch(batch);
        writer.close();
    }

    static void list(ListColumnVector list, int row, int length) {
        list.offsets[row] = list.childCount;
        list.lengths[row] = length;
        list.childCount += length;
    }

    static void nothing(ColumnVector column, int row) {
        column.noNulls = false;
        column.isNull[row] = true;
    }

    static void orcUnion(String name) throws Exception {
        TypeDescription schema = TypeDescription.fromString("struct<id:bigint,either:uniontype<int,string>>");
        Writer writer = writer(name, schema, CompressionKind.SNAPPY);
        VectorizedRowBatch batch = schema.createRowBatch(TypeDescription.RowBatchVersion.ORIGINAL, 2);
        batch.size = 2;
        UnionColumnVector union = (UnionColumnVector) batch.cols[1];
        for (int row = 0; row < 2; row++) {
            ((LongColumnVector) batch.cols[0]).vector[row] = row;
            union.tags[row] = row;
        }
        ((LongColumnVector) union.fields[0]).vector[0] = 7;
        ((BytesColumnVector) union.fields[1]).setVal(1, "x".getBytes());
        writer.addRowBatch(batch);
        writer.close();
    }

    static Writer writer(String name, TypeDescription schema, CompressionKind kind) throws Exception {
        return OrcFile.createWriter(new Path("file:" + System.getProperty("user.dir") + "/" + name),
            OrcFile.writerOptions(new Configuration(false)).setSchema(schema).compress(kind).overwrite(true));
    }
}
