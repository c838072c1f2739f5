final class KillProduce implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        IdempotentRecords.produce(bootstrap, 200_000, 5);
    }
}
