import static java.util.stream.Collectors.toSet;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

final class GroupMembers implements Scenario {
    private List<TopicPartition> partitions;
    private final List<Member> members = new ArrayList<>();

    @Override
    public void run(String bootstrap) throws Exception {
        partitions = Topics.partitions(bootstrap, 6);
        Set<String> topics = partitions.stream().map(TopicPartition::topic).collect(toSet());
        String group = Check.fresh("group");
        members.add(new Member(bootstrap, topics, group));
        expectSharedBy(1);
        members.add(new Member(bootstrap, topics, group));
        members.add(new Member(bootstrap, topics, group));
        expectSharedBy(3);
        List<Member> everybody = List.copyOf(members);
        try (KafkaProducer<String, String> producer = Producers.producer(bootstrap)) {
            send(producer, 0);
            Check.waitUntil("600 records", () -> everybody.stream().mapToInt(member -> member.seen.size()).sum() >= 600);
            members.remove(2).leave();
            expectSharedBy(2);
            members.remove(0).die();
            expectSharedBy(1);
            send(producer, 600);
        }
        Set<String> wanted = IntStream.range(0, 1200).mapToObj(String::valueOf).collect(toSet());
        Check.waitUntil("every record is read",
            () -> everybody.stream().flatMap(member -> member.seen.stream()).collect(toSet()).equals(wanted));
        members.remove(0).leave();
    }

    private void send(KafkaProducer<String, String> producer, int start) {
        for (int number = start; number < start + 600; number++) {
            TopicPartition to = partitions.get(number % 6);
            producer.send(new ProducerRecord<>(to.topic(), to.partition(), null, String.valueOf(number)));
        }
        producer.flush();
    }

    private void expectSharedBy(int count) throws Exception {
        Check.expectEqual(members.size(), count, "members");
        Check.waitUntil("six partitions shared by " + count, 45, () -> {
            Set<TopicPartition> owned = new HashSet<>();
            int sum = 0;
            for (Member member : members) {
                Set<TopicPartition> its = member.owned;
                if (its.isEmpty()) {
                    return false;
                }
                owned.addAll(its);
                sum += its.size();
            }
            return sum == 6 && owned.size() == 6;
        });
    }
}
