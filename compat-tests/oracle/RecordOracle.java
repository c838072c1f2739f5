import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.StringJoiner;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.ControlRecordType;
import org.apache.kafka.common.record.EndTransactionMarker;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.MemoryRecordsBuilder;
import org.apache.kafka.common.record.MutableRecordBatch;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.record.RecordBatch;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.utils.BufferSupplier;
import org.apache.kafka.common.utils.PrimitiveRef;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.server.common.MetadataVersion;
import org.apache.kafka.storage.internals.log.AppendOrigin;
import org.apache.kafka.storage.internals.log.LogValidator;
import org.apache.kafka.storage.internals.log.RecordValidationException;

/**
 * Apache Kafka 3.9's own record code, the last that writes all three formats, on a pipe. A line in, a line out,
 * fields separated by tabs:
 *
 *   build MAGIC CODEC TYPE BASE APPEND_TIME PRODUCER RECORDS   ok HEX      what a client or broker writes
 *   marker TYPE BASE TIMESTAMP PRODUCER EPOCH COORDINATOR      ok HEX      the end of a transaction
 *   read HEX                                                   ok RECORDS  checksums verified
 *   down MAGIC FIRST_OFFSET HEX                                ok HEX      what a broker sends to an old fetcher
 *   validate CODEC TYPE BEFORE AFTER NOW COMPACTED HEX         ok HEX      what a leader appends of produced data
 *
 * or `error` and the exception. CODEC is a name, or for `validate` also `producer`. PRODUCER is `-`, or
 * id:epoch:sequence:transactional. RECORDS are separated by spaces, each offset,timestamp,key,value and then
 * key=value for every header; bytes in hexadecimal, `-` for null.
 */
public class RecordOracle {
    private static final HexFormat HEX = HexFormat.of();

    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String answer;
            try {
                answer = "ok\t" + answer(line.split("\t", -1));
            } catch (RecordValidationException e) {
                answer = describe(e.invalidException()) + "\t" + e.recordErrors().stream()
                    .map(error -> String.valueOf(error.batchIndex)).reduce((a, b) -> a + "," + b).orElse("");
            } catch (Exception | AssertionError e) {
                answer = describe(e);
            }
            out.println(answer);
            out.flush();
        }
    }

    private static String describe(Throwable e) {
        return "error\t" + e.getClass().getSimpleName() + ": " + String.valueOf(e.getMessage()).replaceAll("\\s", " ");
    }

    private static String answer(String[] words) throws Exception {
        switch (words[0]) {
            case "build":
                return build(words);
            case "marker":
                return hex(MemoryRecords.withEndTransactionMarker(Long.parseLong(words[2]), Long.parseLong(words[3]), -1,
                    Long.parseLong(words[4]), Short.parseShort(words[5]), new EndTransactionMarker(
                        ControlRecordType.valueOf(words[1]), Integer.parseInt(words[6]))));
            case "read":
                return read(records(words[1]));
            case "down":
                return hex(records(words[3])
                    .downConvert(Byte.parseByte(words[1]), Long.parseLong(words[2]), Time.SYSTEM).records());
            case "validate":
                return validate(words);
            default:
                throw new IllegalArgumentException("no such question: " + words[0]);
        }
    }

    private static String build(String[] words) {
        byte magic = Byte.parseByte(words[1]);
        String[] producer = words[6].equals("-") ? new String[] {"-1", "-1", "-1", "false"} : words[6].split(":");
        MemoryRecordsBuilder builder = MemoryRecords.builder(ByteBuffer.allocate(1 << 16), magic,
            Compression.of(words[2]).build(), timestampType(magic, words[3]), Long.parseLong(words[4]),
            Long.parseLong(words[5]), Long.parseLong(producer[0]), Short.parseShort(producer[1]),
            Integer.parseInt(producer[2]), Boolean.parseBoolean(producer[3]), -1);
        for (String record : words[7].split(" ")) {
            String[] fields = record.split(",", -1);
            Header[] headers = new Header[fields.length - 4];
            for (int i = 4; i < fields.length; i++) {
                String[] pair = fields[i].split("=", -1);
                headers[i - 4] = new RecordHeader(new String(HEX.parseHex(pair[0]), StandardCharsets.UTF_8), bytes(pair[1]));
            }
            builder.appendWithOffset(Long.parseLong(fields[0]), Long.parseLong(fields[1]), bytes(fields[2]),
                bytes(fields[3]), headers);
        }
        return hex(builder.build());
    }

    private static TimestampType timestampType(byte magic, String name) {
        return magic == 0 ? TimestampType.NO_TIMESTAMP_TYPE : TimestampType.forName(name);
    }

    private static String validate(String[] words) throws Exception {
        MemoryRecords produced = records(words[7]);
        CompressionType source = CompressionType.NONE;
        for (MutableRecordBatch batch : produced.batches()) {
            batch.ensureValid();
            if (batch.compressionType() != CompressionType.NONE) {
                source = batch.compressionType();
            }
        }
        Compression target = Compression.of(words[1].equals("producer") ? source.name : words[1]).build();
        long now = Long.parseLong(words[5]);
        Time time = (Time) Proxy.newProxyInstance(Time.class.getClassLoader(), new Class<?>[] {Time.class},
            (proxy, method, parameters) -> now);
        LogValidator.MetricsRecorder metrics = (LogValidator.MetricsRecorder) Proxy.newProxyInstance(
            Time.class.getClassLoader(), new Class<?>[] {LogValidator.MetricsRecorder.class},
            (proxy, method, parameters) -> null);
        LogValidator validator = new LogValidator(produced, new TopicPartition("topic", 0), time, source, target,
            Boolean.parseBoolean(words[6]), RecordBatch.MAGIC_VALUE_V2, TimestampType.forName(words[2]),
            Long.parseLong(words[3]), Long.parseLong(words[4]), -1, AppendOrigin.CLIENT, MetadataVersion.IBP_3_9_IV0);
        return hex(validator.validateMessagesAndAssignOffsets(PrimitiveRef.ofLong(0), metrics,
            BufferSupplier.NO_CACHING).validatedRecords);
    }

    private static String read(MemoryRecords records) {
        StringJoiner all = new StringJoiner(" ");
        for (MutableRecordBatch batch : records.batches()) {
            batch.ensureValid();
            for (Record record : batch) {
                record.ensureValid();
                StringJoiner fields = new StringJoiner(",");
                fields.add(String.valueOf(record.offset())).add(String.valueOf(record.timestamp()));
                fields.add(hex(record.key())).add(hex(record.value()));
                for (Header header : record.headers()) {
                    byte[] value = header.value();
                    fields.add(HEX.formatHex(header.key().getBytes(StandardCharsets.UTF_8)) + "="
                        + (value == null ? "-" : HEX.formatHex(value)));
                }
                all.add(fields.toString());
            }
        }
        return all.toString();
    }

    private static MemoryRecords records(String hex) {
        return MemoryRecords.readableRecords(ByteBuffer.wrap(HEX.parseHex(hex)));
    }

    private static byte[] bytes(String hex) {
        return hex.equals("-") ? null : HEX.parseHex(hex);
    }

    private static String hex(ByteBuffer buffer) {
        if (buffer == null) {
            return "-";
        }
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return HEX.formatHex(bytes);
    }

    private static String hex(org.apache.kafka.common.record.AbstractRecords records) {
        return hex(((MemoryRecords) records).buffer());
    }
}
