/** The batches are made within the client. */
final class ErrorsCorruptBatch implements Scenario {
    @Override
    public void run(String bootstrap) {
        throw new NotInThisClient("nothing in its API reaches the bytes of a batch");
    }
}
