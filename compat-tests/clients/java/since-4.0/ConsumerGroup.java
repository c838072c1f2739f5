import static java.util.stream.Collectors.toSet;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;

/** A group that shares a topic of six partitions, with members of either protocol. */
final class ConsumerGroup {
    static final Object[] PROTOCOL = {"group.protocol", "consumer"};

    private final List<Member> members = new ArrayList<>();
    private final List<Member> everybody = new ArrayList<>();
    private final String bootstrap;
    private final List<TopicPartition> partitions;
    private final String group = Check.fresh("group");
    private int sent;

    ConsumerGroup(String bootstrap) {
        this.bootstrap = bootstrap;
        partitions = Topics.partitions(bootstrap, 6);
    }

    Member join(Object... settings) {
        Member member = new Member(bootstrap, List.of(partitions.get(0).topic()), group, settings);
        members.add(member);
        everybody.add(member);
        return member;
    }

    void leave(Member member) throws InterruptedException {
        members.remove(member);
        member.leave();
    }

    void die(Member member) throws InterruptedException {
        members.remove(member);
        member.die();
    }

    void disband() throws InterruptedException {
        for (Member member : List.copyOf(members)) {
            leave(member);
        }
    }

    void waitShared() throws Exception {
        String what = "six partitions shared by " + members.size();
        Check.waitUntil(what, 60, () -> Member.share(members, partitions.size()));
    }

    /** Sends six hundred records, and waits until each that was ever sent has been read. */
    void waitAllRead() throws Exception {
        try (KafkaProducer<String, String> producer = Producers.producer(bootstrap)) {
            Member.send(producer, partitions, sent);
        }
        sent += 600;
        Set<String> wanted = IntStream.range(0, sent).mapToObj(String::valueOf).collect(toSet());
        Check.waitUntil("every record is read",
            () -> everybody.stream().flatMap(member -> member.seen.stream()).collect(toSet()).equals(wanted));
    }

    void expectType(GroupType wanted) throws Exception {
        try (Admin admin = Topics.admin(bootstrap)) {
            GroupType found = admin.listGroups().all().get().stream()
                .filter(listing -> listing.groupId().equals(group)).findAny().orElseThrow().type().orElseThrow();
            Check.expectEqual(found, wanted, "type of the group");
        }
    }
}
