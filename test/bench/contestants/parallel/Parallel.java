import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.annotations.SerializedName;
import io.confluent.parallelconsumer.ParallelConsumerOptions;
import io.confluent.parallelconsumer.ParallelConsumerOptions.CommitMode;
import io.confluent.parallelconsumer.ParallelConsumerOptions.ProcessingOrder;
import io.confluent.parallelconsumer.ParallelStreamProcessor;
import io.confluent.parallelconsumer.internal.DrainingCloseable.DrainingMode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Confluent's parallel-consumer as a contestant of the benchmark: one consumer of all topics, as many messages at once as
 * the task has slots, in the task's order.
 *
 * <p>It is tuned as its README says: offsets are committed asynchronously, which is its default and the faster way; the
 * order is the weakest that the task allows; and where there is no work, its function takes batches, which the README has
 * for functions that can do several at once, and more messages wait for it than by default; batches of 100 are no faster.
 * Beyond that a poll brings more than the default of 500 messages, and the JVM's collector is the one for throughput.
 *
 * <p>`Parallel TASKJSON` runs it; the protocol is that of test/bench/task. `Parallel spread PARTITION OFFSET …` prints
 * task.Spread of each pair, for a test.
 */
public final class Parallel {
    /** The task, as in test/bench/task. */
    static final class Task {
        List<String> brokers;
        String base;
        int lowest;
        int highest;
        int partitions;
        String group;
        int slots;
        @SerializedName("work_min_us") long workMin;
        @SerializedName("work_max_us") long workMax;
        String order;
        long count;
        boolean trace;

        long work(int partition, long offset) {
            return workMax <= workMin ? workMin : workMin + spread(partition, offset) % (workMax - workMin + 1);
        }
    }

    static long spread(int partition, long offset) {
        long seed = (offset * 7919 + (long) partition * 104729 + 17) & ((1L << 31) - 1);
        return seed * 48271 % ((1L << 31) - 1);
    }

    /** How many messages the function gets at once, and how many wait here, where there is nothing to do for each. */
    static final int BATCH = 10;

    static final int BUFFER = 20_000;

    static final int MAX_WAITS = 1 << 22;
    static final Duration CLOSE_LIMIT = Duration.ofSeconds(20);

    /** The clock of all processes has microseconds here, at least; currentTimeMillis hasn't. */
    static long now() {
        var t = java.time.Instant.now();
        return t.getEpochSecond() * 1_000_000_000L + t.getNano();
    }

    final Task task;
    final PrintStream out;
    final Gson gson = new Gson();
    final LongAdder[] started;
    final LongAdder done = new LongAdder();
    final AtomicBoolean first = new AtomicBoolean();
    final List<Long> waits = new ArrayList<>();

    Parallel(Task task, PrintStream out) {
        this.task = task;
        this.out = out;
        started = new LongAdder[task.highest - task.lowest + 1];
        Arrays.setAll(started, n -> new LongAdder());
    }

    public static void main(String[] args) throws Exception {
        if (args.length > 0 && args[0].equals("spread")) {
            for (int n = 1; n + 1 < args.length; n += 2) {
                System.out.println(spread(Integer.parseInt(args[n]), Long.parseLong(args[n + 1])));
            }
            return;
        }
        if (args.length != 1) {
            System.err.println("parallel: want TASKJSON");
            System.exit(2);
        }
        try {
            new Parallel(new Gson().fromJson(args[0], Task.class), System.out).run();
        } catch (Exception e) {
            fail(e);
        }
        System.exit(0);
    }

    static void fail(Throwable e) {
        e.printStackTrace();
        Runtime.getRuntime().halt(1);
    }

    void run() throws IOException {
        List<String> topics = new ArrayList<>();
        for (int level = task.lowest; level <= task.highest; level++) {
            topics.add(task.base + "_" + level);
        }
        boolean idle = task.workMin == 0 && task.workMax == 0;
        var builder = ParallelConsumerOptions.<String, byte[]>builder()
                .consumer(new KafkaConsumer<>(properties()))
                .ordering(switch (task.order) {
                    case "none" -> ProcessingOrder.UNORDERED;
                    case "key" -> ProcessingOrder.KEY;
                    case "partition" -> ProcessingOrder.PARTITION;
                    default -> throw new IllegalArgumentException("order " + task.order + ": want none, key or partition");
                })
                .maxConcurrency(task.slots)
                .commitMode(CommitMode.PERIODIC_CONSUMER_ASYNCHRONOUS)
                .commitInterval(Duration.ofSeconds(1));
        if (idle) {
            builder.batchSize(BATCH).messageBufferSize(BUFFER);
        }
        var consumer = ParallelStreamProcessor.createEosStreamProcessor(builder.build());
        consumer.subscribe(topics);
        emit(event("polling", now()));
        consumer.poll(batch -> batch.forEach(record -> handle(record.getConsumerRecord())));
        if (task.count > 0) {
            var watch = new Thread(this::await, "await");
            watch.setDaemon(true);
            watch.start();
        }
        obey();
        // What runs ends and is committed; what only waits here is left.
        consumer.close(CLOSE_LIMIT, DrainingMode.DONT_DRAIN);
    }

    Properties properties() {
        var p = new Properties();
        p.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, String.join(",", task.brokers));
        p.put(ConsumerConfig.GROUP_ID_CONFIG, task.group);
        p.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        p.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false); // it commits what is done
        // Keys as strings, since byte arrays aren't equal to each other, and it keeps the order of equal ones.
        p.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, StringDeserializer.class);
        p.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        p.put(ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, CooperativeStickyAssignor.class.getName());
        p.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, 10_000);
        p.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, 500);
        p.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 2_000);
        return p;
    }

    void handle(ConsumerRecord<String, byte[]> m) {
        int level = Integer.parseInt(m.topic(), m.topic().lastIndexOf('_') + 1, m.topic().length(), 10);
        Header produced = m.headers().lastHeader("produced_at_ns");
        if (produced != null || task.trace || !first.get()) {
            note(m, produced);
        }
        started[level - task.lowest].increment();
        long micros = task.work(m.partition(), m.offset());
        if (micros > 0) {
            sleep(TimeUnit.MICROSECONDS.toNanos(micros));
        }
        done.increment();
    }

    /** Sleeps as exactly as others do: Thread.sleep makes whole milliseconds of it, which would be a fifth more work. */
    static void sleep(long nanos) {
        long end = System.nanoTime() + nanos;
        boolean interrupted = false;
        for (long left = nanos; left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    void note(ConsumerRecord<String, byte[]> m, Header produced) {
        long now = now();
        if (first.compareAndSet(false, true)) {
            emit(event("first", now));
        }
        if (task.trace) {
            var e = event("handled", now);
            e.addProperty("topic", m.topic());
            e.addProperty("partition", m.partition());
            e.addProperty("offset", m.offset());
            emit(e);
        }
        if (produced == null) {
            return;
        }
        long wait = now - Long.parseLong(new String(produced.value(), StandardCharsets.US_ASCII));
        synchronized (waits) {
            if (waits.size() == MAX_WAITS) {
                fail(new IllegalStateException("no mark was asked for in " + MAX_WAITS + " messages"));
            }
            waits.add(wait);
        }
    }

    static JsonObject event(String name, long at) {
        var e = new JsonObject();
        e.addProperty("event", name);
        e.addProperty("at", at);
        return e;
    }

    synchronized void emit(JsonObject e) {
        out.println(gson.toJson(e));
        out.flush();
    }

    /** Answers marks until a stop, or the end of the commands. */
    void obey() throws IOException {
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null && !line.strip().equals("stop"); line = in.readLine()) {
            if (!line.strip().equals("mark")) {
                throw new IOException("command " + line + ": want mark or stop");
            }
            emit(mark());
        }
    }

    JsonObject mark() {
        long doneNow = done.sum(); // before what was begun, so that it is never more
        var e = event("mark", now());
        var counts = new JsonArray();
        for (var n : started) {
            counts.add(n.sum());
        }
        e.add("started", counts);
        e.addProperty("done", doneNow);
        var times = new JsonArray();
        synchronized (waits) {
            waits.forEach(times::add);
            waits.clear();
        }
        e.add("waits", times);
        return e;
    }

    /** Says when all is done: recorder.go tells why and how it looks. */
    void await() {
        long before = 0;
        long looked = System.nanoTime();
        long pause = 20_000_000;
        try {
            while (true) {
                TimeUnit.NANOSECONDS.sleep(pause);
                long sum = done.sum();
                long now = System.nanoTime();
                if (sum >= task.count) {
                    emit(event("finished", now()));
                    return;
                }
                pause = 5_000_000;
                if (sum > before) {
                    pause = (long) ((double) (now - looked) * (task.count - sum) / (sum - before) / 2);
                }
                pause = Math.max(500_000, Math.min(pause, 20_000_000));
                before = sum;
                looked = now;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
