import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

/**
 * Runs the scenario that the command line names against the broker that it names, and prints the result as one line
 * of JSON. A scenario is the class of its name: admin-topics is AdminTopics. The system property "later" lists the
 * classes that only newer clients can compile, each with the version it came with: "AdminGroups=2.0,...".
 */
public final class Program {
    private static final List<Path> TEMPORARY = new CopyOnWriteArrayList<>();

    /** Where a scenario has a second broker, its address: "host:port". */
    static String secondBroker;

    private Program() {
    }

    public static void main(String[] arguments) {
        String outcome = "passed";
        String detail = "";
        secondBroker = arguments.length > 2 ? arguments[2] : null;
        try {
            find(arguments[0]).run(arguments[1]);
        } catch (NotInThisClient missing) {
            outcome = "not in this client";
            detail = missing.getMessage();
        } catch (NotWritten missing) {
            outcome = "not written";
            detail = missing.getMessage();
        } catch (Throwable problem) {
            outcome = "failed";
            detail = trace(problem);
        }
        TEMPORARY.forEach(Program::remove);
        System.out.println("{\"outcome\": " + quote(outcome) + ", \"detail\": " + quote(detail) + "}");
        System.out.flush();
        Runtime.getRuntime().halt(0); // a client's background threads must not keep the cell waiting
    }

    private static Scenario find(String name) throws ReflectiveOperationException {
        StringBuilder className = new StringBuilder();
        for (String word : name.split("-")) {
            className.append(Character.toUpperCase(word.charAt(0))).append(word.substring(1));
        }
        try {
            return (Scenario) Class.forName(className.toString()).getDeclaredConstructor().newInstance();
        } catch (ClassNotFoundException absent) {
            for (String later : System.getProperty("later", "").split(",")) {
                if (later.startsWith(className + "=")) {
                    throw new NotInThisClient("came with kafka-clients " + later.substring(later.indexOf('=') + 1));
                }
            }
            throw new NotWritten();
        }
    }

    /** Has the broker killed (`kill -9`), stopped (SIGTERM) or started, and waits until that has happened. */
    static void askBroker(String action) throws IOException {
        System.out.println("{\"broker\": " + quote(action) + "}");
        System.out.flush();
        while (System.in.read() != '\n') { // the answer is a line
        }
    }

    /** An empty folder that is removed when the scenario ends. */
    static Path temporaryFolder() throws IOException {
        Path folder = Files.createTempDirectory("odradek-compat-");
        TEMPORARY.add(folder);
        return folder;
    }

    private static void remove(Path folder) {
        try (Stream<Path> all = Files.walk(folder)) {
            all.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        } catch (IOException gone) {
            System.err.println("left behind: " + gone);
        }
    }

    private static String trace(Throwable problem) {
        StringWriter writer = new StringWriter();
        problem.printStackTrace(new PrintWriter(writer));
        String text = writer.toString();
        return text.substring(0, Math.min(text.length(), 3000));
    }

    private static String quote(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (char one : text.toCharArray()) {
            if (one == '"' || one == '\\') {
                quoted.append('\\').append(one);
            } else if (one < ' ') {
                quoted.append(String.format("\\u%04x", (int) one));
            } else {
                quoted.append(one);
            }
        }
        return quoted.append('"').toString();
    }
}
