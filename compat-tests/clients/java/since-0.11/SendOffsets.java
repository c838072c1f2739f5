import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;

/** Offsets of a group that are committed with a transaction. */
final class SendOffsets {
    private SendOffsets() {
    }

    static void of(Producer<?, ?> producer, Map<TopicPartition, OffsetAndMetadata> offsets, String group) {
        producer.sendOffsetsToTransaction(offsets, group);
    }

    static void ofMember(Producer<?, ?> producer, Map<TopicPartition, OffsetAndMetadata> offsets,
        Consumer<?, ?> member, String group) {
        producer.sendOffsetsToTransaction(offsets, group);
    }
}
