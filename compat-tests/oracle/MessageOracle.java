import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HexFormat;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.Field;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.TaggedFields;
import org.apache.kafka.common.protocol.types.Type;

/**
 * Apache Kafka's own message classes on a pipe. A line in, a line out, fields separated by tabs:
 *
 *   decode CLASS VERSION HEX    reads the bytes, writes them again:  ok HEX JSON
 *   encode CLASS VERSION JSON   reads the values:                    ok HEX JSON
 *   describe CLASS VERSION      its schema in that version, and the defaults of its structs in all:  ok - JSON
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
            if (question[0].equals("describe")) {
                return "ok\t\t" + MAPPER.writeValueAsString(describe(Class.forName(question[1]), version));
            }
            Message message = question[0].equals("decode")
                ? decode(question[1], version, question[3])
                : fromJson(question[1], version, question[3]);
            return "ok\t" + encode(message, version) + "\t" + toJson(message, version);
        } catch (InvocationTargetException e) {
            return refusal(e.getCause());
        } catch (Exception e) {
            return refusal(e);
        }
    }

    private static String refusal(Throwable e) {
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

    private static ObjectNode describe(Class<?> type, short version) throws Exception {
        ObjectNode described = MAPPER.createObjectNode();
        described.set("fields", fields(((Schema[]) type.getField("SCHEMAS").get(null))[version]));
        addDefaults(type, described.putObject("defaults"));
        return described;
    }

    private static ArrayNode fields(Schema schema) throws Exception {
        ArrayNode fields = MAPPER.createArrayNode();
        for (BoundField bound : schema.fields()) {
            if (bound.def.type instanceof TaggedFields) {
                for (Map.Entry<Integer, Field> tagged : fields((TaggedFields) bound.def.type).entrySet()) {
                    fields.add(field(tagged.getValue()).put("tag", tagged.getKey()));
                }
            } else {
                fields.add(field(bound.def));
            }
        }
        return fields;
    }

    @SuppressWarnings("unchecked")
    private static Map<Integer, Field> fields(TaggedFields section) throws Exception {
        java.lang.reflect.Field fields = TaggedFields.class.getDeclaredField("fields");  // public in Kafka 4 only
        fields.setAccessible(true);
        return (Map<Integer, Field>) fields.get(section);
    }

    private static ObjectNode field(Field field) throws Exception {
        Type type = field.type;
        ObjectNode described = MAPPER.createObjectNode().put("name", field.name).put("nullable", type.isNullable());
        if (type.isArray()) {
            described.put("array", true);
            type = type.arrayElementType().get();
        }
        if (type instanceof Schema) {
            described.set("fields", fields((Schema) type));
        }
        return described;
    }

    private static void addDefaults(Class<?> type, ObjectNode all) throws Exception {
        Object fresh = type.getDeclaredConstructor().newInstance();
        ObjectNode defaults = all.putObject(type.getSimpleName());
        for (java.lang.reflect.Field field : type.getDeclaredFields()) {
            if (!Modifier.isStatic(field.getModifiers()) && !field.getName().matches("_unknownTaggedFields|next|prev")) {
                field.setAccessible(true);
                defaults.putPOJO(field.getName(), shown(field.get(fresh)));
            }
        }
        for (Class<?> inner : type.getDeclaredClasses()) {
            if (Message.class.isAssignableFrom(inner)) {
                addDefaults(inner, all);
            }
        }
    }

    private static Object shown(Object value) {
        if (value instanceof Message) {
            return "a struct";
        }
        return value instanceof Uuid || value instanceof Collection ? value.toString() : value;
    }
}
