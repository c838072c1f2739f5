import java.io.File;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A PostgreSQL server for logical replication, with its data in a folder of its own. */
final class Postgres implements AutoCloseable {
    private static final String USER = "postgres"; // Debian's package makes this user; the server refuses to run as root
    private static final boolean ROOT = System.getProperty("user.name").equals("root");

    final int port = Worker.freePort();
    private final Path folder = Program.temporaryFolder();
    private final Process process;

    Postgres() throws Exception {
        if (ROOT) {
            Files.setOwner(folder, FileSystems.getDefault().getUserPrincipalLookupService().lookupPrincipalByName(USER));
        }
        Process made = run("initdb", "-U", USER, "-A", "trust", "-E", "UTF8", "-N", "-D", data());
        Check.expect(made.waitFor(120, TimeUnit.SECONDS) && made.exitValue() == 0, "no new PostgreSQL folder");
        process = run("postgres", "-D", data(), "-p", String.valueOf(port), "-c", "listen_addresses=127.0.0.1",
            "-c", "unix_socket_directories=", "-c", "wal_level=logical", "-c", "fsync=off");
        Check.waitUntil("a PostgreSQL that answers", 60, () -> {
            Check.expect(process.isAlive(), "PostgreSQL has ended by itself");
            try (Connection connection = connect()) {
                return true;
            } catch (SQLException notYet) {
                return false;
            }
        });
    }

    Connection connect() throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/postgres", USER, null);
    }

    /** What Debezium needs to know of it. */
    Map<String, String> settings() {
        return Map.of("database.hostname", "127.0.0.1", "database.port", String.valueOf(port),
            "database.user", USER, "database.password", "none", "database.dbname", "postgres");
    }

    private String data() {
        return folder.resolve("data").toString();
    }

    private Process run(String command, String... arguments) throws IOException {
        List<String> words = new ArrayList<>();
        if (ROOT) {
            words.addAll(List.of("setpriv", "--reuid", USER, "--regid", USER, "--clear-groups"));
        }
        words.add(Path.of(System.getProperty("postgresql"), command).toString());
        words.addAll(List.of(arguments));
        return new ProcessBuilder(words)
            .directory(folder.toFile())
            .redirectInput(new File("/dev/null"))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    }

    /** SIGTERM lets it end with its last connection. */
    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
    }
}
