package io.hashlayers.driver.track;

import io.hashlayers.driver.gang.MemoryPlan;
import io.hashlayers.driver.gang.RankProcess;
import io.hashlayers.worker.transformer.ModelMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Tells a memory plan to people, in MiB, and what became of it. */
final class MemoryText {
    private MemoryText() {}

    /** The plan: its sum, then what it is the sum of. */
    static List<String> of(MemoryPlan memory) {
        ModelMemory model = memory.model();
        RankProcess process = memory.process();
        String ranks = process.ranks() == 1 ? "1 rank" : process.ranks() + " ranks";
        List<String> parts = new ArrayList<>(List.of(
                "memory    " + mebibytes(memory.totalBytes()) + " MiB or so in a process with " + ranks,
                part(model.denseBytes(), "dense parameters and gradients, a copy each rank, and moments of its share"),
                part(model.expertBytes(), "experts with theirs"),
                part(model.keptBytes(), "activations kept for the way back"),
                part(model.scratchBytes(), "scratch of all layers, logits among it"),
                part(memory.transportBytes(), "messages to and from ranks of other processes"),
                part(process.heapBytes(), "heap, of the " + mebibytes(process.heapLimitBytes()) + " that it may take"),
                part(
                        process.baseBytes(),
                        process.driver() ? "JVM, Spark's driver, libraries" : "JVM, Spark, libraries")));
        if (model.snapshotBytes() > 0) {
            parts.add(part(model.snapshotBytes(), "copy of a checkpoint, to write it beside the steps"));
        }
        return parts;
    }

    /** What was resident at most, beside what was planned. */
    static String measured(MemoryPlan memory, List<Long> peakBytes) {
        long planned = memory.totalBytes();
        long most = peakBytes.stream().mapToLong(Long::longValue).max().orElse(0);
        return "memory    %s MiB were resident at most%s; planned were %s (%s %%)"
                .formatted(
                        peakBytes.stream().map(MemoryText::mebibytes).collect(Collectors.joining(", ")),
                        peakBytes.size() == 1 ? "" : " in " + peakBytes.size() + " processes",
                        mebibytes(planned),
                        String.format(Locale.ROOT, "%+.1f", 100.0 * (most - planned) / planned));
    }

    private static String part(long bytes, String what) {
        return "%16s  %s".formatted(mebibytes(bytes), what);
    }

    private static String mebibytes(long bytes) {
        return String.format(Locale.ROOT, "%,d", (bytes + (1 << 19)) >> 20);
    }
}
