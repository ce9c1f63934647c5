import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Sends records of 1 KB to the topic `in` at a fixed rate, whatever becomes of them, and measures when each comes out of another topic.
 * The time counts from when a record was to be sent, not from when it was: who is late is not excused.
 *
 * Arguments: brokers, topic that is read, records a second, seconds. Prints: records a second that were sent, then the latency at 50 %,
 * 99 %, 99.9 % and at most in milliseconds, then how many records did not come within 30 s. The first 10 seconds are not counted.
 */
public class OpenLoop {
    private static final int WARMING = 10;
    private static final byte[] BEGIN = "{\"at\":".getBytes(StandardCharsets.UTF_8);
    /** By tens of microseconds, up to 20 s; what takes longer is in the last. */
    private static final long[] took = new long[2_000_000];

    public static void main(String[] arguments) throws Exception {
        String brokers = arguments[0];
        String topic = arguments[1];
        long rate = Long.parseLong(arguments[2]);
        int seconds = Integer.parseInt(arguments[3]);
        long all = rate * (WARMING + seconds);
        long start = System.nanoTime() + 2_000_000_000L;
        long counted = start + WARMING * 1_000_000_000L;
        AtomicLong came = new AtomicLong();
        AtomicBoolean reads = new AtomicBoolean();
        AtomicBoolean over = new AtomicBoolean();
        Thread reader = new Thread(() -> read(brokers, topic, counted, came, reads, over));
        reader.start();
        while (!reads.get()) {
            LockSupport.parkNanos(1_000_000);
        }
        long sentIn = send(brokers, rate, all, start);
        long patience = System.nanoTime() + 30_000_000_000L;
        while (came.get() < all && System.nanoTime() < patience) {
            LockSupport.parkNanos(1_000_000);
        }
        over.set(true);
        reader.join();
        System.out.printf("%d %.2f %.2f %.2f %.2f %d%n", all * 1_000_000_000L / sentIn, at(0.5), at(0.99), at(0.999), at(1.0),
            all - came.get());
    }

    /** Sends all records, each when it is due; how many nanoseconds that took. */
    private static long send(String brokers, long rate, long all, long start) {
        Map<String, Object> settings = Map.of("bootstrap.servers", brokers, "acks", "all", "linger.ms", 1, "compression.type", "lz4",
            "batch.size", 262144, "buffer.memory", 134217728L);
        try (var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.partitionsFor("in");
            String filling = "lorem ipsum dolor sit amet ".repeat(36);
            for (long number = 0; number < all; number++) {
                long due = start + number * 1_000_000_000L / rate;
                while (System.nanoTime() < due) {
                    LockSupport.parkNanos(200_000);
                }
                String text = "{\"at\":" + due + ",\"filling\":\"" + filling + "\"}";
                producer.send(new ProducerRecord<>("in", text.getBytes(StandardCharsets.UTF_8)));
            }
            producer.flush();
        }
        return System.nanoTime() - start;
    }

    private static void read(String brokers, String topic, long counted, AtomicLong came, AtomicBoolean reads, AtomicBoolean over) {
        Map<String, Object> settings = Map.of("bootstrap.servers", brokers, "fetch.min.bytes", 1, "max.poll.records", 10_000);
        try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                .map(found -> new TopicPartition(topic, found.partition())).collect(Collectors.toList());
            consumer.assign(partitions);
            consumer.seekToEnd(partitions);
            partitions.forEach(consumer::position);
            reads.set(true);
            while (!over.get()) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                    long due = due(record.value());
                    if (due >= counted) {
                        long place = (System.nanoTime() - due) / 10_000;
                        took[(int) Math.max(0, Math.min(place, took.length - 1))]++;
                    }
                    came.incrementAndGet();
                }
            }
        }
    }

    private static long due(byte[] value) {
        long due = 0;
        for (int at = BEGIN.length; at < value.length && value[at] >= '0' && value[at] <= '9'; at++) {
            due = due * 10 + value[at] - '0';
        }
        return due;
    }

    private static double at(double share) {
        long all = 0;
        for (long count : took) {
            all += count;
        }
        long before = 0;
        for (int place = 0; place < took.length; place++) {
            before += took[place];
            if (all > 0 && before >= all * share) {
                return (place + 1) / 100.0;
            }
        }
        return Double.NaN;
    }
}
