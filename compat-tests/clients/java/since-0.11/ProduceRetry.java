final class ProduceRetry implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        IdempotentRecords.produce(bootstrap, 50_000, 0);
    }
}
