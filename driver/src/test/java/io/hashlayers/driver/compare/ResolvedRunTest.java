package io.hashlayers.driver.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResolvedRunTest {
    private static final String CHAIN = """
            title = t, seeds = [1], sizes { small {} }
            datasets { main {}, another {} }
            base.train.steps = %d
            variants {
              first { optimizer.learning-rate = %s }
              second { kernels = "run:first" }
              third { prepare.tokenizer = "distilled:second", train.data = another }
              alone {}
            }
            """;

    @TempDir
    Path dir;

    private List<ResolvedRun> chain(int steps, String rate, Path folder) {
        return SampleStudy.runs(SampleStudy.read(dir, CHAIN.formatted(steps, rate)), folder);
    }

    @Test
    void namesBecomeFolders() {
        List<ResolvedRun> runs = chain(5, "0.1", Path.of("/out"));

        assertThat(runs.get(0).folder()).isEqualTo("/out/runs/first/seed-1");
        assertThat(runs.get(0).settings().data()).isEqualTo("/data/main");
        assertThat(runs.get(1).settings().texts()).containsEntry("kernels", "/out/runs/first/seed-1");
        assertThat(runs.get(2).settings().texts())
                .containsEntry("prepare.tokenizer", "/out/runs/second/seed-1/distilled-{layer}.bin")
                .containsEntry("train.data", "/data/another");
        assertThat(runs).allSatisfy(run -> assertThat(run.settings().ranks()).isEqualTo(2));
        assertThat(runs.get(2).distils()).containsExactly(new RunId("second", 1));
    }

    @Test
    void aDigestIsThatOfAllThatTheResultDependsOn() {
        List<ResolvedRun> before = chain(5, "0.1", Path.of("/out"));
        List<ResolvedRun> moved = chain(5, "0.1", Path.of("/elsewhere"));
        List<ResolvedRun> longer = chain(6, "0.1", Path.of("/out"));
        List<ResolvedRun> alone =
                SampleStudy.runs(SampleStudy.read(dir, CHAIN.formatted(5, "0.1")), dir, "train.ranks=1");
        List<ResolvedRun> faster = chain(5, "0.2", Path.of("/out"));

        assertThat(before).extracting(ResolvedRun::digest).doesNotHaveDuplicates();
        for (int i = 0; i < before.size(); i++) {
            String digest = before.get(i).digest();
            assertThat(moved.get(i).digest()).isEqualTo(digest);
            assertThat(longer.get(i).digest()).isNotEqualTo(digest);
            assertThat(alone.get(i).digest()).as("of other ranks").isEqualTo(digest);
            assertThat(alone.get(i).ranks()).isEqualTo(1);
            boolean builtOnTheFirst = i < 3;
            assertThat(faster.get(i).digest().equals(digest)).isEqualTo(!builtOnTheFirst);
        }
    }

    @Test
    void filesAndRunsOutsideOfTheStudyCountByTheirContent() throws IOException {
        Path first = Files.writeString(dir.resolve("first.bin"), "one table");
        Path second = Files.writeString(dir.resolve("second.bin"), "another");
        String digest = ofTable(first);

        assertThat(ofTable(second)).isNotEqualTo(digest);
        Files.writeString(second, "one table");
        Files.createDirectories(dir.resolve("moved"));
        assertThat(ofTable(Files.move(first, dir.resolve("moved/first.bin")))).isEqualTo(digest);
        assertThatThrownBy(() -> ofTable(first)).hasMessageContaining("there is no such file");
        assertThatThrownBy(() -> ofRun("moe.clusters-from", dir.resolve("nothing")))
                .hasMessageContaining("no whole checkpoint");
    }

    private String ofTable(Path file) {
        return ofRun("moe.table-file", file);
    }

    private String ofRun(String key, Path path) {
        String study =
                "title = t, seeds = [1], sizes { small {} }, variants { a { %s = \"%s\" } }".formatted(key, path);
        return SampleStudy.runs(SampleStudy.read(dir, study), Path.of("/out"))
                .get(0)
                .digest();
    }

    @Test
    void whatARunWouldRefuseIsRefusedBefore() {
        String study = """
                title = t, seeds = [1], sizes { small {} }
                variants { base { moe { router = base, num-experts = 7 }, train.batch-sequences = 4, model.context-length = 8 } }
                """;
        ResolvedRun run = SampleStudy.runs(SampleStudy.read(dir, study), dir).get(0);

        assertThatThrownBy(run::requireValid).hasMessageContaining("moe.num-experts = 7");
    }
}
