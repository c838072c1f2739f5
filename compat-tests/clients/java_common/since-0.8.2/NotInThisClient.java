/** The client's API can't do what the scenario asks for; the message says what is missing. */
final class NotInThisClient extends RuntimeException {
    NotInThisClient(String what) {
        super(what);
    }
}
