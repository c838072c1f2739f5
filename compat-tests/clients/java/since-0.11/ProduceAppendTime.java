import static java.util.concurrent.TimeUnit.SECONDS;

import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.record.TimestampType;

final class ProduceAppendTime implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        Map<String, String> configs = Map.of("message.timestamp.type", "LogAppendTime");
        String topic = Topics.create(bootstrap, Check.fresh("topic"), 1, configs);
        long begin = System.currentTimeMillis();
        RecordMetadata sent;
        try (KafkaProducer<String, String> producer = Producers.producer(bootstrap)) {
            sent = producer.send(new ProducerRecord<>(topic, 0, 1_000_000L, null, "value")).get(20, SECONDS);
        }
        ConsumerRecord<String, String> record = Consumers.read(bootstrap, topic, 1).get(0);
        Check.expectEqual(record.timestampType(), TimestampType.LOG_APPEND_TIME, "timestamp type");
        boolean now = begin - 1000 <= record.timestamp() && record.timestamp() <= System.currentTimeMillis() + 1000;
        Check.expect(now, "the broker's time: " + record.timestamp());
        Check.expectEqual(sent.timestamp(), record.timestamp(), "timestamp that the producer is told");
    }
}
