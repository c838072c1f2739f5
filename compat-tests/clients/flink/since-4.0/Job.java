import java.nio.file.Path;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.serialization.SimpleStringSchema;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.TransactionNamingStrategy;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Counts the words of a topic in a cluster within this process: arguments are bootstrap, input, output, the folder of
 * its checkpoints, and the checkpoint to go on from, if any.
 */
public final class Job {
    private Job() {
    }

    public static void main(String[] arguments) throws Exception {
        Configuration settings = new Configuration();
        settings.setString("parallelism.default", "2");
        settings.setString("execution.checkpointing.interval", "500 ms");
        settings.setString("execution.checkpointing.mode", "EXACTLY_ONCE");
        settings.setString("execution.checkpointing.dir", Path.of(arguments[3]).toUri().toString());
        settings.setString("execution.checkpointing.externalized-checkpoint-retention", "RETAIN_ON_CANCELLATION");
        settings.setString("restart-strategy.type", "fixed-delay");
        settings.setString("restart-strategy.fixed-delay.attempts", "100");
        settings.setString("restart-strategy.fixed-delay.delay", "500 ms");
        settings.setString("rest.bind-port", "0");
        settings.setString("rest.port", "0");
        if (arguments.length > 4) {
            settings.setString("execution.state-recovery.path", Path.of(arguments[4]).toUri().toString());
        }
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment(settings);
        environment.fromSource(source(arguments[0], arguments[1]), WatermarkStrategy.noWatermarks(), "words")
            .keyBy(word -> word)
            .map(new Counter()).uid("counter")
            .sinkTo(sink(arguments[0], arguments[2])).uid("sink");
        environment.execute();
    }

    private static KafkaSource<String> source(String bootstrap, String topic) {
        return KafkaSource.<String>builder()
            .setBootstrapServers(bootstrap)
            .setTopics(topic)
            .setGroupId(topic + "-readers")
            .setStartingOffsets(OffsetsInitializer.earliest())
            .setValueOnlyDeserializer(new SimpleStringSchema())
            .setProperty("reconnect.backoff.max.ms", "500")
            .build();
    }

    private static KafkaSink<String> sink(String bootstrap, String topic) {
        return KafkaSink.<String>builder()
            .setBootstrapServers(bootstrap)
            .setRecordSerializer(KafkaRecordSerializationSchema.builder()
                .setTopic(topic).setValueSerializationSchema(new SimpleStringSchema()).build())
            .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
            .setTransactionalIdPrefix(topic)
            // Looks for what a killed run has left open with ListTransactions and DescribeTransactions (KIP-664).
            .setTransactionNamingStrategy(TransactionNamingStrategy.POOLING)
            .setProperty("transaction.timeout.ms", "60000")
            .setProperty("reconnect.backoff.max.ms", "500")
            .build();
    }

    /** "word" becomes "word 1" when it comes first, then "word 2" ... */
    private static final class Counter extends RichMapFunction<String, String> {
        private transient ValueState<Long> count;

        @Override
        public void open(OpenContext context) {
            count = getRuntimeContext().getState(new ValueStateDescriptor<>("count", Long.class));
        }

        @Override
        public String map(String word) throws Exception {
            long next = count.value() == null ? 1 : count.value() + 1;
            count.update(next);
            return word + " " + next;
        }
    }
}
