/** The client agrees with the broker on versions. */
final class ErrorsUnsupportedVersion implements Scenario {
    @Override
    public void run(String bootstrap) {
        throw new NotInThisClient("it speaks the newest versions that it has in common with the broker");
    }
}
