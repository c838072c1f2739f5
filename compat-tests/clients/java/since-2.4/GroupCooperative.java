import java.util.List;
import java.util.Map;

final class GroupCooperative implements Scenario {
    private static final Object[] COOPERATIVE = {
        "partition.assignment.strategy", "org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
    };

    @Override
    public void run(String bootstrap) throws Exception {
        List<String> topic = List.of(Topics.create(bootstrap, Check.fresh("topic"), 6, Map.of()));
        String group = Check.fresh("group");
        Member first = new Member(bootstrap, topic, group, COOPERATIVE);
        Check.waitUntil("six partitions held by one", 45, () -> Member.share(List.of(first), 6));
        Member second = new Member(bootstrap, topic, group, COOPERATIVE);
        Check.waitUntil("six partitions shared", 45, () -> Member.share(List.of(first, second), 6));
        Check.expectEqual(first.rebalances.revoked, List.of(second.owned), "given back by the first");
        first.leave();
        second.leave();
    }
}
