package io.hashlayers.driver.cli;

import io.hashlayers.driver.compare.DatasetRecipe;
import io.hashlayers.driver.compare.EqualityCheck;
import io.hashlayers.driver.compare.ParquetResults;
import io.hashlayers.driver.compare.ResolvedRun;
import io.hashlayers.driver.compare.ResultTable;
import io.hashlayers.driver.compare.RunOutcome;
import io.hashlayers.driver.compare.SparkTrainer;
import io.hashlayers.driver.compare.Study;
import io.hashlayers.driver.compare.StudyData;
import io.hashlayers.driver.compare.StudyDatasets;
import io.hashlayers.driver.compare.StudyExecution;
import io.hashlayers.driver.compare.StudyReader;
import io.hashlayers.driver.compare.StudyResults;
import io.hashlayers.driver.compare.StudyRun;
import io.hashlayers.driver.compare.StudyRuns;
import io.hashlayers.driver.compare.StudySlots;
import io.hashlayers.driver.config.SettingsPatch;
import io.hashlayers.driver.gang.Slots;
import io.hashlayers.driver.gang.SparkSessions;
import io.hashlayers.driver.prepare.QuickstartText;
import io.hashlayers.driver.track.StudyProgress;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.storage.Folder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "compare",
        description =
                "Runs a study: all its variants with all its seeds, a table of results, a report about its claims.",
        footer = {
            "",
            "Runs are done one after the other, each on all slots, or with --parallel N at once, each on an N-th of them.",
            "Started again, finished runs are kept as long as their settings, ranks and data are the same. A run that fails",
            "is tried once more; if it fails again, the report says so.",
            "--out gets runs/VARIANT/seed-N/, data/, results.csv, results.parquet and report.html.",
            "Without data or text, the study is done on that of the quickstart. docs/studies.md tells more.",
            "",
            "Examples:",
            "  hashlayers --master local[2] compare --study conf/studies/hash-types.conf --data work/data",
            "  hashlayers compare --study conf/studies/base-vs-hash.conf --input corpus.txt.gz --out work/base",
            "  hashlayers compare --study conf/studies/finetune-freeze.conf --data work/data --input other=new.txt",
            "  hashlayers compare --study conf/studies/multihash.conf --seeds 1,2,3,4,5 --only one --only four",
            "  hashlayers compare --study conf/studies/hash-types.conf --data work/data --parallel 4 -D train.ranks=1",
            "  hashlayers --master spark://host:7077 compare --study conf/studies/base-vs-hash.conf --size paper \\",
            "      --data hdfs:///data --out hdfs:///studies/base -D train.ranks=32"
        })
final class CompareCommand implements Callable<Integer> {
    @Option(
            names = "--study",
            required = true,
            paramLabel = "FILE",
            description = "The study, such as one of conf/studies/.")
    private Path file = Path.of("");

    @Option(
            names = "--size",
            paramLabel = "NAME",
            defaultValue = "small",
            description = "Which of the study's sizes, small (two cores) or paper; default: ${DEFAULT-VALUE}.")
    private String size = "";

    @Option(
            names = "--data",
            paramLabel = "[NAME=]DIR",
            description = "Folder that prepare wrote, for the study's dataset of that name, or for its main one; may be"
                    + " repeated.")
    private List<String> data = new ArrayList<>();

    @Option(
            names = "--input",
            paramLabel = "[NAME=]PATH",
            description = "Text, as --input of prepare, of which datasets are made that --data does not give; may be"
                    + " repeated.")
    private List<String> inputs = new ArrayList<>();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Folder of the study, any Hadoop path; default: work/studies/STUDY-SIZE.")
    private @Nullable String out;

    @Option(
            names = "--only",
            paramLabel = "VARIANT",
            description = "This variant, and what it builds on; may be repeated.")
    private List<String> only = new ArrayList<>();

    @Option(names = "--seeds", split = ",", paramLabel = "N", description = "Seeds in place of the study's.")
    private List<Long> seeds = new ArrayList<>();

    @Option(
            names = "--parallel",
            paramLabel = "N",
            defaultValue = "1",
            description =
                    "Most runs at once; as they share machines, their speeds are left out. Default: ${DEFAULT-VALUE}.")
    private int parallel;

    @Option(
            names = "-D",
            paramLabel = "KEY=VALUE",
            description = "One setting over those of all variants, such as -D train.steps=100; may be repeated.")
    private List<String> overrides = new ArrayList<>();

    @Override
    public Integer call() {
        Study whole = StudyReader.read(file, size);
        Study study = StudyRuns.restrict(seeds.isEmpty() ? whole : whole.withSeeds(seeds), only)
                .withBase(SettingsPatch.ofOverrides(overrides));
        List<StudyRun> runs = StudyRuns.of(study, overrides); // all settings are known to be good before Spark starts
        String studyDir = out == null ? "work/studies/" + study.name() + "-" + size : out;
        var progress = StudyProgress.onStandardError();
        try (SparkSession spark = SparkSessions.create("hashlayers compare")) {
            StudyDatasets datasets = StudyData.of(spark, study, runs, sources(studyDir), progress::say);
            var slots = new StudySlots(Slots.of(spark.sparkContext()).awaitAny(), parallel);
            List<ResolvedRun> resolved = ResolvedRun.all(
                    runs, datasets, slots, studyDir, spark.sparkContext().hadoopConfiguration());
            resolved.forEach(ResolvedRun::requireValid);
            EqualityCheck.require(study, runs, datasets::vocabularySize);
            List<RunOutcome> outcomes = run(spark, study, resolved, studyDir, progress);
            return outcomes.stream()
                    .filter(RunOutcome.Failed.class::isInstance)
                    .map(outcome -> ((RunOutcome.Failed) outcome).exitCode())
                    .findFirst()
                    .orElse(0);
        }
    }

    private StudyData.Sources sources(String studyDir) {
        Map<String, String> prepared = NamedValues.of(data, DatasetRecipe.MAIN).entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, entry -> onlyOne(entry.getKey(), entry.getValue())));
        Map<String, List<String>> texts = new LinkedHashMap<>(NamedValues.of(inputs, DatasetRecipe.MAIN));
        if (data.isEmpty() && inputs.isEmpty()) {
            texts.put(
                    DatasetRecipe.MAIN,
                    List.of(QuickstartText.extractTo(Path.of("work", "studies")).toString()));
        }
        return new StudyData.Sources(prepared, texts, overrides, studyDir + "/data");
    }

    private static String onlyOne(String name, List<String> folders) {
        if (folders.size() > 1) {
            throw new TrainingException(
                    Failure.USER, "--data gives the dataset " + name + " twice, " + folders + "; give it once");
        }
        return folders.get(0);
    }

    private List<RunOutcome> run(
            SparkSession spark, Study study, List<ResolvedRun> runs, String studyDir, StudyProgress progress) {
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        Folder folder = Folder.of(hadoop, studyDir);
        var listener = new CompareListener(study, runs.size(), folder, hadoop, progress);
        var execution = new StudyExecution(runs, new SparkTrainer(spark, parallel), listener, hadoop, parallel);
        listener.begin(execution.remaining());
        List<RunOutcome> outcomes = execution.run();
        StudyResults results = listener.results(outcomes);
        ParquetResults.write(spark, new ResultTable(results), studyDir);
        listener.end(results);
        return outcomes;
    }
}
