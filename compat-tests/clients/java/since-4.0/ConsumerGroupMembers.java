import org.apache.kafka.common.GroupType;

final class ConsumerGroupMembers implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        ConsumerGroup group = new ConsumerGroup(bootstrap);
        Member first = group.join(ConsumerGroup.PROTOCOL);
        group.waitShared();
        Member second = group.join(ConsumerGroup.PROTOCOL);
        group.join(ConsumerGroup.PROTOCOL);
        group.waitShared();
        group.waitAllRead();
        group.leave(first);
        group.waitShared();
        group.die(second);
        group.waitShared();
        group.waitAllRead();
        group.expectType(GroupType.CONSUMER);
        group.disband();
    }
}
