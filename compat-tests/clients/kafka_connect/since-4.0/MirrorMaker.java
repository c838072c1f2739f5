import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;

/**
 * MirrorMaker 2, as its own command starts it, between two brokers. What is at the target is compared with what is at
 * the source: topics with their partitions and settings, records, the offsets that a group has committed. The mirror
 * and then the target's broker are killed (`kill -9`): after that records may come twice, but none is missing.
 */
final class MirrorMaker implements Scenario {
    private static final int EACH = 200; // records that a step adds to each partition

    private final String topic = Check.fresh("orders");
    private final String mirrored = "source." + topic;
    private final String group = Check.fresh("readers");
    private final long begin = System.currentTimeMillis(); // what is too old is deleted
    private String source;
    private String target;
    private Admin atSource;
    private Admin atTarget;

    @Override
    public void run(String bootstrap) throws Exception {
        target = bootstrap;
        source = Program.secondBroker;
        Path settings = Jvm.properties(Program.temporaryFolder(), "mm2", settings());
        Topics.create(source, topic, 2, Map.of("max.message.bytes", "200000"));
        String main = "org.apache.kafka.connect.mirror.MirrorMaker";
        Process mirror = Jvm.start(main, settings.toString());
        try (Admin one = Topics.admin(source); Admin two = Topics.admin(target)) {
            atSource = one;
            atTarget = two;
            produce(2, 0);
            awaitMirror(2);
            Check.expectEqual(texts(target, mirrored, 2), texts(source, topic, 2), "records at the target");
            awaitSetting("max.message.bytes", "200000");
            alterSource();
            awaitSetting("retention.ms", "86400000");
            produce(3, EACH);
            awaitGroup();
            Jvm.kill(mirror);
            produce(3, 2 * EACH);
            mirror = Jvm.start(main, settings.toString());
            awaitMirror(3);
            Program.askBroker("kill");
            Program.askBroker("start");
            produce(3, 3 * EACH);
            awaitMirror(3);
            checkNothingMissing();
            mirror.destroy();
        } finally {
            mirror.destroyForcibly();
        }
    }

    /** The quickstart's, one way, with everything that it does now and then done each second. */
    private Map<String, Object> settings() {
        Map<String, Object> settings = new TreeMap<>(Map.of(
            "clusters", "source, target",
            "source.bootstrap.servers", source,
            "target.bootstrap.servers", target,
            "source->target.enabled", true,
            "source->target.topics", topic + ".*",
            "source->target.groups", group,
            "source->target.sync.group.offsets.enabled", true,
            "target->source.enabled", false,
            "replication.factor", 1,
            "offset.lag.max", 0));
        for (String topics : List.of("checkpoints", "heartbeats", "offset-syncs")) {
            settings.put(topics + ".topic.replication.factor", 1);
        }
        for (String kind : List.of("offset", "status", "config")) {
            settings.put(kind + ".storage.replication.factor", 1);
        }
        for (String often : List.of("refresh.topics", "refresh.groups", "sync.topic.configs", "sync.group.offsets",
                "emit.checkpoints", "emit.heartbeats")) {
            settings.put(often + ".interval.seconds", 1);
        }
        settings.putAll(Map.of("offset.flush.interval.ms", 500, "reconnect.backoff.max.ms", 500,
            "scheduled.rebalance.max.delay.ms", 1000));
        return settings;
    }

    /** Adds records to each partition, from this number on. */
    private void produce(int partitions, int start) throws Exception {
        try (KafkaProducer<String, String> producer = Producers.producer(source, "compression.type", "lz4")) {
            for (int partition = 0; partition < partitions; partition++) {
                for (int number = start; number < start + EACH; number++) {
                    ProducerRecord<String, String> record = new ProducerRecord<>(
                        topic, partition, begin + number, "key-" + number % 7, partition + ":" + number);
                    record.headers().add("number", String.valueOf(number).getBytes());
                    producer.send(record);
                }
            }
        }
    }

    /** Waits until each partition has at the target at least as many records as at the source. */
    private void awaitMirror(int partitions) throws Exception {
        Check.waitUntil("the mirrored topic with " + partitions + " partitions", 120, () ->
            atTarget.listTopics().names().get().contains(mirrored)
                && atTarget.describeTopics(Set.of(mirrored)).allTopicNames().get().get(mirrored)
                    .partitions().size() == partitions);
        for (int partition = 0; partition < partitions; partition++) {
            long count = end(source, new TopicPartition(topic, partition));
            TopicPartition there = new TopicPartition(mirrored, partition);
            Check.waitUntil(count + " records in " + there, 120, () -> end(target, there) >= count);
        }
    }

    private static long end(String broker, TopicPartition partition) {
        try (KafkaConsumer<String, String> consumer = Consumers.consumer(broker)) {
            return consumer.endOffsets(List.of(partition)).get(partition);
        }
    }

    private void alterSource() throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        AlterConfigOp set = new AlterConfigOp(new ConfigEntry("retention.ms", "86400000"), AlterConfigOp.OpType.SET);
        atSource.incrementalAlterConfigs(Map.of(resource, List.of(set))).all().get();
        atSource.createPartitions(Map.of(topic, NewPartitions.increaseTo(3))).all().get();
    }

    private void awaitSetting(String name, String value) throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, mirrored);
        Check.waitUntil(name + " of the mirrored topic", 60, () ->
            atTarget.describeConfigs(List.of(resource)).all().get().get(resource).get(name).value().equals(value));
    }

    /** Commits in the middle at the source; the group then finds its place at the target and reads the rest. */
    private void awaitGroup() throws Exception {
        awaitMirror(3);
        long[] committed = {150, 250, 50};
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        for (int partition = 0; partition < 3; partition++) {
            offsets.put(new TopicPartition(topic, partition), new OffsetAndMetadata(committed[partition]));
        }
        atSource.alterConsumerGroupOffsets(group, offsets).all().get();
        Map<TopicPartition, OffsetAndMetadata> found = Check.waitUntil("the group's offsets at the target", 120, () -> {
            var all = atTarget.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
            return all.size() == 3 ? all : null;
        });
        found.forEach((partition, offset) -> Check.expect(
            offset.offset() > 0 && offset.offset() <= committed[partition.partition()],
            partition + " is translated to " + offset.offset()));
        Set<String> heard = new HashSet<>();
        try (KafkaConsumer<String, String> consumer = Consumers.consumer(target, "group.id", group,
                "auto.offset.reset", "none")) {
            consumer.subscribe(List.of(mirrored));
            Check.waitUntil("the rest of the records", 60, () -> {
                consumer.poll(Duration.ofMillis(200)).forEach(record -> heard.add(record.value()));
                return heard.containsAll(rest(committed));
            });
        }
        Check.expect(!heard.contains("0:0"), "the group has read from the beginning");
    }

    private static List<String> rest(long[] committed) {
        List<String> rest = new ArrayList<>();
        for (int partition = 0; partition < 3; partition++) {
            int first = partition < 2 ? 0 : EACH; // the third came with the second step
            for (int number = first + (int) committed[partition]; number < 2 * EACH; number++) {
                rest.add(partition + ":" + number);
            }
        }
        return rest;
    }

    private void checkNothingMissing() {
        for (int partition = 0; partition < 3; partition++) {
            Check.expectEqual(distinct(target, mirrored, partition), distinct(source, topic, partition),
                "records of partition " + partition + " at the target");
        }
    }

    private List<String> distinct(String broker, String name, int partition) {
        return all(broker, new TopicPartition(name, partition)).stream().map(ConsumerRecord::value).distinct().toList();
    }

    /** All that a record is made of, partition by partition. */
    private List<String> texts(String broker, String name, int partitions) {
        List<String> texts = new ArrayList<>();
        for (int partition = 0; partition < partitions; partition++) {
            for (ConsumerRecord<String, String> record : all(broker, new TopicPartition(name, partition))) {
                texts.add(record.key() + record.value() + record.timestamp() + record.headers());
            }
        }
        return texts;
    }

    private List<ConsumerRecord<String, String>> all(String broker, TopicPartition partition) {
        try (KafkaConsumer<String, String> consumer = Consumers.consumer(broker)) {
            consumer.assign(List.of(partition));
            return Consumers.read(consumer, (int) end(broker, partition), 60);
        }
    }
}
