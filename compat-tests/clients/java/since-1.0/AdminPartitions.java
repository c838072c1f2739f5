import static java.util.concurrent.TimeUnit.SECONDS;
import static java.util.stream.Collectors.toList;
import static java.util.stream.Collectors.toSet;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

final class AdminPartitions implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        String topic = Topics.create(bootstrap);
        try (AdminClient admin = Topics.admin(bootstrap)) {
            admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(4))).all().get();
            // Apache Kafka answers when its controller has them, a moment before its broker knows.
            Check.waitUntil("four partitions", () -> Described.topic(admin, topic).partitions().size() == 4);
        }
        try (KafkaProducer<String, String> producer = Producers.producer(bootstrap)) {
            for (int number = 0; number < 4; number++) {
                long offset = producer.send(new ProducerRecord<>(topic, number, null, "to " + number))
                    .get(20, SECONDS).offset();
                Check.expectEqual(offset, 0L, "first offset in a new partition");
            }
        }
        List<TopicPartition> partitions =
            IntStream.range(0, 4).mapToObj(number -> new TopicPartition(topic, number)).collect(toList());
        Set<Integer> found =
            Consumers.read(bootstrap, partitions, 4).stream().map(ConsumerRecord::partition).collect(toSet());
        Check.expectEqual(found, Set.of(0, 1, 2, 3), "partitions with a record");
    }
}
