/** The same, in a group of the streams protocol. */
final class StreamsGroupWindows extends StreamsWindows {
    @Override
    String protocol() {
        return "streams";
    }
}
