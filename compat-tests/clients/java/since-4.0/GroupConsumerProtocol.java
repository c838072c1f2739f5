/** The protocol of KIP-848: the broker assigns partitions, and heartbeats bring them. */
final class GroupConsumerProtocol extends GroupMembers {
    @Override
    public void run(String bootstrap) throws Exception {
        share(bootstrap, ConsumerGroup.PROTOCOL);
    }
}
