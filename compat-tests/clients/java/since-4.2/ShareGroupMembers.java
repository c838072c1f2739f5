import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Three members of a share group; one leaves, one dies with records in hand, one joins late. */
final class ShareGroupMembers implements Scenario {
    private static final int COUNT = 300;
    private int sent;

    @Override
    public void run(String bootstrap) throws Exception {
        String topic = Topics.create(bootstrap);
        String group = Check.fresh("share");
        ShareAcknowledge.set(bootstrap, group, Map.of(
            "share.auto.offset.reset", "earliest", "share.record.lock.duration.ms", "15000"));
        Queue<String> accepted = new ConcurrentLinkedQueue<>();
        ShareMember stays = new ShareMember(bootstrap, topic, group, accepted);
        ShareMember leaves = new ShareMember(bootstrap, topic, group, accepted);
        ShareMember dies = new ShareMember(bootstrap, topic, group, accepted);
        List<ShareMember> members = List.of(stays, leaves, dies);
        Check.waitUntil("every member gets records", 60, () -> {
            send(bootstrap, topic, 30);
            Thread.sleep(200);
            return members.stream().allMatch(member -> member.count > 0 || member.problem != null);
        });
        leaves.leave();
        dies.dieWithRecords();
        Check.waitUntil("a member dies with records in hand", 60, () -> {
            send(bootstrap, topic, 30);
            Thread.sleep(200);
            return dies.isDead();
        });
        ShareMember late = new ShareMember(bootstrap, topic, group, accepted);
        send(bootstrap, topic, COUNT);
        Check.waitUntil("every record is accepted", 60,
            () -> accepted.size() >= sent || stays.problem != null || late.problem != null);
        stays.leave();
        late.leave();
        for (ShareMember member : List.of(stays, leaves, dies, late)) {
            Check.expectEqual(member.problem, null, "the problem of a member");
        }
        Check.expectEqual(accepted.size(), sent, "records accepted");
        Check.expectEqual(new HashSet<>(accepted).size(), sent, "different records accepted");
    }

    private void send(String bootstrap, String topic, int count) {
        Producers.fill(bootstrap, topic, sent, count);
        sent += count;
    }
}
