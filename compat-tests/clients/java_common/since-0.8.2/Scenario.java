/** What a client is asked to do; it ends normally when the client and the broker did it. */
interface Scenario {
    void run(String bootstrap) throws Exception;
}
