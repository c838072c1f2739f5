import static java.util.stream.Collectors.toSet;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;

final class GroupMembers implements Scenario {
    private List<TopicPartition> partitions;
    private final List<Member> members = new ArrayList<>();

    @Override
    public void run(String bootstrap) throws Exception {
        partitions = Topics.partitions(bootstrap, 6);
        Set<String> topics = partitions.stream().map(TopicPartition::topic).collect(toSet());
        String group = Check.fresh("group");
        // Range, the default, would give the only partition of every topic to the same member.
        Object[] settings = topics.size() == 1 ? new Object[] {} : Member.ROUND_ROBIN;
        members.add(new Member(bootstrap, topics, group, settings));
        expectSharedBy(1);
        members.add(new Member(bootstrap, topics, group, settings));
        members.add(new Member(bootstrap, topics, group, settings));
        expectSharedBy(3);
        List<Member> everybody = List.copyOf(members);
        try (KafkaProducer<String, String> producer = Producers.producer(bootstrap)) {
            Member.send(producer, partitions, 0);
            Check.waitUntil("600 records", () -> everybody.stream().mapToInt(member -> member.seen.size()).sum() >= 600);
            members.remove(2).leave();
            expectSharedBy(2);
            members.remove(0).die();
            expectSharedBy(1);
            Member.send(producer, partitions, 600);
        }
        Set<String> wanted = IntStream.range(0, 1200).mapToObj(String::valueOf).collect(toSet());
        Check.waitUntil("every record is read",
            () -> everybody.stream().flatMap(member -> member.seen.stream()).collect(toSet()).equals(wanted));
        members.remove(0).leave();
    }

    private void expectSharedBy(int count) throws Exception {
        Check.expectEqual(members.size(), count, "members");
        Check.waitUntil("six partitions shared by " + count, 45, () -> Member.share(members, 6));
    }
}
