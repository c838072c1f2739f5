/** A program has one version of the client. */
final class OldFormats implements Scenario {
    @Override
    public void run(String bootstrap) {
        throw new NotInThisClient("it speaks the newest versions that it has in common with the broker");
    }
}
