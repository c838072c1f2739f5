import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Ten consumers join a group on a hundred partitions, one leaves, one dies: "ADDRESS PROTOCOL ROUNDS [join]" prints a
 * line a round with the seconds of each until every partition has one owner again, shared out evenly. The first round
 * warms up and is not printed; with "join" that is all that a round does. The one that dies is a process of its own
 * ("member ADDRESS PROTOCOL GROUP TOPIC"), which tells by lines of text what it owns; it warms up in a group of its own.
 */
public final class GroupMembers {
    private static final int MEMBERS = 10;
    private static final int PARTITIONS = 100;
    private static final long QUIET_NS = 1_500_000_000L; // nothing changes for so long: that is stable
    private static final long LIMIT_NS = 120_000_000_000L;

    private final Map<Object, Set<Integer>> owned = new HashMap<>();
    private long changed;

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("member")) {
            apart(arguments[1], arguments[2], arguments[3], arguments[4]);
            return;
        }
        String address = arguments[0];
        String topic = "topic-" + UUID.randomUUID();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", address))) {
            admin.createTopics(List.of(new NewTopic(topic, PARTITIONS, (short) 1))).all().get();
        }
        for (int round = 0; round <= Integer.parseInt(arguments[2]); round++) {
            String seconds = new GroupMembers().round(address, arguments[1], topic);
            if (round > 0) {
                System.out.println(seconds);
            }
        }
        Runtime.getRuntime().halt(0);
    }

    private String round(String address, String protocol, String topic) throws Exception {
        String group = "group-" + UUID.randomUUID();
        List<Member> members = new ArrayList<>();
        for (int index = 0; index < MEMBERS - 1; index++) {
            members.add(new Member(this, address, protocol, group));
        }
        Apart apart = new Apart(address, protocol, group, topic);
        long begin = System.nanoTime();
        for (Member member : members) {
            member.begin(topic);
        }
        apart.begin();
        String seconds = stable(MEMBERS, begin);
        begin = System.nanoTime();
        members.remove(0).end();
        seconds += " " + stable(MEMBERS - 1, begin);
        begin = System.nanoTime();
        apart.kill();
        seconds += " " + stable(MEMBERS - 2, begin);
        end(members);
        return seconds;
    }

    private static void end(List<Member> members) throws InterruptedException {
        for (Member member : members) {
            member.end();
        }
    }

    /** Seconds from `begin` to the last change after which so many members own all partitions, shared out evenly. */
    private synchronized String stable(int members, long begin) throws InterruptedException {
        while (System.nanoTime() - begin < LIMIT_NS) {
            if (isShared(members) && System.nanoTime() - changed > QUIET_NS) {
                return String.format("%.3f", (changed - begin) / 1e9);
            }
            wait(20);
        }
        throw new IllegalStateException("no stable group of " + members + " members: " + owned);
    }

    private boolean isShared(int members) {
        Set<Integer> all = new HashSet<>();
        owned.values().forEach(all::addAll);
        int count = owned.values().stream().mapToInt(Set::size).sum();
        int least = PARTITIONS / members;
        int most = least + (PARTITIONS % members == 0 ? 0 : 1);
        return owned.size() == members && all.size() == PARTITIONS && count == PARTITIONS
            && owned.values().stream().allMatch(each -> each.size() >= least && each.size() <= most);
    }

    private synchronized void gains(Object member, Collection<Integer> partitions) {
        owned.computeIfAbsent(member, any -> new HashSet<>()).addAll(partitions);
        changed();
    }

    private synchronized void loses(Object member, Collection<Integer> partitions) {
        Optional.ofNullable(owned.get(member)).ifPresent(mine -> mine.removeAll(partitions));
        changed();
    }

    private synchronized void isGone(Object member) {
        owned.remove(member);
        changed();
    }

    private void changed() {
        changed = System.nanoTime();
        notifyAll();
    }

    private static KafkaConsumer<byte[], byte[]> consumer(String address, String protocol, String group) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", address);
        settings.put("group.id", group);
        settings.put("group.protocol", protocol);
        if (protocol.equals("classic")) {
            settings.put("session.timeout.ms", "6000");
            settings.put("heartbeat.interval.ms", "500");
            settings.put("partition.assignment.strategy",
                "org.apache.kafka.clients.consumer.CooperativeStickyAssignor");
        }
        return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private static List<Integer> numbers(Collection<TopicPartition> partitions) {
        return partitions.stream().map(TopicPartition::partition).toList();
    }

    /** The member that is a process of its own: begins with a line of input, and prints "+1 2" and "-1 2". */
    private static void apart(String address, String protocol, String group, String topic) throws Exception {
        try (KafkaConsumer<byte[], byte[]> first = consumer(address, protocol, group + "-first")) {
            first.subscribe(List.of(topic));
            while (first.assignment().isEmpty()) {
                first.poll(Duration.ofMillis(100));
            }
        }
        KafkaConsumer<byte[], byte[]> consumer = consumer(address, protocol, group);
        System.out.println("ready");
        System.in.read();
        consumer.subscribe(List.of(topic), new ConsumerRebalanceListener() {
            @Override
            public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
                tell('+', partitions);
            }

            @Override
            public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
                tell('-', partitions);
            }

            private void tell(char sign, Collection<TopicPartition> partitions) {
                System.out.println(sign + String.join(" ", numbers(partitions).stream().map(String::valueOf).toList()));
            }
        });
        while (true) {
            consumer.poll(Duration.ofMillis(100));
        }
    }

    /** That process, from outside. */
    private final class Apart {
        private final Process process;
        private final BufferedReader lines;

        Apart(String... arguments) throws Exception {
            String java = ProcessHandle.current().info().command().orElse("java");
            String source = System.getProperty("source");
            List<String> command = new ArrayList<>(List.of(java, "-Xmx128m", "-XX:+UseSerialGC"));
            command.addAll(List.of("-cp", System.getProperty("java.class.path"), source, "member"));
            command.addAll(List.of(arguments));
            process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
            lines = process.inputReader();
            lines.readLine();
        }

        void begin() throws Exception {
            process.getOutputStream().write('\n');
            process.getOutputStream().flush();
            Thread thread = new Thread(() -> lines.lines().forEach(this::hear));
            thread.setDaemon(true);
            thread.start();
        }

        private void hear(String line) {
            List<Integer> partitions = line.length() == 1
                ? List.of() : List.of(line.substring(1).split(" ")).stream().map(Integer::valueOf).toList();
            if (line.charAt(0) == '+') {
                gains(this, partitions);
            } else {
                loses(this, partitions);
            }
        }

        void kill() throws InterruptedException {
            process.destroyForcibly().waitFor();
            isGone(this);
        }
    }

    /** One consumer and its thread. */
    private static final class Member implements ConsumerRebalanceListener {
        private final GroupMembers all;
        private final KafkaConsumer<byte[], byte[]> consumer;
        private Thread thread;

        Member(GroupMembers all, String address, String protocol, String group) {
            this.all = all;
            consumer = consumer(address, protocol, group);
        }

        void begin(String topic) {
            thread = new Thread(() -> {
                consumer.subscribe(List.of(topic), this);
                try {
                    while (true) {
                        consumer.poll(Duration.ofMillis(100));
                    }
                } catch (WakeupException end) {
                    // `end` closes it
                }
            });
            thread.start();
        }

        void end() throws InterruptedException {
            consumer.wakeup();
            thread.join();
            consumer.close();
            all.isGone(this);
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            all.gains(this, numbers(partitions));
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            all.loses(this, numbers(partitions));
        }
    }
}
