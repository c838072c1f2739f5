import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.coordinator.group.api.assignor.PartitionAssignor;
import org.apache.kafka.coordinator.group.api.assignor.SubscribedTopicDescriber;
import org.apache.kafka.coordinator.group.api.assignor.SubscriptionType;
import org.apache.kafka.coordinator.group.assignor.RangeAssignor;
import org.apache.kafka.coordinator.group.assignor.SimpleAssignor;
import org.apache.kafka.coordinator.group.assignor.UniformAssignor;
import org.apache.kafka.coordinator.group.modern.Assignment;
import org.apache.kafka.coordinator.group.modern.GroupSpecImpl;
import org.apache.kafka.coordinator.group.modern.MemberSubscriptionAndAssignmentImpl;

/**
 * Apache Kafka's server-side assignors, a question a line. Fields are separated by tabs:
 * assignor, HOMOGENEOUS or HETEROGENEOUS, topics as ID:COUNT, then members as
 * MEMBER|INSTANCE or nothing|TOPIC ID ...|TOPIC ID:PARTITION ... with spaces between several.
 * The answer: each member as MEMBER|TOPIC ID:PARTITION ..., sorted.
 */
public class AssignorOracle {
    private final Map<Uuid, Integer> counts = new HashMap<>();
    private final Map<String, MemberSubscriptionAndAssignmentImpl> members = new HashMap<>();
    private final Map<Uuid, Map<Integer, String>> inverted = new HashMap<>();

    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            System.out.println(new AssignorOracle().answer(line.split("\t", -1)));
        }
    }

    private String answer(String[] fields) {
        for (String topic : words(fields[2])) {
            counts.put(id(topic), Integer.parseInt(topic.split(":")[1]));
        }
        for (int i = 3; i < fields.length; i++) {
            add(fields[i].split("\\|", -1));
        }
        PartitionAssignor assignor = switch (fields[0]) {
            case "range" -> new RangeAssignor();
            case "uniform" -> new UniformAssignor();
            default -> new SimpleAssignor();
        };
        GroupSpecImpl group = new GroupSpecImpl(members, SubscriptionType.valueOf(fields[1]), inverted);
        TreeSet<String> answer = new TreeSet<>();
        assignor.assign(group, describer()).members().forEach((memberId, assignment) ->
            answer.add(memberId + "|" + shown(assignment.partitions())));
        return String.join("\t", answer);
    }

    private void add(String[] member) {
        Set<Uuid> wanted = new LinkedHashSet<>();
        for (String topic : words(member[2])) {
            wanted.add(id(topic));
        }
        Map<Uuid, Set<Integer>> lists = new LinkedHashMap<>();
        for (String partition : words(member[3])) {
            int index = Integer.parseInt(partition.split(":")[1]);
            lists.computeIfAbsent(id(partition), key -> new TreeSet<>()).add(index);
            inverted.computeIfAbsent(id(partition), key -> new HashMap<>()).put(index, member[0]);
        }
        // As Assignment.fromRecord makes them: the set of a list.
        Map<Uuid, Set<Integer>> assigned = new HashMap<>();
        lists.forEach((topicId, indexes) -> assigned.put(topicId, new HashSet<>(indexes)));
        Optional<String> instance = member[1].isEmpty() ? Optional.empty() : Optional.of(member[1]);
        members.put(member[0], new MemberSubscriptionAndAssignmentImpl(
            Optional.empty(), instance, wanted, new Assignment(assigned)));
    }

    private SubscribedTopicDescriber describer() {
        return new SubscribedTopicDescriber() {
            @Override
            public int numPartitions(Uuid topicId) {
                return counts.getOrDefault(topicId, -1);
            }

            @Override
            public Set<String> racksForPartition(Uuid topicId, int partition) {
                return Set.of();
            }
        };
    }

    private static String shown(Map<Uuid, Set<Integer>> partitions) {
        TreeMap<String, String> words = new TreeMap<>();
        partitions.forEach((topicId, indexes) -> indexes.forEach(index -> {
            String word = topicId + ":" + index;
            words.put(String.format("%s:%06d", topicId, index), word);
        }));
        return String.join(" ", words.values());
    }

    private static String[] words(String text) {
        return text.isEmpty() ? new String[0] : text.split(" ");
    }

    private static Uuid id(String word) {
        return Uuid.fromString(word.split(":")[0]);
    }
}
