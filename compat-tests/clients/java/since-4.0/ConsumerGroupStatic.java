/** A static member of KIP-848 says when it goes that it will come back. */
final class ConsumerGroupStatic extends GroupStatic {
    @Override
    public void run(String bootstrap) throws Exception {
        comeBack(bootstrap, ConsumerGroup.PROTOCOL);
    }
}
