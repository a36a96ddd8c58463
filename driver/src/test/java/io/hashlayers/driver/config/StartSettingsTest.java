package io.hashlayers.driver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.CheckpointContent;
import io.hashlayers.worker.checkpoint.CheckpointTensors;
import io.hashlayers.worker.checkpoint.CheckpointWriter;
import io.hashlayers.worker.collective.LocalCollectives;
import io.hashlayers.worker.router.HashConfig;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.train.TuningConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.Parameters;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run takes over from the checkpoint that it begins with. */
class StartSettingsTest {
    private static final Configuration HADOOP = new Configuration();
    private static final int VOCABULARY = 20;

    @TempDir
    static Path run;

    private static Settings saved;

    @BeforeAll
    static void writeCheckpoints() {
        saved = load(
                "model.layers=3",
                "model.dim=8",
                "model.ffn-dim=4",
                "model.heads=2",
                "model.context-length=4",
                "moe.layers=[-1]",
                "moe.num-experts=3",
                "moe.router=hash",
                "moe.combine=sigmoid",
                "moe.table=random",
                "moe.table-seed=5",
                "train.steps=70",
                "optimizer.learning-rate=0.5");
        write(run, saved, 10);
        write(run, saved, 70);
    }

    private static void write(Path run, Settings saved, long step) {
        ModelConfig model = saved.model(VOCABULARY);
        Parameters parameters =
                Parameters.forEvaluation(model, layer -> IntStream.range(0, 3).toArray());
        var content = new CheckpointContent(step, model, new TreeMap<>(), saved.render(), List.of());
        new CheckpointWriter(
                        HADOOP,
                        run.toString(),
                        LocalCollectives.create(1, Duration.ofSeconds(5)).get(0))
                .write(content, CheckpointTensors.of(parameters));
    }

    private static Settings load(String... overrides) {
        return Settings.load(List.of(), List.of(overrides));
    }

    private static RunConfig started(String... overrides) {
        return load(overrides).withFrom(run.toString()).completed(HADOOP).run("r", VOCABULARY);
    }

    @Test
    void modelAndRoutingAreThoseOfTheCheckpointAndNothingElseIs() {
        RunConfig config = started("train.steps=9");

        assertThat(config.model()).isEqualTo(saved.model(VOCABULARY));
        assertThat(config.table().kind()).isEqualTo(TableConfig.Kind.RANDOM);
        assertThat(config.train().steps()).isEqualTo(9);
        assertThat(config.optimizer()).isEqualTo(load().run("r", VOCABULARY).optimizer());
        assertThat(config.tuning().from()).isEqualTo(run.toString());
        assertThat(config.tuning().step()).isEqualTo(70);
        assertThat(config.tuning().keepsTables()).isTrue();
    }

    @Test
    void theStepCanBeChosen() {
        Settings settings = load().withFrom(run.toString()).withFromStep(10).completed(HADOOP);

        assertThat(settings.run("r", VOCABULARY).tuning().step()).isEqualTo(10);
        assertThatThrownBy(
                        () -> load().withFrom(run.toString()).withFromStep(11).completed(HADOOP))
                .hasMessageContaining("no whole checkpoint of step 11");
        assertThatThrownBy(() -> load("train.from-step=3").completed(HADOOP))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.USER))
                .hasMessage("train.from-step is 3 but train.from names no run; set it, too");
    }

    @Test
    void whatIsSetGoesOverTheCheckpoint() {
        ModelConfig model = started("moe.layers=[0, 2]", "moe.combine=sum", "model.dropout=0.25")
                .model();

        assertThat(model.sparseLayers()).containsExactly(0, 2);
        assertThat(model.router(0)).isEqualTo(HashConfig.SUM);
        assertThat(model.numExperts()).isEqualTo(3);
        assertThat(model.dropout()).isEqualTo(0.25);
    }

    @Test
    void tablesAreKeptUntilOthersAreAskedFor() {
        assertThat(started("moe.table=random", "moe.table-seed=5").tuning().keepsTables())
                .isTrue();
        assertThat(started("moe.table-seed=6").tuning().keepsTables()).isFalse();
        assertThat(started("moe.feature=bigram").tuning().keepsTables()).isFalse();
        assertThat(started("moe.table=file", "moe.table-file=t.bin").tuning().keepsTables())
                .isFalse();
        assertThat(load().run("r", VOCABULARY).tuning()).isEqualTo(TuningConfig.NONE);
    }

    @Test
    void theFileOfATableIsTakenOverWithItsKindAlone(@TempDir Path other) {
        write(
                other,
                load("model.layers=1", "model.dim=4", "moe.num-experts=3", "moe.table=file", "moe.table-file=t.bin"),
                1);

        assertThat(table(load().withFrom(other.toString())).file()).isEqualTo("t.bin");
        assertThat(table(load("moe.table-file=u.bin").withFrom(other.toString()))
                        .file())
                .isEqualTo("u.bin");
        assertThat(table(load("moe.table=modulo").withFrom(other.toString())).file())
                .isEmpty();
    }

    private static TableConfig table(Settings settings) {
        return settings.completed(HADOOP).run("r", VOCABULARY).table();
    }

    @Test
    void aFileGoesWithTheKindOfTheTable() {
        Settings ofFile = load("moe.table=file", "moe.table-file=t.bin");

        assertThat(ofFile.run("r", VOCABULARY).table().file()).isEqualTo("t.bin");
        assertThatThrownBy(() -> load("moe.table-file=t.bin").run("r", VOCABULARY))
                .hasMessage(
                        "moe.table-file is t.bin but moe.table is balanced, so that it would not be read; set moe.table"
                                + " to the kind of the file");
        assertThatThrownBy(() -> load("moe.table=file").run("r", VOCABULARY))
                .hasMessage("moe.table is file and moe.table-file is empty; name the file of the table");
    }

    @Test
    void completeSettingsAreReadAsTheyWereRendered() {
        Settings settings = load("train.freeze=[experts, \"h.0.*\"]")
                .withFrom(run.toString())
                .completed(HADOOP);

        Settings parsed = Settings.parse(settings.render()).completed(HADOOP);

        assertThat(parsed.run("r", VOCABULARY)).isEqualTo(settings.run("r", VOCABULARY));
        assertThat(parsed.render()).isEqualTo(settings.render());
        assertThat(parsed.run("r", VOCABULARY).tuning().frozen().patterns()).containsExactly("experts", "h.0.*");
        assertThat(settings.completed(HADOOP).render()).isEqualTo(settings.render());
    }

    @Test
    void otherDataAndRanksStay() {
        Settings settings = load("train.data=d", "train.ranks=3")
                .withFrom(run.toString())
                .withRanks(2)
                .completed(HADOOP)
                .withData("e");

        assertThat(settings.data()).isEqualTo("e");
        assertThat(settings.ranks()).isEqualTo(2);
        assertThat(settings.completed(HADOOP).data()).isEqualTo("e");
    }
}
