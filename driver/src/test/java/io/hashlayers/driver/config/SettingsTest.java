package io.hashlayers.driver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValueType;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.train.TableConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {
    private static final Config REFERENCE = ConfigSources.packed("reference.conf");
    private static final int VOCABULARY = 100;
    private static final String DATA = "train.data=d";

    @TempDir
    Path dir;

    /** All keys that have a default. */
    static Set<String> keys() {
        Set<String> keys = new TreeSet<>();
        REFERENCE.entrySet().forEach(entry -> keys.add(entry.getKey()));
        return keys;
    }

    /** Keys of numbers that have no meaning below 0. */
    static Stream<String> sizes() {
        return keys().stream()
                .filter(key -> REFERENCE.getValue(key).valueType() == ConfigValueType.NUMBER)
                .filter(key -> !key.endsWith("seed"))
                .filter(key -> !key.startsWith("prepare.")); // known to PrepareConfig alone
    }

    /** Reads every setting that there is, in the way of the commands. */
    private static List<Object> readAll(Settings settings) {
        List<Object> values = new ArrayList<>(List.of(settings.ranks(), settings.data(), settings.kernels()));
        values.addAll(List.of(
                settings.train(), settings.prepare(), settings.bench(), settings.maxRestarts(), settings.leastRanks()));
        values.addAll(List.of(settings.model(VOCABULARY), settings.run("r", VOCABULARY)));
        return values;
    }

    @Test
    void everyKeyThatIsReadHasADefault() {
        assertThat(readAll(load(DATA))).isNotEmpty();
        assertThat(keys()).hasSizeGreaterThan(35);
    }

    @ParameterizedTest
    @MethodSource("keys")
    void everyKeyIsReadAndAWrongTypeIsToldWithItsPlace(String key) throws IOException {
        Path file = write("wrong.conf", "# a comment\n" + key + " = { surprise = 1 }\n");

        assertUser(() -> readAll(Settings.load(List.of(write("data.conf", DATA), file), List.of())))
                .hasMessageStartingWith(file + ":2: " + key + " is {\"surprise\":1}; it must be ");
    }

    @ParameterizedTest
    @MethodSource("keys")
    void aKeyWithoutAValueIsNamed(String key) throws IOException {
        Path file = write("null.conf", DATA + "\n" + key + " = null");

        assertUser(() -> readAll(Settings.load(List.of(file), List.of())))
                .hasMessage(key + " is null; give it a value or leave it out, and the default holds");
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void anImpossibleSizeIsNamedWithItsValueAndItsRange(String key) {
        assertUser(() -> readAll(load(DATA, key + "=-5")))
                .hasMessageStartingWith(key + " is -5")
                .hasMessageContaining("; set it to ");
    }

    @ParameterizedTest
    @CsvSource({
        "train.steps=1.5,               train.steps is 1.5; it must be a whole number",
        "train.steps=many,              train.steps is \"many\"; it must be a whole number",
        "train.steps=[1],               train.steps is [1]; it must be a whole number",
        "train.steps=1e30,              train.steps is 1.0E30; it must be a whole number below 2^63",
        "train.ranks=3000000000,        train.ranks is 3000000000; it must be a whole number below 2^31",
        "train.recompute-activations=1, train.recompute-activations is 1; it must be true or false",
        "optimizer.beta1=high,          optimizer.beta1 is \"high\"; it must be a number",
        "optimizer.clip-norm=1e400,     optimizer.clip-norm is Infinity; it must be a number",
        "'optimizer.clip-norm=\"1e400\"', 'optimizer.clip-norm is \"1e400\"; it must be a number'",
        "optimizer.clip-norm=NaN,       optimizer.clip-norm is \"NaN\"; it must be a number",
        "moe.layers=1,                  'moe.layers is 1; it must be a list of whole numbers, such as [1, 3]'",
        "moe.layers=[1.5],              'moe.layers is [1.5]; it must be a list of whole numbers, such as [1, 3]'",
        "moe.layers=[[1]],              'moe.layers is [[1]]; it must be a list of whole numbers, such as [1, 3]'",
        "moe.table=Balanced,            'moe.table is \"Balanced\"; it must be one of balanced, random, modulo, clustered, dispersed, file, tid2eid'",
        "model.activation=,             'model.activation is \"\"; it must be one of relu, gelu'"
    })
    void aWrongValueOfTheCommandLineIsToldWithItsOption(String override, String message) {
        assertUser(() -> readAll(load(DATA, override))).hasMessageContaining("-D " + override + ": " + message);
    }

    @ParameterizedTest
    @CsvSource({
        "'moe.layers=[-5]',      'moe.layers is [-5]; give ascending block numbers'",
        "'moe.layers=[4]',       'moe.layers is [4]; give ascending block numbers'",
        "'moe.layers=[1, -3]',   'moe.layers is [1, -3]; give ascending block numbers'",
        "'moe.layers=[2, 1]',    'moe.layers is [2, 1]; give ascending block numbers'",
        "model.layers=0,         model.layers is 0; set it to 1 or more"
    })
    void blocksThatAreNotThereAreToldAsTheyWereWritten(String override, String message) {
        assertUser(() -> load(override).model(VOCABULARY)).hasMessageStartingWith(message);
    }

    @Test
    void blocksAreCountedFromTheEndToo() {
        assertThat(load("model.layers=6", "moe.layers=[0, -2, -1]")
                        .model(VOCABULARY)
                        .sparseLayers())
                .containsExactly(0, 4, 5);
        assertThat(load("moe.layers=[]").model(VOCABULARY).sparseLayers()).isEmpty();
    }

    /** As the authors of BASE Layers insert them: ((i + 1) layers) / (count + 1). */
    @ParameterizedTest
    @CsvSource({"1, 24, 12", "3, 24, '6,12,18'", "2, 16, '5,10'", "4, 5, '1,2,3,4'", "0, 4, ''"})
    void layersOfExpertsAreSpreadEvenly(int count, int layers, String blocks) {
        List<Integer> spread = load("model.layers=" + layers, "moe.layers=spread-" + count)
                .model(VOCABULARY)
                .sparseLayers();

        assertThat(spread).map(String::valueOf).isEqualTo(blocks.isEmpty() ? List.of() : List.of(blocks.split(",")));
    }

    @Test
    void aTextWithANumberCountsAsTheNumber() throws IOException {
        Path file = write("texts.conf", "train.steps = \" 12 \"\noptimizer.beta1 = \"0.5\"\nmoe.layers = [\"2\"]");
        Settings settings = Settings.load(List.of(file), List.of(DATA));

        assertThat(settings.train().steps()).isEqualTo(12);
        assertThat(settings.run("r", VOCABULARY).optimizer().beta1()).isEqualTo(0.5);
        assertThat(settings.model(VOCABULARY).sparseLayers()).containsExactly(2);
    }

    @Test
    void microBatchesDivideTheBatch() {
        var train = load("train.batch-sequences=12", "train.accumulate-batches=3", "train.steps=7")
                .train();

        assertThat(train.microBatchSequences()).isEqualTo(4);
        assertThat(train.microSteps()).isEqualTo(21);
        assertThat(load().train().accumulateBatches()).isEqualTo(1);
        assertUser(() -> load("train.batch-sequences=8", "train.accumulate-batches=3")
                        .train())
                .hasMessage(
                        "train.batch-sequences is 8, which train.accumulate-batches = 3 does not divide; change one of"
                                + " them");
        assertUser(() -> load("train.accumulate-batches=0").train())
                .hasMessage("train.accumulate-batches is 0; set it to 1 or more");
    }

    @Test
    void recomputationIsSwitchedOnByTrueAloneAndOtherwiseOff() {
        assertThat(load().train().recomputeActivations()).isFalse();
        assertThat(load("train.recompute-activations=false").train().recomputeActivations())
                .isFalse();
        assertThat(load("train.recompute-activations=true").train().recomputeActivations())
                .isTrue();
        assertThat(load("train.recompute-activations=\"true\"").train().recomputeActivations())
                .isTrue();
    }

    @Test
    void aLaterFileGoesOverAnEarlierOneAndTheCommandLineOverBoth() throws IOException {
        Path early = write("early.conf", "train { steps = 1, seed = 1, batch-sequences = 1 }");
        Path late = write("late.conf", "train { seed = 2, batch-sequences = 2 }");

        var train = Settings.load(List.of(early, late), List.of("train.batch-sequences=3", "train.batch-sequences=4"))
                .train();

        assertThat(train.steps()).isEqualTo(1);
        assertThat(train.seed()).isEqualTo(2);
        assertThat(train.batchSequences()).isEqualTo(4);
        assertThat(train.timeoutSeconds()).isEqualTo(REFERENCE.getInt("train.timeout-seconds"));
    }

    @Test
    void aListOfALaterFileReplacesTheEarlierOne() throws IOException {
        Path early = write("early.conf", "moe.layers = [0, 1]");
        Path late = write("late.conf", "moe.layers = [2]");

        assertThat(Settings.load(List.of(early, late), List.of())
                        .model(VOCABULARY)
                        .sparseLayers())
                .containsExactly(2);
    }

    @Test
    void textsOfTheCommandLineNeedNoQuotes() {
        Settings settings = load("train.data=hdfs://host:9000/a b/{c}=d,#e", "prepare.text-field=a.b", "kernels=nd4j");

        assertThat(settings.data()).isEqualTo("hdfs://host:9000/a b/{c}=d,#e");
        assertThat(settings.prepare().textField()).isEqualTo("a.b");
        assertThat(settings.kernels()).isEqualTo("nd4j");
        assertThat(load("moe.table=random", "model.activation=relu").run("r", VOCABULARY))
                .satisfies(run -> assertThat(run.table().kind()).isEqualTo(TableConfig.Kind.RANDOM))
                .satisfies(run -> assertThat(run.model().activation()).isEqualTo(Activation.RELU));
    }

    @Test
    void settingsAreReadAsTheyWereRendered() {
        Settings settings =
                load("train.data=/a \"b\"\\c\n\u00e9", "train.steps=7", "optimizer.epsilon=3e-11", "moe.layers=[0, 2]");

        Settings parsed = Settings.parse(settings.render());

        assertThat(readAll(parsed)).isEqualTo(readAll(settings));
        assertThat(parsed.render()).isEqualTo(settings.render());
        assertThat(parsed.data()).isEqualTo("/a \"b\"\\c\n\u00e9");
        keys().stream().map(key -> ConfigUtil.splitPath(key)).forEach(path -> assertThat(settings.render())
                .contains(path.get(path.size() - 1)));
    }

    @Test
    void aDamagedRenderingIsRefused() {
        assertUser(() -> Settings.parse("train { steps = "))
                .hasMessageStartingWith("the settings of the run cannot be read as HOCON: ");
        assertUser(() -> Settings.parse("train.step = 1")).hasMessageContaining("did you mean train.steps?");
    }

    @Test
    void otherDataAndRanksReplaceThoseOfTheFiles() {
        Settings settings = load(DATA, "train.ranks=2");

        assertThat(settings.withData("e").data()).isEqualTo("e");
        assertThat(settings.withData("e").ranks()).isEqualTo(2);
        assertThat(settings.withRanks(5).ranks()).isEqualTo(5);
        assertThat(settings.data()).isEqualTo("d");
        assertUser(() -> settings.withRanks(-1).ranks()).hasMessage("train.ranks is -1; set it to 0 or more");
    }

    @Test
    void withoutADatasetTheOptionIsNamed() {
        assertUser(() -> load().data())
                .hasMessage("no dataset given; name the folder that prepare wrote with --data DIR");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "=", "=5", "train.steps", "train.steps 5"})
    void anOverrideWithoutAKeyAndAValueIsRefused(String override) {
        assertUser(() -> load(override)).hasMessage("-D " + override + " is not key=value, such as -D train.steps=100");
    }

    @ParameterizedTest
    @ValueSource(strings = {"train..steps=5", "train.steps=", "train.steps=[1", "train.steps={", ".=1", "a\"=1"})
    void anOverrideThatIsNotHoconIsRefused(String override) {
        assertUser(() -> load(override))
                .hasMessageStartingWith("-D " + override + " cannot be read as HOCON: ")
                .hasMessageEndingWith("; correct it");
    }

    @Test
    void aFileThatIsMissingOrNoHoconIsNamed() throws IOException {
        Path missing = dir.resolve("missing.conf");
        assertUser(() -> Settings.load(List.of(missing), List.of()))
                .hasMessage("there is no configuration file " + missing + "; check its path");
        assertUser(() -> Settings.load(List.of(dir), List.of())).hasMessageContaining("no configuration file " + dir);

        Path broken = write("broken.conf", "train {\n  steps = \n");
        assertUser(() -> Settings.load(List.of(broken), List.of()))
                .hasMessageStartingWith(broken + " cannot be read as HOCON: ");
    }

    @Test
    void aReferenceToNothingIsNamed() throws IOException {
        Path file = write("reference.conf", "train.steps = ${nothing.of.this.name}");

        assertUser(() -> Settings.load(List.of(file), List.of()))
                .hasMessageStartingWith("the configuration cannot be resolved: ")
                .hasMessageContaining("nothing.of.this.name");
    }

    @Test
    void anUnknownKeyIsToldWithItsPlaceAndTheNearestKnownOne() throws IOException {
        Path file = write("slip.conf", "train {\n  steps = 5\n  bach-sequences = 8\n}");

        assertUser(() -> Settings.load(List.of(file), List.of()))
                .hasMessage(file + ":3: there is no setting train.bach-sequences; did you mean train.batch-sequences?");
        assertUser(() -> load("heads=2"))
                .hasMessage("-D heads=2: there is no setting heads; did you mean model.heads?");
    }

    @Test
    void aSectionTakesNoValueAndASettingNoSection() {
        assertUser(() -> load("bench=5"))
                .hasMessage(
                        "-D bench=5: bench is a section and takes no value; its settings are bench.against, bench.ranks,"
                                + " bench.steps, bench.vocabulary-size");
        assertUser(() -> load("bench=null")).hasMessageContaining("bench is a section and takes no value");
        assertUser(() -> load("bench.steps.of=5").bench()).hasMessageContaining("bench.steps is {\"of\":5}");
    }

    @Test
    void presetsThatArePackedAreRead() {
        assertThat(readAll(Settings.preset("quickstart.conf", List.of(DATA)))).isNotEmpty();
        assertThat(Settings.preset("quickstart.conf", List.of("train.steps=9"))
                        .train()
                        .steps())
                .isEqualTo(9);
    }

    private static Settings load(String... overrides) {
        return Settings.load(List.of(), List.of(overrides));
    }

    private Path write(String name, String content) throws IOException {
        return Files.writeString(dir.resolve(name), content);
    }

    private static AbstractThrowableAssert<?, ?> assertUser(ThrowingCallable call) {
        return assertThatThrownBy(call).isInstanceOfSatisfying(TrainingException.class, e -> assertThat(e.failure())
                .isEqualTo(Failure.USER));
    }
}
