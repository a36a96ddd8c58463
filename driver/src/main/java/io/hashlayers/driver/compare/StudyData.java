package io.hashlayers.driver.compare;

import io.hashlayers.driver.config.Settings;
import io.hashlayers.driver.config.Settings.PrepareSettings;
import io.hashlayers.driver.prepare.Prepare;
import io.hashlayers.driver.prepare.PrepareConfig;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.data.DatasetManifest;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/** Finds the datasets of a study, or makes them of text. */
public final class StudyData {
    private final SparkSession spark;
    private final Study study;
    private final Sources sources;
    private final Consumer<String> progress;
    private final Map<String, StudyDataset> found = new LinkedHashMap<>();

    /**
     * Where data comes from.
     *
     * @param prepared folder of each dataset that is there already, by its name
     * @param texts paths of each text, by its name
     * @param overrides settings {@code key=value} over those of the recipes
     * @param folder that gets a folder for each dataset that is made
     */
    public record Sources(
            Map<String, String> prepared, Map<String, List<String>> texts, List<String> overrides, String folder) {}

    private StudyData(SparkSession spark, Study study, Sources sources, Consumer<String> progress) {
        this.spark = spark;
        this.study = study;
        this.sources = sources;
        this.progress = progress;
    }

    /**
     * The datasets that the runs read.
     *
     * @param progress hears a sentence for each part of the work
     * @throws TrainingException of kind {@code USER} if a dataset is neither given nor can be made of a given text; as
     *     {@link Prepare} otherwise
     */
    public static StudyDatasets of(
            SparkSession spark, Study study, List<StudyRun> runs, Sources sources, Consumer<String> progress) {
        requireNames("--data", sources.prepared.keySet(), study.datasets().keySet(), "datasets");
        requireNames(
                "--input",
                sources.texts.keySet(),
                study.datasets().values().stream().map(DatasetRecipe::text).toList(),
                "texts");
        var data = new StudyData(spark, study, sources, progress);
        runs.stream().map(StudyRun::dataset).distinct().forEach(data::find);
        return new StudyDatasets(data.found);
    }

    private static void requireNames(String option, Iterable<String> given, Collection<String> known, String what) {
        for (String name : given) {
            if (!known.contains(name)) {
                throw user("%s names '%s', which is none of the %s of the study, %s"
                        .formatted(option, name, what, String.join(", ", known)));
            }
        }
    }

    private StudyDataset find(String name) {
        StudyDataset known = found.get(name);
        if (known != null) {
            return known;
        }
        DatasetRecipe recipe = study.dataset(name);
        String given = sources.prepared.get(name);
        String folder = given == null ? make(recipe) : given;
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        DatasetManifest manifest = DatasetManifest.read(hadoop, new Path(folder));
        recipe.tokenizerOf().ifPresent(other -> requireSameTokenizer(name, manifest, find(other)));
        var dataset = new StudyDataset(name, folder, manifest, WordLength.ofValidation(hadoop, folder));
        found.put(name, dataset);
        return dataset;
    }

    private static void requireSameTokenizer(String name, DatasetManifest manifest, StudyDataset other) {
        if (!manifest.tokenizerDigest().equals(other.manifest().tokenizerDigest())) {
            throw new TrainingException(
                    Failure.DATA,
                    "the dataset %s must have the dictionary of %s in %s, but has another; prepare it with --tokenizer %s/%s"
                            .formatted(name, other.name(), other.folder(), other.folder(), DatasetFiles.TOKENIZER));
        }
    }

    private String make(DatasetRecipe recipe) {
        List<String> text = sources.texts.get(recipe.text());
        if (text == null) {
            boolean main = recipe.name().equals(DatasetRecipe.MAIN);
            throw user(
                    "the study needs the dataset '%s'; name its folder with --data %sDIR, or its text with --input %sTEXT"
                            .formatted(
                                    recipe.name(),
                                    main ? "" : recipe.name() + "=",
                                    recipe.text().equals(DatasetRecipe.MAIN) ? "" : recipe.text() + "="));
        }
        String tokenizer = recipe.tokenizerOf()
                .map(other -> find(other).folder() + "/" + DatasetFiles.TOKENIZER)
                .orElse("");
        String folder = sources.folder + "/" + recipe.name();
        PrepareSettings prepare = Settings.of(recipe.prepare().over(study.base()), sources.overrides)
                .prepare();
        progress.accept("dataset " + recipe.name());
        Prepare.run(spark, config(prepare, text, tokenizer, folder), progress);
        return folder;
    }

    private static PrepareConfig config(PrepareSettings prepare, List<String> text, String tokenizer, String folder) {
        return new PrepareConfig(
                text,
                prepare.format(),
                prepare.textField(),
                prepare.vocabularySize(),
                tokenizer.isEmpty() ? prepare.tokenizer() : tokenizer,
                prepare.validFraction(),
                prepare.testFraction(),
                prepare.seed(),
                folder,
                true);
    }

    private static TrainingException user(String message) {
        return new TrainingException(Failure.USER, message);
    }
}
