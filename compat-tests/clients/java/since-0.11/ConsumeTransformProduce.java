import java.util.concurrent.TimeUnit;

final class ConsumeTransformProduce implements Scenario {
    private static final int COUNT = 1000;

    @Override
    public void run(String bootstrap) {
        String source = Topics.create(bootstrap);
        String target = Topics.create(bootstrap);
        Producers.fill(bootstrap, source, 0, COUNT);
        Copier copier = new Copier(bootstrap, source, target);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        for (int turn = 1; copier.committed() < COUNT; turn++) {
            Check.expect(System.nanoTime() < end, "not every record is copied within 60 s");
            copier.copy(turn % 3 != 0);
        }
        copier.close();
        Consumers.expectExactlyOnce(bootstrap, target, COUNT, "isolation.level", "read_committed");
    }
}
