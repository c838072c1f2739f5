import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;

/**
 * Apache Kafka's own message classes on a pipe. A line in, a line out, fields separated by tabs:
 *
 *   decode CLASS VERSION HEX    reads the bytes, writes them again:  ok HEX JSON
 *   encode CLASS VERSION JSON   reads the values:                    ok HEX JSON
 *
 * or `error` and what Kafka says. CLASS is the full name of a generated class; its JsonConverter, which stands
 * beside it, defines the form of the JSON (record data is left out there: it shows in the bytes).
 */
public class MessageOracle {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            out.println(answer(line.split("\t", 4)));
            out.flush();
        }
    }

    private static String answer(String[] question) {
        try {
            short version = Short.parseShort(question[2]);
            Message message = question[0].equals("decode")
                ? decode(question[1], version, question[3])
                : fromJson(question[1], version, question[3]);
            return "ok\t" + encode(message, version) + "\t" + toJson(message, version);
        } catch (InvocationTargetException e) {
            return describe(e.getCause());
        } catch (Exception e) {
            return describe(e);
        }
    }

    private static String describe(Throwable e) {
        return "error\t" + e.getClass().getSimpleName() + ": " + String.valueOf(e.getMessage()).replaceAll("\\s", " ");
    }

    private static Message decode(String name, short version, String hex) throws Exception {
        Message message = (Message) Class.forName(name).getDeclaredConstructor().newInstance();
        ByteBuffer bytes = ByteBuffer.wrap(HexFormat.of().parseHex(hex));
        message.read(new ByteBufferAccessor(bytes), version);
        if (bytes.hasRemaining()) {
            throw new IllegalArgumentException(bytes.remaining() + " bytes left over");
        }
        return message;
    }

    private static Message fromJson(String name, short version, String json) throws Exception {
        Method read = Class.forName(name + "JsonConverter").getMethod("read", JsonNode.class, short.class);
        return (Message) read.invoke(null, MAPPER.readTree(json), version);
    }

    private static String encode(Message message, short version) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer bytes = ByteBuffer.allocate(message.size(cache, version));
        message.write(new ByteBufferAccessor(bytes), cache, version);
        if (bytes.hasRemaining()) {
            throw new IllegalStateException("size() promised " + bytes.remaining() + " bytes more than write() wrote");
        }
        return HexFormat.of().formatHex(bytes.array());
    }

    private static String toJson(Message message, short version) throws Exception {
        Class<?> type = message.getClass();
        Method write = Class.forName(type.getName() + "JsonConverter").getMethod("write", type, short.class, boolean.class);
        return MAPPER.writeValueAsString(write.invoke(null, message, version, true));
    }
}
