import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.coordinator.group.api.streams.assignor.TopologyDescriber;
import org.apache.kafka.coordinator.group.streams.assignor.AssignmentConfigsImpl;
import org.apache.kafka.coordinator.group.streams.assignor.GroupSpecImpl;
import org.apache.kafka.coordinator.group.streams.assignor.MemberMetadataAndStateImpl;
import org.apache.kafka.coordinator.group.streams.assignor.StickyTaskAssignor;

/**
 * Apache Kafka's sticky task assignor, a question a line. Fields are separated by tabs: standby replicas,
 * subtopologies as ID:TASKS:stateful or ID:TASKS:stateless with spaces between, then members as
 * MEMBER|PROCESS|active tasks|standby tasks|offsets, tasks as SUBTOPOLOGY:PARTITION and offsets as
 * SUBTOPOLOGY:PARTITION:OFFSET with spaces between. The answer: each member as MEMBER|active|standby, sorted.
 */
public class TaskAssignorOracle {
    private final Map<String, MemberMetadataAndStateImpl> members = new HashMap<>();
    private final TreeMap<String, Integer> counts = new TreeMap<>();
    private final Set<String> stateful = new HashSet<>();

    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            System.out.println(new TaskAssignorOracle().answer(line.split("\t", -1)));
        }
    }

    private String answer(String[] fields) {
        for (String subtopology : words(fields[1])) {
            String[] parts = subtopology.split(":");
            counts.put(parts[0], Integer.parseInt(parts[1]));
            if (parts[2].equals("stateful")) {
                stateful.add(parts[0]);
            }
        }
        for (int i = 2; i < fields.length; i++) {
            add(fields[i].split("\\|", -1));
        }
        AssignmentConfigsImpl configs = new AssignmentConfigsImpl(Integer.parseInt(fields[0]), List.of());
        TreeSet<String> answer = new TreeSet<>();
        new StickyTaskAssignor().assign(new GroupSpecImpl(members, configs), describer()).members()
            .forEach((memberId, tasks) ->
                answer.add(memberId + "|" + shown(tasks.activeTasks()) + "|" + shown(tasks.standbyTasks())));
        return String.join("\t", answer);
    }

    private void add(String[] member) {
        Map<String, Map<Integer, Long>> offsets = new HashMap<>();
        for (String offset : words(member[4])) {
            String[] parts = offset.split(":");
            offsets.computeIfAbsent(parts[0], key -> new HashMap<>())
                .put(Integer.parseInt(parts[1]), Long.parseLong(parts[2]));
        }
        members.put(member[0], new MemberMetadataAndStateImpl(
            Optional.empty(), Optional.empty(), member[1], Map.of(),
            tasks(member[2]), tasks(member[3]), Map.of(), offsets, Map.of()));
    }

    private TopologyDescriber describer() {
        return new TopologyDescriber() {
            @Override
            public List<String> subtopologies() {
                return new ArrayList<>(counts.keySet());
            }

            @Override
            public int maxNumInputPartitions(String subtopologyId) {
                return counts.get(subtopologyId);
            }

            @Override
            public boolean isStateful(String subtopologyId) {
                return stateful.contains(subtopologyId);
            }
        };
    }

    private static Map<String, Set<Integer>> tasks(String text) {
        Map<String, Set<Integer>> tasks = new HashMap<>();
        for (String task : words(text)) {
            String[] parts = task.split(":");
            tasks.computeIfAbsent(parts[0], key -> new HashSet<>()).add(Integer.parseInt(parts[1]));
        }
        return tasks;
    }

    private static String shown(Map<String, Set<Integer>> tasks) {
        List<String> words = new ArrayList<>();
        new TreeMap<>(tasks).forEach((subtopologyId, partitions) ->
            new TreeSet<>(partitions).forEach(partition -> words.add(subtopologyId + ":" + partition)));
        return String.join(" ", words);
    }

    private static String[] words(String text) {
        return text.isEmpty() ? new String[0] : text.split(" ");
    }
}
