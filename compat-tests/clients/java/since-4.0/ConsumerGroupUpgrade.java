import org.apache.kafka.common.GroupType;

final class ConsumerGroupUpgrade implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        ConsumerGroup group = new ConsumerGroup(bootstrap);
        group.join();
        Member old = group.join();
        group.waitShared();
        group.expectType(GroupType.CLASSIC);
        Member upgraded = group.join(ConsumerGroup.PROTOCOL);
        group.waitShared();
        group.expectType(GroupType.CONSUMER);
        group.waitAllRead();
        group.leave(old);
        group.waitShared();
        group.leave(upgraded);
        group.waitShared();
        group.expectType(GroupType.CLASSIC);
        group.waitAllRead();
        group.disband();
    }
}
