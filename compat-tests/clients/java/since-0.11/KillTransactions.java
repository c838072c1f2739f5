import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.KafkaException;

final class KillTransactions implements Scenario {
    private static final int COUNT = 2000;
    private static final int KILLS = 4;

    @Override
    public void run(String bootstrap) throws Exception {
        String source = Topics.create(bootstrap);
        String target = Topics.create(bootstrap);
        Producers.fill(bootstrap, source, 0, COUNT);
        Copier copier = new Copier(bootstrap, source, target);
        int kills = 0;
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(200);
        for (long copied = 0; copied < COUNT;) {
            Check.expect(System.nanoTime() < end, "not every record is copied within 200 s");
            if (kills < KILLS && copied > (kills + 1) * COUNT / (KILLS + 1)) {
                kills++;
                Program.askBroker("kill");
                Program.askBroker("start");
            }
            try {
                copier.copy(true);
                copied = copier.committed();
            } catch (KafkaException lost) {
                copier.beginAnew();
            }
        }
        Check.expectEqual(kills, KILLS, "kills");
        copier.close();
        Consumers.expectExactlyOnce(bootstrap, target, COUNT, "isolation.level", "read_committed");
    }
}
