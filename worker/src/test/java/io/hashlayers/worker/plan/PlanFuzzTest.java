package io.hashlayers.worker.plan;

import io.hashlayers.sharding.testing.fuzz.Fuzz;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.storage.SealedManifest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanFuzzTest {
    private static final Configuration HADOOP = new Configuration();
    private static final String SPLIT = "train";
    private static final int WORLD = 2;
    private static final int EXPERTS = 3;

    @TempDir
    Path dir;

    private Folder write(int maxRows) throws IOException {
        Folder plan = Folder.of(HADOOP, dir.toString());
        String file = RunPlan.receiveFile(1);
        try (var writer =
                new ReceiveCountsWriter(RunPlan.splitFolder(plan, SPLIT), file, 1, WORLD, EXPERTS, 4, maxRows)) {
            for (int step = 0; step < 4; step++) {
                writer.append(new int[] {step, 1, 2, 3, 4, 5});
            }
            writer.finish();
        }
        return plan;
    }

    private Path counts() {
        return dir.resolve(SPLIT).resolve(RunPlan.receiveFile(1));
    }

    @Test
    void receiveCounts() throws IOException {
        write(100);
        byte[] narrow = Files.readAllBytes(counts());
        write(1_000_000);
        byte[] wide = Files.readAllBytes(counts());
        try (Fuzz fuzz = new Fuzz("receive-counts", counts().toString(), this::readCounts)) {
            fuzz.run(List.of(narrow, wide), PlanFuzzTest::checksummed, 2000);
        }
    }

    private void readCounts(byte[] input) throws IOException {
        Files.write(counts(), input);
        try (ReceiveCounts counts = ReceiveCounts.open(HADOOP, counts().toString())) {
            if ((long) counts.worldSize() * counts.localExperts() > 1000) {
                return; // the caller makes the array, by the plan
            }
            int[][] rows = new int[counts.worldSize()][counts.localExperts()];
            for (long step = 0; step < Math.min(10, counts.steps()); step++) {
                counts.read(step, rows);
            }
        }
    }

    /** Gives the header its checksum, and the end of the file one of a footer. */
    private static byte[] checksummed(byte[] input) {
        int end = input.length - ReceiveHeader.FOOTER_BYTES;
        if (end < ReceiveHeader.BYTES) {
            return input;
        }
        ByteBuffer bytes = ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(
                ReceiveHeader.BYTES - Integer.BYTES,
                ReceiveHeader.checksum(input, 0, ReceiveHeader.BYTES - Integer.BYTES));
        bytes.putInt(end + Integer.BYTES, ReceiveHeader.checksum(input, end, Integer.BYTES));
        return input;
    }

    @Test
    void manifests() throws IOException {
        Folder plan = write(100);
        new RunPlan(
                        RunPlan.FORMAT_VERSION,
                        "sha256:1",
                        WORLD,
                        2,
                        4,
                        new TreeMap<>(Map.of("dataset", "sha256:2")),
                        new TreeMap<>(Map.of(
                                SPLIT,
                                new SplitTraffic(
                                        "sha256:3", 4, 8, List.of(18, 18), List.of(8, 7, 6), 1.1, 1.2, 100.5, 120))))
                .write(plan);
        Path file = dir.resolve("manifest.json");
        byte[] sample = Files.readAllBytes(file);
        try (Fuzz fuzz = new Fuzz("plan-manifest", dir.toString(), input -> {
            Files.write(file, input);
            RunPlan.read(plan).receiveCounts(HADOOP, dir.toString(), SPLIT, 1).close();
        })) {
            fuzz.run(List.of(sample), SealedManifest::seal, 2000);
        }
    }
}
