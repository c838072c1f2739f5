import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

final class ConsumeLongPoll implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        String topic = Topics.create(bootstrap);
        // Not closed, since that would wait for the fetch that is under way.
        KafkaConsumer<String, String> consumer = Consumers.consumer(bootstrap, "fetch.max.wait.ms", 20_000);
        try (KafkaProducer<String, String> producer = Producers.producer(bootstrap)) {
            consumer.assign(Set.of(new TopicPartition(topic, 0)));
            Level.poll(consumer, 500);
            CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS)
                .execute(() -> producer.send(new ProducerRecord<>(topic, "now")));
            long begin = System.nanoTime();
            Check.expectEqual(Consumers.values(Consumers.read(consumer, 1, 16)), List.of("now"), "the record");
            Check.expect(System.nanoTime() - begin < TimeUnit.SECONDS.toNanos(10),
                "the fetch waited on though there was a record");
        }
    }
}
