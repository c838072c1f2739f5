import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;

/** This client's static members leave their group without a word when they are closed. */
class GroupStatic implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        comeBack(bootstrap);
    }

    final void comeBack(String bootstrap, Object... settings) throws Exception {
        List<String> topic = List.of(Topics.create(bootstrap, Check.fresh("topic"), 6, Map.of()));
        String group = Check.fresh("group");
        Member settled = new Member(bootstrap, topic, group, as("settled", settings));
        Member moving = new Member(bootstrap, topic, group, as("moving", settings));
        Check.waitUntil("six partitions shared", 45, () -> Member.share(List.of(settled, moving), 6));
        Set<TopicPartition> owned = moving.owned;
        int noticed = settled.rebalances.assigned.size();
        moving.leave();
        Member back = new Member(bootstrap, topic, group, as("moving", settings));
        Check.waitUntil("six partitions shared again", 45, () -> Member.share(List.of(settled, back), 6));
        Check.expectEqual(back.owned, owned, "partitions of the member that came back");
        Check.expectEqual(settled.rebalances.assigned.size(), noticed, "rebalances of the other");
        settled.leave();
        back.leave();
    }

    private static Object[] as(String instance, Object... settings) {
        return Stream.of(new Object[] {"group.instance.id", instance}, settings).flatMap(Stream::of).toArray();
    }
}
