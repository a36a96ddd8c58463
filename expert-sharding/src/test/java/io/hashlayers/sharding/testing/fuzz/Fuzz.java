package io.hashlayers.sharding.testing.fuzz;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Changes samples of a format at random and requires of its reader that it ends soon, well or with a {@link TrainingException} of
 * kind {@code DATA} or {@code USER} in one line that names the file, and takes memory by the length of the input and not by the
 * numbers in it.
 *
 * <p>In the build so many changes are made, from the seed of all tests. {@code -Dfuzz.seconds=600} goes on for so long, from a seed
 * that is printed; {@code -Dfuzz.seed=N} repeats one. An input that found a fault is written to {@code target/fuzz/FORMAT/}; those in
 * the resources {@code fuzz/FORMAT/} are read first.
 */
public final class Fuzz implements AutoCloseable {
    private static final long DEADLINE_SECONDS = 20;
    /** Buffers of a fixed size, and what a first call loads. */
    public static final long FREE_BYTES = 32L << 20;

    private static final long BYTES_A_BYTE = 400; // a tree of JSON, several times
    private static final long REPORT_NANOS = TimeUnit.SECONDS.toNanos(60);

    private static final com.sun.management.ThreadMXBean THREADS =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final String format;
    private final String named;
    private final FuzzTarget target;
    private final long freeBytes;
    private final ExecutorService reader = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "fuzz");
        thread.setDaemon(true);
        return thread;
    });
    private long read;
    private long refused;

    /**
     * @param format names the inputs that are kept
     * @param named what the message of every refusal has in it, such as the name of the file
     */
    public Fuzz(String format, String named, FuzzTarget target) {
        this(format, named, target, FREE_BYTES);
    }

    /**
     * @param freeBytes of memory that a read may take whatever the length of the input
     */
    public Fuzz(String format, String named, FuzzTarget target, long freeBytes) {
        this.format = format;
        this.named = named;
        this.target = target;
        this.freeBytes = freeBytes;
    }

    /** What a read did. */
    private record Outcome(@Nullable Throwable thrown, long bytes) {}

    /**
     * Reads samples, kept inputs and changed samples.
     *
     * @param samples that the reader takes
     * @param repair makes a changed sample plausible again, such as with a right checksum; used for every second one
     * @param count changed samples in the build
     */
    public void run(List<byte[]> samples, UnaryOperator<byte[]> repair, int count) {
        for (byte[] sample : samples) {
            Throwable thrown = read(sample).thrown();
            if (thrown != null) {
                throw new AssertionError("a sample of " + format + " is refused", thrown);
            }
        }
        kept().forEach(input -> require(input, "a kept input"));
        long seconds = Long.getLong("fuzz.seconds", 0);
        long seed = Long.getLong(
                "fuzz.seed", seconds > 0 ? System.nanoTime() : Long.getLong("hashlayers.test.seed", 20210608L));
        SplittableRandom seeds = new SplittableRandom(seed);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        long report = System.nanoTime() + REPORT_NANOS;
        long changed = 0;
        while (seconds > 0 ? System.nanoTime() < end : changed < count) {
            SplittableRandom random = seeds.split();
            byte[] input = new Mutator(random, samples).next();
            require(
                    random.nextBoolean() ? repair.apply(input) : input,
                    "number " + changed + " of -Dfuzz.seed=" + seed);
            changed++;
            if (System.nanoTime() > report) {
                tell(seed, changed);
                report += REPORT_NANOS;
            }
        }
        if (seconds > 0) {
            tell(seed, changed);
        }
    }

    private void tell(long seed, long changed) {
        System.err.printf("fuzz %s: seed %d, %d inputs, %d read, %d refused%n", format, seed, changed, read, refused);
    }

    /** Inputs that found a fault once. */
    private List<byte[]> kept() {
        List<byte[]> inputs = new ArrayList<>();
        URL folder = target.getClass().getResource("/fuzz/" + format);
        if (folder == null) {
            return inputs;
        }
        try (Stream<Path> files = Files.list(Path.of(folder.toURI()))) {
            for (Path file : files.sorted().toList()) {
                try (InputStream in = Files.newInputStream(file)) {
                    inputs.add(in.readAllBytes());
                }
            }
            return inputs;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private void require(byte[] input, String which) {
        Outcome outcome = read(input);
        String fault = fault(outcome, input.length);
        if (fault != null) {
            throw new AssertionError(
                    "%s, %s: %s; the input is %s".formatted(format, which, fault, keep(input)), outcome.thrown());
        }
        if (outcome.thrown() == null) {
            read++;
        } else {
            refused++;
        }
    }

    private @Nullable String fault(Outcome outcome, int length) {
        if (outcome.bytes() > freeBytes + BYTES_A_BYTE * length) {
            return "it took %d bytes to read %d".formatted(outcome.bytes(), length);
        }
        Throwable thrown = outcome.thrown();
        if (thrown == null) {
            return null;
        }
        if (!(thrown instanceof TrainingException refusal)) {
            return "it threw " + thrown;
        }
        String message = String.valueOf(refusal.getMessage());
        if (refusal.failure() != Failure.DATA && refusal.failure() != Failure.USER) {
            return "it is refused as " + refusal.failure() + ": " + message;
        }
        if (message.lines().count() != 1) {
            return "it is refused in several lines: " + message;
        }
        return message.contains(named) ? null : "its refusal does not name " + named + ": " + message;
    }

    private Outcome read(byte[] input) {
        Future<Outcome> outcome = reader.submit(() -> measured(input));
        try {
            return outcome.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            return new Outcome(new AssertionError("no end within " + DEADLINE_SECONDS + " s"), 0);
        } catch (ExecutionException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private Outcome measured(byte[] input) {
        long heap = THREADS.getCurrentThreadAllocatedBytes();
        long direct = directBytes();
        Throwable thrown = null;
        try {
            target.read(input);
        } catch (Throwable e) {
            thrown = e;
        }
        long bytes = THREADS.getCurrentThreadAllocatedBytes() - heap + Math.max(0, directBytes() - direct);
        return new Outcome(thrown, bytes);
    }

    private static long directBytes() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getTotalCapacity)
                .sum();
    }

    private Path keep(byte[] input) {
        try {
            Path folder = Files.createDirectories(Path.of("target", "fuzz", format));
            Path file = folder.resolve(Long.toHexString(System.nanoTime()) + ".bin");
            return Files.write(file, input).toAbsolutePath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        reader.shutdownNow();
    }
}
