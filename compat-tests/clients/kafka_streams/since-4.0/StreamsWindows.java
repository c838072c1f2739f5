import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.ProducerRecord;

/** A sum for each key and each window of ten seconds, in a window store. */
class StreamsWindows extends KilledAndResumed {
    private static final int RECORDS = 6_000;
    private static final int KEYS = 12;
    private static final int STEP_MS = 25;

    private final long size = Application.WINDOW.toMillis();
    private final long begin = System.currentTimeMillis() / size * size;

    @Override
    String protocol() {
        return "classic";
    }

    @Override
    final String topology() {
        return "windows";
    }

    @Override
    final List<ProducerRecord<String, String>> records(String topic) {
        return IntStream.range(0, RECORDS)
            .mapToObj(number -> new ProducerRecord<>(
                topic, null, begin + number * STEP_MS, "sensor-" + number % KEYS, String.valueOf(number % 101)))
            .toList();
    }

    @Override
    final Map<String, List<Long>> wanted(List<ProducerRecord<String, String>> records) {
        Map<String, List<Long>> sums = new TreeMap<>();
        for (ProducerRecord<String, String> record : records) {
            String window = record.key() + "@" + record.timestamp() / size * size;
            List<Long> before = sums.computeIfAbsent(window, key -> new ArrayList<>());
            long sum = before.isEmpty() ? 0 : before.get(before.size() - 1);
            before.add(sum + Long.parseLong(record.value()));
        }
        return sums;
    }
}
