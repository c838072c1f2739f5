import static java.util.stream.Collectors.toSet;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;

final class KillRebalance implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        List<TopicPartition> partitions = Topics.partitions(bootstrap, 6);
        Set<String> topics = partitions.stream().map(TopicPartition::topic).collect(toSet());
        String group = Check.fresh("group");
        List<Member> members = new ArrayList<>();
        members.add(new Member(bootstrap, topics, group, Member.ROUND_ROBIN));
        Check.waitUntil("six partitions held by one", 45, () -> Member.share(members, 6));
        for (int joining = 0; joining < 2; joining++) {
            members.add(new Member(bootstrap, topics, group, Member.ROUND_ROBIN));
            Thread.sleep(100);
            Program.askBroker("kill");
            Program.askBroker("start");
        }
        Check.waitUntil("six partitions shared by three", 60, () -> Member.share(members, 6));
        try (KafkaProducer<String, String> producer = Producers.producer(bootstrap)) {
            Member.send(producer, partitions, 0);
        }
        Check.waitUntil("every record is read", 45,
            () -> members.stream().flatMap(member -> member.seen.stream()).collect(toSet()).size() == 600);
        for (Member member : members) {
            member.leave();
        }
    }
}
