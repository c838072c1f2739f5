import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.ProducerRecord;

/** The word count: words go through a repartition topic to the task that counts them. */
class StreamsWordCount extends KilledAndResumed {
    private static final int LINES = 3_000;
    private static final List<String> WORDS = List.of("all", "streams", "lead", "to", "kafka", "hello", "summit");

    @Override
    String protocol() {
        return "classic";
    }

    @Override
    final String topology() {
        return "word-count";
    }

    @Override
    final List<ProducerRecord<String, String>> records(String topic) {
        return IntStream.range(0, LINES)
            .mapToObj(number -> new ProducerRecord<>(topic, "line-" + number, line(number)))
            .toList();
    }

    private static String line(int number) {
        return word(number) + " " + word(number / 3) + " number-" + number % 50;
    }

    private static String word(int number) {
        return WORDS.get(number % WORDS.size());
    }

    @Override
    final Map<String, List<Long>> wanted(List<ProducerRecord<String, String>> records) {
        Map<String, List<Long>> counts = new TreeMap<>();
        for (ProducerRecord<String, String> record : records) {
            for (String word : record.value().split(" ")) {
                List<Long> before = counts.computeIfAbsent(word, key -> new ArrayList<>());
                before.add(before.size() + 1L);
            }
        }
        return counts;
    }
}
