import static java.util.stream.Collectors.toList;

import java.util.List;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

final class ConsumeBeginning implements Scenario {
    @Override
    public void run(String bootstrap) {
        List<TopicPartition> partitions = Topics.partitions(bootstrap, 4);
        try (KafkaProducer<String, String> producer = Producers.producer(bootstrap)) {
            for (int number = 0; number < 2000; number++) {
                TopicPartition to = partitions.get(number % 4);
                producer.send(new ProducerRecord<>(to.topic(), to.partition(), null, "value-" + number));
            }
        }
        List<ConsumerRecord<String, String>> records = Consumers.read(bootstrap, partitions, 2000);
        for (int index = 0; index < 4; index++) {
            TopicPartition from = partitions.get(index);
            List<String> found = records.stream()
                .filter(record -> from.equals(new TopicPartition(record.topic(), record.partition())))
                .map(ConsumerRecord::value).collect(toList());
            int first = index;
            List<String> wanted = IntStream.range(0, 500).mapToObj(n -> "value-" + (first + 4 * n)).collect(toList());
            Check.expectEqual(found, wanted, "values of " + from);
        }
    }
}
