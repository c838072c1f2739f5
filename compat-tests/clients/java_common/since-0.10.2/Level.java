import java.util.List;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/** What later clients have more of, or call otherwise. */
final class Level {
    static final List<String> CODECS = List.of("none", "gzip", "snappy", "lz4");

    private Level() {
    }

    static <K, V> ConsumerRecords<K, V> poll(Consumer<K, V> consumer, long milliseconds) {
        return consumer.poll(milliseconds);
    }

    static OffsetAndMetadata committed(Consumer<?, ?> consumer, TopicPartition partition) {
        return consumer.committed(partition);
    }
}
