import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** What must hold, what is waited for, and names that no other cell uses. */
final class Check {
    private static final AtomicInteger NUMBERS = new AtomicInteger();
    /** What the names of this run's topics and groups begin with, at a broker that is not the suite's own. */
    private static final String RUN = System.getenv().getOrDefault("ODRADEK_COMPAT_RUN", "");

    private Check() {
    }

    /** Fails the scenario with a text unless the condition holds. */
    static void expect(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }

    /** Fails the scenario unless both are equal. */
    static void expectEqual(Object found, Object wanted, String what) {
        if (!Objects.equals(found, wanted)) {
            throw new AssertionError(what + ": found " + cut(found) + ", wanted " + cut(wanted));
        }
    }

    /** Fails the scenario unless the future ends within twenty seconds with an error of this class. */
    static void expectFailure(Future<?> future, Class<? extends Exception> wanted, String what) throws Exception {
        try {
            future.get(20, TimeUnit.SECONDS);
        } catch (ExecutionException failed) {
            expect(wanted.isInstance(failed.getCause()), what + ": " + failed.getCause());
            return;
        }
        throw new AssertionError(what);
    }

    /** Asks again and again until the condition gives something other than null and false. */
    static <T> T waitUntil(String what, int seconds, Callable<T> condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (System.nanoTime() < end) {
            T found = condition.call();
            if (found != null && !Boolean.FALSE.equals(found)) {
                return found;
            }
            Thread.sleep(20);
        }
        throw new AssertionError("not within " + seconds + " s: " + what);
    }

    static <T> T waitUntil(String what, Callable<T> condition) throws Exception {
        return waitUntil(what, 30, condition);
    }

    static String fresh(String kind) {
        return RUN + kind + "-" + ProcessHandle.current().pid() + "-" + System.nanoTime() % 1_000_000_000L + "-"
            + NUMBERS.getAndIncrement();
    }

    private static String cut(Object value) {
        String text = String.valueOf(value);
        return text.substring(0, Math.min(text.length(), 400));
    }
}
