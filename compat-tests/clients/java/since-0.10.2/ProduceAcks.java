import static java.util.concurrent.TimeUnit.SECONDS;
import static java.util.stream.Collectors.toList;

import java.util.List;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

final class ProduceAcks implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        String topic = Topics.create(bootstrap);
        long expected = 0;
        for (String acks : List.of("all", "1", "0")) {
            Object[] settings = {"acks", acks, "enable.idempotence", false};
            try (KafkaProducer<String, String> producer = Producers.producer(bootstrap, settings)) {
                for (int number = 0; number < 10; number++, expected++) {
                    long offset = producer.send(new ProducerRecord<>(topic, 0, null, "value")).get(20, SECONDS).offset();
                    Check.expectEqual(offset, acks.equals("0") ? -1 : expected, "offset with acks=" + acks);
                }
            }
        }
        List<Long> offsets = Consumers.read(bootstrap, topic, 30).stream().map(ConsumerRecord::offset).collect(toList());
        Check.expectEqual(offsets, LongStream.range(0, 30).boxed().collect(toList()), "offsets");
    }
}
