import static java.util.concurrent.TimeUnit.SECONDS;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.config.TopicBuilder;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaAdmin;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.listener.DeadLetterPublishingRecoverer;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.requestreply.ReplyingKafkaTemplate;
import org.springframework.messaging.handler.annotation.SendTo;
import org.springframework.util.backoff.FixedBackOff;

/** Spring for Apache Kafka: topics as beans, a template, listeners, a dead letter topic, request and reply. */
final class Quickstart implements Scenario {
    private static final String PREFIX = Check.fresh("spring");
    private static final BlockingQueue<String> HEARD = new LinkedBlockingQueue<>();
    private static String broker;

    @Override
    public void run(String bootstrap) throws Exception {
        broker = bootstrap;
        System.setProperty("prefix", PREFIX);
        try (var context = new AnnotationConfigApplicationContext(Application.class)) {
            KafkaTemplate<String, String> template = context.getBean("template", KafkaTemplate.class);
            for (int number = 0; number < 30; number++) {
                template.send(PREFIX + "-orders", "key-" + number, "order-" + number).get(20, SECONDS);
            }
            for (int number = 0; number < 30; number++) {
                Check.expect(HEARD.poll(30, SECONDS) != null, "only " + number + " of 30 records heard");
            }
            template.send(PREFIX + "-orders", "key", "poison").get(20, SECONDS);
            Check.expectEqual(HEARD.poll(30, SECONDS), "dead: poison", "what the dead letter topic has");
            ReplyingKafkaTemplate<String, String, String> asking = context.getBean(ReplyingKafkaTemplate.class);
            Check.expect(asking.waitForAssignment(Duration.ofSeconds(30)), "no partitions for the replies");
            var reply = asking.sendAndReceive(
                new ProducerRecord<>(PREFIX + "-questions", "hello"));
            ConsumerRecord<String, String> answer = reply.get(30, SECONDS);
            Check.expectEqual(answer.value(), "HELLO", "reply");
        }
        Check.expectEqual(HEARD.size(), 0, "records heard twice");
    }

    @Configuration
    @EnableKafka
    static class Application {
        @Bean
        KafkaAdmin admin() {
            return new KafkaAdmin(Map.of("bootstrap.servers", broker));
        }

        @Bean
        KafkaAdmin.NewTopics topics() {
            return new KafkaAdmin.NewTopics(
                topic("orders", 3), topic("orders-dlt", 3), topic("questions", 1), topic("replies", 1));
        }

        private static NewTopic topic(String name, int partitions) {
            return TopicBuilder.name(PREFIX + "-" + name).partitions(partitions).replicas(1).build();
        }

        @Bean
        ProducerFactory<String, String> producers() {
            return new DefaultKafkaProducerFactory<>(Map.of("bootstrap.servers", broker,
                "key.serializer", StringSerializer.class, "value.serializer", StringSerializer.class));
        }

        @Bean
        ConsumerFactory<String, String> consumers() {
            return new DefaultKafkaConsumerFactory<>(Map.of("bootstrap.servers", broker,
                "auto.offset.reset", "earliest", "metadata.max.age.ms", 1000,
                "key.deserializer", StringDeserializer.class, "value.deserializer", StringDeserializer.class));
        }

        @Bean
        KafkaTemplate<String, String> template(ProducerFactory<String, String> producers) {
            return new KafkaTemplate<>(producers);
        }

        @Bean
        ConcurrentKafkaListenerContainerFactory<String, String> kafkaListenerContainerFactory(
            ConsumerFactory<String, String> consumers, KafkaTemplate<String, String> template) {
            var factory = new ConcurrentKafkaListenerContainerFactory<String, String>();
            factory.setConsumerFactory(consumers);
            factory.setReplyTemplate(template);
            var recoverer = new DeadLetterPublishingRecoverer(template);
            factory.setCommonErrorHandler(new DefaultErrorHandler(recoverer, new FixedBackOff(100, 2)));
            return factory;
        }

        @Bean
        ReplyingKafkaTemplate<String, String, String> asking(ProducerFactory<String, String> producers,
            ConcurrentKafkaListenerContainerFactory<String, String> factory) {
            var replies = factory.createContainer(PREFIX + "-replies");
            replies.getContainerProperties().setGroupId(PREFIX + "-replies");
            return new ReplyingKafkaTemplate<>(producers, replies);
        }

        @KafkaListener(topics = "${prefix}-orders", groupId = "${prefix}-orders", concurrency = "3")
        void hear(String order) {
            if (order.equals("poison")) {
                throw new IllegalArgumentException(order);
            }
            HEARD.add(order);
        }

        @KafkaListener(topics = "${prefix}-orders-dlt", groupId = "${prefix}-dead")
        void bury(String order) {
            HEARD.add("dead: " + order);
        }

        @KafkaListener(topics = "${prefix}-questions", groupId = "${prefix}-questions")
        @SendTo
        String answer(String question) {
            return question.toUpperCase();
        }
    }
}
