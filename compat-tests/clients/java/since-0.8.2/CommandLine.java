/** The tools of Kafka are in the suite by themselves. */
final class CommandLine implements Scenario {
    @Override
    public void run(String bootstrap) {
        throw new NotInThisClient("Kafka's command-line tools are programs of their own");
    }
}
