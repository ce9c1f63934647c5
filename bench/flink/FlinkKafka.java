import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;

/** Kafka to Kafka in Flink's SQL, up to what the topic holds at the start: the peer of bench/kafka. */
public class FlinkKafka {
    public static void main(String[] arguments) throws Exception {
        String brokers = arguments[0];
        boolean asItIs = arguments[1].equals("copy");
        String guarantee = arguments[2];
        Configuration configuration = new Configuration();
        configuration.setString("parallelism.default", "2");
        configuration.setString("execution.checkpointing.interval", arguments[3]);
        configuration.setString("taskmanager.memory.managed.size", "64m");
        TableEnvironment environment = TableEnvironment.create(
            EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(configuration).build());
        String kafka = "'connector' = 'kafka', 'properties.bootstrap.servers' = '" + brokers + "', ";
        String format = asItIs ? "'format' = 'raw'" : "'format' = 'json'";
        String columns = asItIs
            ? "(line BYTES)"
            : "(id BIGINT, name STRING, city STRING, amount DOUBLE, note STRING)";
        environment.executeSql("CREATE TABLE source " + columns + " WITH (" + kafka
            + "'topic' = 'in', 'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset', "
            + format + ")");
        environment.executeSql("CREATE TABLE target " + (asItIs ? columns : "(id BIGINT, name STRING, amount DOUBLE, note STRING)")
            + " WITH (" + kafka + "'topic' = 'out', 'sink.delivery-guarantee' = '" + guarantee
            + "', 'sink.transactional-id-prefix' = 'flink', 'properties.compression.type' = 'lz4', "
            + "'properties.transaction.timeout.ms' = '600000', " + format + ")");
        environment.executeSql(asItIs
            ? "INSERT INTO target SELECT * FROM source"
            : "INSERT INTO target SELECT id, UPPER(name), amount * 2, note FROM source WHERE id >= 0").await();
    }
}
