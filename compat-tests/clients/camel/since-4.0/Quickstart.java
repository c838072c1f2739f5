import static java.util.stream.Collectors.toSet;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.kafka.KafkaConstants;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Apache Camel: routes into a topic, from it to another by way of a bean, and out of that; a context begun anew. */
final class Quickstart implements Scenario {
    private static final int COUNT = 60;

    private final String orders = Check.fresh("orders");
    private final String invoices = Check.fresh("invoices");
    private final ConcurrentLinkedQueue<String> received = new ConcurrentLinkedQueue<>();
    private String bootstrap;

    @Override
    public void run(String address) throws Exception {
        bootstrap = address;
        Topics.create(bootstrap, orders, 3, Map.of());
        Topics.create(bootstrap, invoices);
        running(0);
        running(COUNT); // the groups go on from where the first context has committed
        List<ConsumerRecord<String, String>> records = Consumers.read(bootstrap, invoices, 2 * COUNT);
        Check.expectEqual(Set.copyOf(Consumers.values(records)), wanted(0, 2 * COUNT), "invoices");
        for (ConsumerRecord<String, String> record : records) {
            String number = record.value().substring("invoice-".length());
            Check.expectEqual(record.key(), "customer-" + Integer.parseInt(number) % 5, "key of " + record.value());
            Check.expectEqual(new String(record.headers().lastHeader("number").value()), number, "header");
        }
    }

    /** Sends orders into a context of its own, and waits for the invoices. */
    private void running(int start) throws Exception {
        received.clear();
        try (CamelContext context = new DefaultCamelContext()) {
            context.addRoutes(routes());
            context.start();
            ProducerTemplate template = context.createProducerTemplate();
            for (int number = start; number < start + COUNT; number++) {
                template.sendBodyAndHeaders("direct:orders", "order-" + number,
                    Map.of(KafkaConstants.KEY, "customer-" + number % 5, "number", String.valueOf(number)));
            }
            Check.waitUntil("invoices", 60, () -> received.size() >= COUNT);
        }
        Check.expectEqual(Set.copyOf(received), wanted(start, start + COUNT), "invoices that the last route has seen");
        Check.expectEqual(received.size(), COUNT, "their number");
    }

    private static Set<String> wanted(int start, int end) {
        return IntStream.range(start, end).mapToObj(number -> "invoice-" + number).collect(toSet());
    }

    private RouteBuilder routes() {
        return new RouteBuilder() {
            @Override
            public void configure() {
                from("direct:orders").to("kafka:" + orders + "?brokers=" + bootstrap);
                from(source(orders))
                    .transform(body().regexReplaceAll("order", "invoice"))
                    .to("kafka:" + invoices + "?brokers=" + bootstrap);
                from(source(invoices)).process(exchange -> received.add(exchange.getMessage().getBody(String.class)));
            }
        };
    }

    private String source(String topic) {
        return "kafka:" + topic + "?brokers=" + bootstrap + "&groupId=" + topic + "-readers&autoOffsetReset=earliest";
    }
}
