import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Programs in processes of their own, with the jars of this one. */
final class Jvm {
    private Jvm() {
    }

    /** Runs a main class. What it prints is nobody's concern. */
    static Process start(String mainClass, String... arguments) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> command = Stream.of(
            List.of(java, "-Xmx512m", "-Xshare:auto", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
            List.of("-cp", System.getProperty("java.class.path"), mainClass),
            List.of(arguments)
        ).flatMap(List::stream).toList();
        return new ProcessBuilder(command)
            .redirectInput(new File("/dev/null"))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    }

    /** `kill -9`. */
    static void kill(Process process) throws InterruptedException {
        Check.expect(process.isAlive(), "the program has ended by itself");
        process.destroyForcibly();
        Check.expect(process.waitFor(10, TimeUnit.SECONDS), "still there after kill -9");
    }

    /** SIGTERM, upon which it must close what it has within a minute. */
    static void stop(Process process) throws InterruptedException {
        process.destroy();
        Check.expect(process.waitFor(60, TimeUnit.SECONDS), "not closed within 60 s");
        Check.expectEqual(process.exitValue(), 143, "exit code after SIGTERM");
    }

    /** Writes NAME.properties. */
    static Path properties(Path folder, String name, Map<String, ?> settings) throws IOException {
        Properties properties = new Properties();
        settings.forEach((key, value) -> properties.put(key, value.toString()));
        Path path = folder.resolve(name + ".properties");
        try (var writer = Files.newBufferedWriter(path)) {
            properties.store(writer, null);
        }
        return path;
    }
}
