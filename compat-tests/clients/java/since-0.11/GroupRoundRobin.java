import java.util.List;
import java.util.Map;

final class GroupRoundRobin implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        List<String> topics = List.of(
            Topics.create(bootstrap, Check.fresh("topic"), 3, Map.of()),
            Topics.create(bootstrap, Check.fresh("topic"), 3, Map.of()));
        String group = Check.fresh("group");
        List<Member> members = List.of(
            new Member(bootstrap, topics, group, Member.ROUND_ROBIN),
            new Member(bootstrap, topics, group, Member.ROUND_ROBIN));
        Check.waitUntil("six partitions shared", 45, () -> Member.share(members, 6));
        for (Member member : members) {
            Check.expectEqual(member.owned.size(), 3, "partitions each"); // by range: 4 and 2
        }
        for (Member member : members) {
            member.leave();
        }
    }
}
