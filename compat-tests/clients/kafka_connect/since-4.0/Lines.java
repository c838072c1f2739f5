import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** A file of lines that the file connectors copy into a topic, and from there into another file. */
final class Lines {
    final String topic = Check.fresh("connect-test");
    private final Path folder;
    private final Path input;
    private final Path output;

    Lines() throws IOException {
        folder = Program.temporaryFolder();
        input = Files.createFile(folder.resolve("input"));
        output = folder.resolve("output");
    }

    /** The configurations of the quickstart. */
    Map<String, String> source() {
        return Map.of("connector.class", "FileStreamSource", "tasks.max", "1",
            "file", input.toString(), "topic", topic);
    }

    Map<String, String> sink() {
        return Map.of("connector.class", "FileStreamSink", "tasks.max", "1",
            "file", output.toString(), "topics", topic);
    }

    Path folder() {
        return folder;
    }

    void append(List<String> lines) throws IOException {
        Files.write(input, lines, StandardOpenOption.APPEND);
    }

    static List<String> numbered(int start, int end) {
        return IntStream.range(start, end).mapToObj(number -> "line-" + number).toList();
    }

    void emptyOutput() throws IOException {
        Files.write(output, List.of());
    }

    /** Waits until the output has just these lines. */
    void awaitCopy(List<String> lines) throws Exception {
        Check.waitUntil("as lines of the output: " + lines, 90, () -> copied().equals(lines));
    }

    /** Waits until the output has all of these lines, and each of them first at its place: some may come again. */
    void awaitCopyOrRepeated(List<String> lines) throws Exception {
        Check.waitUntil("lines of the output", 120, () -> copied().containsAll(lines));
        Check.expectEqual(copied().stream().distinct().toList(), lines, "lines of the output");
    }

    private List<String> copied() throws IOException {
        return Files.exists(output) ? Files.readAllLines(output) : List.of();
    }
}
