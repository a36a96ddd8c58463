package io.hashlayers.worker.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.storage.Folder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunPlanTest {
    private static final Configuration HADOOP = new Configuration();

    @TempDir
    Path dir;

    @Test
    void isReadAsItWasWritten() throws IOException {
        RunPlan plan = plan(7);

        plan.write(folder());

        assertThat(RunPlan.exists(folder())).isTrue();
        assertThat(RunPlan.read(folder())).isEqualTo(plan);
        assertThat(RunPlan.read(folder()).digest()).isEqualTo(plan.digest());
        assertThat(plan(8).digest()).isNotEqualTo(plan.digest());
    }

    @Test
    void aChangedManifestIsRefused() throws IOException {
        plan(7).write(folder());
        Path manifest = dir.resolve("manifest.json");
        Files.writeString(manifest, Files.readString(manifest).replace("\"steps\" : 3", "\"steps\" : 4"));

        assertThatThrownBy(() -> RunPlan.read(folder()))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining(
                        "manifest.json is not a usable plan manifest: its digest is not that of its content");
    }

    @Test
    void receiveCountsOfAnotherPlanAreRefused() throws IOException {
        RunPlan plan = plan(7);
        write(3, new int[] {3, 4});
        plan.receiveCounts(HADOOP, dir.toString(), "train", 0).close();

        write(2, new int[] {3, 4});

        assertThatThrownBy(() -> plan.receiveCounts(HADOOP, dir.toString(), "train", 0))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("is of another plan than the manifest beside it");
        assertThatThrownBy(() -> plan.receiveCounts(HADOOP, dir.toString(), "test", 0))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("the plan in " + dir + " has no split 'test', only [train]");
    }

    private void write(int steps, int[] counts) throws IOException {
        Folder split = RunPlan.splitFolder(folder(), "train");
        try (var writer = new ReceiveCountsWriter(split, RunPlan.receiveFile(0), 0, 2, 1, steps, 10)) {
            for (int step = 0; step < steps; step++) {
                writer.append(counts);
            }
            writer.finish();
        }
    }

    private static RunPlan plan(int peak) {
        SplitTraffic train = new SplitTraffic("sha256:5", 3, 8, List.of(peak, 4), List.of(5, 3), 1.25, 1.5, 0.1, 64);
        return new RunPlan(
                RunPlan.FORMAT_VERSION,
                "sha256:1",
                2,
                4,
                2,
                new TreeMap<>(Map.of("dataset", "sha256:2", "table", "sha256:3", "placement", "sha256:4")),
                new TreeMap<>(Map.of("train", train)));
    }

    private Folder folder() {
        return Folder.of(HADOOP, dir.toString());
    }
}
