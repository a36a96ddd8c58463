package io.hashlayers.driver.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.checkpoint.Retention;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.optimizer.OptimizerConfig;
import io.hashlayers.worker.optimizer.OptimizerConfig.Schedule;
import io.hashlayers.worker.router.BaseConfig;
import io.hashlayers.worker.router.HashConfig;
import io.hashlayers.worker.router.RouterConfig;
import io.hashlayers.worker.router.SwitchConfig;
import io.hashlayers.worker.train.CheckpointConfig;
import io.hashlayers.worker.train.DivergenceConfig;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.train.TrainConfig;
import io.hashlayers.worker.train.TuningConfig;
import io.hashlayers.worker.transformer.FrozenTensors;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.jspecify.annotations.Nullable;

/**
 * All settings of a command: {@code reference.conf}, overridden by files, overridden by the command line. Immutable.
 *
 * <p>Keys are checked when the settings are loaded, types when a value is read, ranges by the records. All errors are
 * {@link TrainingException}s of kind {@code USER} that name the key.
 */
public final class Settings {
    private static final String DATA = "train.data";
    private static final String RANKS = "train.ranks";
    private static final String FROM = "train.from";
    private static final String FROM_STEP = "train.from-step";
    private static final String TABLE = "moe.table";
    private static final String TABLE_FILE = "moe.table-file";

    private final Config chosen; // without defaults
    private final Config config;
    private final CheckedConfig values;
    private final @Nullable Settings start; // of the checkpoint that the run begins with

    private Settings(Config chosen, Config config, @Nullable Settings start) {
        this.chosen = chosen;
        this.config = config;
        this.values = new CheckedConfig(config);
        this.start = start;
    }

    /** The settings of a dataset's preparation; see {@code reference.conf}. */
    public record PrepareSettings(
            int vocabularySize,
            String tokenizer,
            String format,
            String textField,
            double validFraction,
            double testFraction,
            long seed) {}

    /** The settings of the benchmark; see {@code reference.conf}. */
    public record BenchSettings(int vocabularySize, int steps, int ranks, List<String> against) {
        public BenchSettings {
            against = List.copyOf(against);
            requireAtLeast("bench.vocabulary-size", vocabularySize, 1);
            requireAtLeast("bench.steps", steps, 1);
            requireAtLeast("bench.ranks", ranks, 0);
        }
    }

    /**
     * Reads files, a later one over an earlier one, and the command line over all of them.
     *
     * @param overrides {@code key=value} each; the last of a key holds
     */
    public static Settings load(List<Path> files, List<String> overrides) {
        Config chosen = ConfigFactory.empty();
        for (Path file : files) {
            chosen = ConfigSources.file(file).withFallback(chosen);
        }
        return of(chosen, overrides);
    }

    /**
     * Reads a preset that is packed into the program.
     *
     * @param name relative to {@code conf/}, such as {@code quickstart.conf}
     */
    public static Settings preset(String name, List<String> overrides) {
        return of(ConfigSources.packed(name), overrides);
    }

    /**
     * Loads settings of a study.
     *
     * @param overrides {@code key=value} each, over the patch; the last of a key holds
     */
    public static Settings of(SettingsPatch patch, List<String> overrides) {
        return of(patch.config(), overrides);
    }

    /** Reads what {@link #render} wrote. */
    public static Settings parse(String rendered) {
        return of(ConfigSources.saved(rendered, "the settings of the run"), List.of());
    }

    private static Settings of(Config chosen, List<String> overrides) {
        Config reference = ConfigSources.packed("reference.conf");
        Config all = chosen;
        for (String override : overrides) {
            all = ConfigSources.override(override, reference).withFallback(all);
        }
        return of(all, reference, null);
    }

    private static Settings of(Config chosen, Config defaults, @Nullable Settings start) {
        try {
            Config resolved = chosen.withFallback(defaults).resolve();
            new KnownKeys(ConfigSources.packed("reference.conf")).requireKnown(resolved);
            return new Settings(chosen, resolved, start);
        } catch (ConfigException e) {
            throw new TrainingException(
                    Failure.USER, "the configuration cannot be resolved: " + e.getMessage() + "; correct it", e);
        }
    }

    /** The same settings over another dataset. */
    public Settings withData(String data) {
        return with(DATA, data, "--data");
    }

    /** How often a run is started again from one checkpoint. */
    public int maxRestarts() {
        int restarts = values.integer("train.max-restarts");
        requireAtLeast("train.max-restarts", restarts, 0);
        return restarts;
    }

    /** Fewest ranks with which a run goes on, 0 for all that were asked for. */
    public int leastRanks() {
        int least = values.integer("train.least-ranks");
        requireAtLeast("train.least-ranks", least, 0);
        return least;
    }

    /** The same settings for another number of ranks, 0 for as many as fit. */
    public Settings withRanks(int ranks) {
        return with(RANKS, ranks, "--ranks");
    }

    /** The same settings of a run that begins with the newest checkpoint of another. */
    public Settings withFrom(String run) {
        return with(FROM, run, "--from");
    }

    /** The same settings of a run that begins with this checkpoint of the other. */
    public Settings withFromStep(long step) {
        return with(FROM_STEP, step, "--from-step");
    }

    private Settings with(String key, Object value, String origin) {
        ConfigValue configured = ConfigValueFactory.fromAnyRef(value, origin);
        return new Settings(chosen.withValue(key, configured), config.withValue(key, configured), start);
    }

    /**
     * The same settings with those of a checkpoint in place of the defaults of model and routing, if {@code train.from} names
     * one. Its step is noted.
     *
     * @throws TrainingException of kind {@code DATA} if there is no such checkpoint
     */
    public Settings completed(Configuration hadoop) {
        TuningConfig tuning = tuning();
        if (!tuning.continues()) {
            return this;
        }
        OptionalLong step = tuning.step() == 0 ? OptionalLong.empty() : OptionalLong.of(tuning.step());
        try (CheckpointReader checkpoint = CheckpointReader.open(hadoop, tuning.from(), step)) {
            Settings saved = parse(checkpoint.manifest().settings());
            return of(chosen, saved.sections(chosen).withFallback(ConfigSources.packed("reference.conf")), saved)
                    .withFromStep(checkpoint.manifest().step());
        }
    }

    /** What a run takes over. The file of a table is none of another kind of table. */
    private Config sections(Config over) {
        Config sections = config.withOnlyPath("model").withFallback(config.withOnlyPath("moe"));
        return over.hasPath(TABLE) ? sections.withoutPath(TABLE_FILE) : sections;
    }

    /** The same settings for models whose layers of experts all have this router. */
    public Settings withRouter(String kind) {
        return with("moe.router", kind, "bench.against");
    }

    /** The same settings with another value for a key whose value is a text. */
    public Settings withText(String key, String value) {
        return with(key, value, key);
    }

    /** All settings whose value is a text, sorted by key. */
    public SortedMap<String, String> texts() {
        SortedMap<String, String> texts = new TreeMap<>();
        config.entrySet().forEach(entry -> {
            if (entry.getValue().unwrapped() instanceof String text) {
                texts.put(entry.getKey(), text);
            }
        });
        return texts;
    }

    /**
     * Folder of the dataset.
     *
     * @throws TrainingException if none was given
     */
    public String data() {
        String data = values.text(DATA);
        if (data.isEmpty()) {
            throw new TrainingException(
                    Failure.USER, "no dataset given; name the folder that prepare wrote with --data DIR");
        }
        return data;
    }

    /** The model over a dictionary of this size, which the dataset knows. */
    public ModelConfig model(int vocabularySize) {
        int layers = values.integer("model.layers");
        return new ModelConfig(
                vocabularySize,
                values.integer("model.context-length"),
                layers,
                values.integer("model.dim"),
                values.integer("model.ffn-dim"),
                values.integer("model.heads"),
                values.choice("model.activation", Activation.class),
                values.number("model.dropout"),
                mixture(layers));
    }

    private MixtureConfig mixture(int layers) {
        List<Integer> sparse = sparseLayers(layers);
        return new MixtureConfig(
                sparse,
                values.integer("moe.num-experts"),
                values.integer("moe.experts-per-token"),
                routers(sparse.size()),
                values.integer("moe.shared-experts"),
                values.number("moe.expert-dropout"),
                values.integer("moe.sublayers"));
    }

    /** One router for each sparse layer: the only name holds for all. The settings of all kinds are read, so that none is wrong. */
    private List<RouterConfig> routers(int layers) {
        Map<String, RouterConfig> kinds = new TreeMap<>();
        kinds.put(
                "hash",
                new HashConfig(
                        values.choice("moe.combine", HashConfig.Combine.class),
                        values.number("moe.route-scale"),
                        values.integer("moe.segments")));
        kinds.put(
                "switch",
                new SwitchConfig(
                        values.number("moe.switch.capacity-factor"),
                        values.number("moe.switch.evaluation-capacity-factor"),
                        values.number("moe.switch.balance-weight"),
                        values.number("moe.switch.jitter"),
                        values.choice("moe.switch.reads", SwitchConfig.Reads.class)));
        kinds.put(
                "base",
                new BaseConfig(
                        values.choice("moe.base.assignment", BaseConfig.Assignment.class),
                        values.flag("moe.base.shuffle"),
                        values.integer("moe.base.groups")));
        List<String> names = values.texts("moe.router");
        List<RouterConfig> named =
                names.stream().map(name -> router(name, kinds)).toList();
        return named.size() == 1 ? Collections.nCopies(layers, named.get(0)) : named;
    }

    private static RouterConfig router(String name, Map<String, RouterConfig> kinds) {
        RouterConfig router = kinds.get(name);
        if (router == null) {
            throw new TrainingException(
                    Failure.USER,
                    "moe.router is \"" + name + "\"; set it to one of " + String.join(", ", kinds.keySet())
                            + ", or to a list with one for each of moe.layers");
        }
        return router;
    }

    /** Blocks counted from 0. A list that the model will refuse stays as it was written, for its message. */
    private List<Integer> sparseLayers(int layers) {
        OptionalInt spread = values.numbered("moe.layers", "spread");
        if (spread.isPresent()) {
            int count = spread.getAsInt();
            if (count >= layers) {
                throw new TrainingException(
                        Failure.USER,
                        "moe.layers is spread-%d, for which model.layers = %d are too few; raise model.layers to %d or more, or spread fewer"
                                .formatted(count, layers, count + 1));
            }
            return IntStream.rangeClosed(1, count)
                    .mapToObj(i -> (int) ((long) i * layers / (count + 1)))
                    .toList();
        }
        List<Integer> written = values.integers("moe.layers");
        List<Integer> blocks = written.stream()
                .map(layer -> layer < 0 ? layer + layers : layer)
                .toList();
        boolean ascending = IntStream.range(1, blocks.size()).allMatch(i -> blocks.get(i - 1) < blocks.get(i));
        return ascending && blocks.stream().allMatch(layer -> layer >= 0) ? blocks : written;
    }

    /** A training run over the dataset, whose dictionary has this size. */
    public RunConfig run(String runDir, int vocabularySize) {
        return new RunConfig(
                runDir, values.text(DATA), model(vocabularySize), table(), optimizer(), train(), kernels(), tuning());
    }

    /** What a run begins with; the tables of the checkpoint hold while nobody asks for others. */
    public TuningConfig tuning() {
        return new TuningConfig(
                values.text(FROM),
                values.whole(FROM_STEP),
                start != null && start.table().equals(table()),
                new FrozenTensors(values.texts("train.freeze")));
    }

    private TableConfig table() {
        return new TableConfig(
                values.choice(TABLE, TableConfig.Kind.class),
                values.whole("moe.table-seed"),
                TokenFeature.named(values.text("moe.feature")),
                values.flag("moe.table-per-layer"),
                values.text(TABLE_FILE),
                values.text("moe.clusters-from"),
                values.text("moe.predictions-from"));
    }

    private OptimizerConfig optimizer() {
        return new OptimizerConfig(
                values.number("optimizer.learning-rate"),
                values.whole("optimizer.warmup-steps"),
                values.choice("optimizer.schedule", Schedule.class),
                values.number("optimizer.final-learning-rate-ratio"),
                values.number("optimizer.beta1"),
                values.number("optimizer.beta2"),
                values.number("optimizer.epsilon"),
                values.number("optimizer.weight-decay"),
                values.number("optimizer.clip-norm"));
    }

    public TrainConfig train() {
        return new TrainConfig(
                values.whole("train.steps"),
                values.integer("train.batch-sequences"),
                values.integer("train.accumulate-batches"),
                values.flag("train.recompute-activations"),
                values.whole("train.seed"),
                values.whole("train.evaluate-every"),
                values.whole("train.evaluate-sequences"),
                new CheckpointConfig(
                        values.whole("train.checkpoint-every"),
                        values.flag("train.background-checkpoints"),
                        values.integer("train.checkpoint-timeout-seconds"),
                        new Retention(
                                values.integer("train.keep-last"),
                                values.whole("train.keep-every"),
                                values.flag("train.keep-best"))),
                new DivergenceConfig(
                        values.choice("train.on-divergence", DivergenceConfig.Policy.class),
                        values.number("train.divergence-factor"),
                        values.integer("train.max-skips")),
                values.integer("train.timeout-seconds"),
                values.integer("train.heartbeat-seconds"));
    }

    /** Ranks asked for, 0 for as many as fit. */
    public int ranks() {
        int ranks = values.integer(RANKS);
        requireAtLeast(RANKS, ranks, 0);
        return ranks;
    }

    /** Name of what computes on a rank. */
    public String kernels() {
        return values.text("kernels");
    }

    public PrepareSettings prepare() {
        return new PrepareSettings(
                values.integer("prepare.vocabulary-size"),
                values.text("prepare.tokenizer"),
                values.text("prepare.format"),
                values.text("prepare.text-field"),
                values.number("prepare.valid-fraction"),
                values.number("prepare.test-fraction"),
                values.whole("prepare.seed"));
    }

    public BenchSettings bench() {
        return new BenchSettings(
                values.integer("bench.vocabulary-size"),
                values.integer("bench.steps"),
                values.integer("bench.ranks"),
                values.texts("bench.against"));
    }

    /** All settings as HOCON, as they were resolved; {@link #parse} reads them again. */
    public String render() {
        return config.root()
                .render(ConfigRenderOptions.defaults()
                        .setOriginComments(false)
                        .setComments(false)
                        .setJson(false));
    }

    private static void requireAtLeast(String key, int value, int least) {
        if (value < least) {
            throw new TrainingException(Failure.USER, key + " is " + value + "; set it to " + least + " or more");
        }
    }
}
