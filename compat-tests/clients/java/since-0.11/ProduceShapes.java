import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

final class ProduceShapes implements Scenario {
    private static final Header[] NO_HEADERS = {};

    private record Shape(String key, String value, Header... headers) {
    }

    @Override
    public void run(String bootstrap) {
        String topic = Topics.create(bootstrap);
        List<Shape> shapes = List.of(
            new Shape(null, "value", NO_HEADERS),
            new Shape("key", null, header("a", "1"), header("a", ""), header("\u00fcmlaut", "\u0000\u00ff")),
            new Shape("", "", header("empty", ""), new RecordHeader("null", (byte[]) null)),
            new Shape("large", "x".repeat(900_000), NO_HEADERS));
        long now = System.currentTimeMillis();
        Object[] settings = {"max.request.size", 2_000_000, "linger.ms", 50};
        try (KafkaProducer<String, String> producer = Producers.producer(bootstrap, settings)) {
            for (Shape shape : shapes) {
                long timestamp = now + shapes.indexOf(shape);
                producer.send(new ProducerRecord<>(topic, 0, timestamp, shape.key, shape.value, List.of(shape.headers)));
            }
        }
        List<ConsumerRecord<String, String>> records = Consumers.read(bootstrap, topic, shapes.size());
        for (int index = 0; index < shapes.size(); index++) {
            ConsumerRecord<String, String> found = records.get(index);
            Shape wanted = shapes.get(index);
            Check.expectEqual(found.key(), wanted.key, "key " + index);
            Check.expectEqual(found.value(), wanted.value, "value " + index);
            Check.expectEqual(List.of(found.headers().toArray()), List.of(wanted.headers), "headers " + index);
            Check.expectEqual(found.timestamp(), now + index, "timestamp " + index);
        }
    }

    private static Header header(String name, String value) {
        return new RecordHeader(name, value.getBytes(ISO_8859_1));
    }
}
