/** Nobody has made the program do the scenario. */
final class NotWritten extends RuntimeException {
    NotWritten() {
        super("nobody has written it for this client yet");
    }
}
