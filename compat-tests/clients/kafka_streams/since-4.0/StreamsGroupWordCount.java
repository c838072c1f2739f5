/** The same, in a group of the streams protocol. */
final class StreamsGroupWordCount extends StreamsWordCount {
    @Override
    String protocol() {
        return "streams";
    }
}
