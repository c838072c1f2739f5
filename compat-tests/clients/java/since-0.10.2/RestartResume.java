import java.util.List;
import org.apache.kafka.clients.consumer.KafkaConsumer;

final class RestartResume implements Scenario {
    @Override
    public void run(String bootstrap) throws Exception {
        String topic = Topics.create(bootstrap);
        Object[] settings = {"group.id", Check.fresh("group"), "enable.auto.commit", false};
        for (int number = 0; number < 3; number++) {
            Producers.fill(bootstrap, topic, number * 100, 100);
            try (KafkaConsumer<String, String> consumer = Consumers.consumer(bootstrap, settings)) {
                consumer.subscribe(List.of(topic));
                List<String> seen = Consumers.values(Consumers.read(consumer, 100, 30));
                Check.expectEqual(seen, Consumers.numbered(number * 100, 100), "records of run " + number);
                consumer.commitSync();
            }
            Program.askBroker(number == 0 ? "stop" : "kill");
            Program.askBroker("start");
        }
    }
}
