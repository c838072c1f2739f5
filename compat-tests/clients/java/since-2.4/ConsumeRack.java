import static java.util.stream.Collectors.toSet;

import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;

final class ConsumeRack implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        List<TopicPartition> partitions = Topics.partitions(bootstrap, 6);
        Set<String> topic = Set.of(partitions.get(0).topic());
        String group = Check.fresh("group");
        Member first = new Member(bootstrap, topic, group, "client.rack", "rack-1");
        Member second = new Member(bootstrap, topic, group, "client.rack", "rack-2");
        Check.waitUntil("six partitions shared", 45, () -> Member.share(List.of(first, second), 6));
        try (KafkaProducer<String, String> producer = Producers.producer(bootstrap)) {
            Member.send(producer, partitions, 0);
        }
        Set<String> wanted = IntStream.range(0, 600).mapToObj(String::valueOf).collect(toSet());
        Check.waitUntil("every record is read",
            () -> Stream.concat(first.seen.stream(), second.seen.stream()).collect(toSet()).equals(wanted));
        first.leave();
        second.leave();
        Consumers.read(bootstrap, partitions, 600, "client.rack", "rack-1");
    }
}
