package io.hashlayers.driver.compare;

import io.hashlayers.driver.gang.RunSummary;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.data.SplitInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;

/** Studies as texts, and results of them that nobody trained. */
public final class SampleStudy {
    /** Three variants of a tiny model, two seeds. */
    public static final String TABLES = """
            title = "Tables"
            about = "Which table?"
            equal = active-flops
            seeds = [1, 2, 3]
            base {
              model { context-length = 8, layers = 2, dim = 8, ffn-dim = 16, heads = 2 }
              moe { layers = [1], num-experts = 4 }
              train { steps = 6, batch-sequences = 2, evaluate-every = 2 }
            }
            variants {
              balanced { moe.table = balanced }
              random { moe.table = random }
              modulo { moe.table = modulo }
            }
            claims = [
              { claim = "Balanced is better", source = "somebody", expect = "balanced < random" }
            ]
            sizes { small {}, paper { seeds = [7] } }
            """;

    private static final int VOCABULARY = 50;

    private SampleStudy() {}

    /** Reads a study that is written to a file first. */
    public static Study read(Path dir, String text) {
        return read(dir, text, "small");
    }

    static Study read(Path dir, String text, String size) {
        try {
            Path file = Files.writeString(dir.resolve("sample.conf"), text);
            return StudyReader.read(file, size);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Its runs, with folders in a folder. */
    public static List<ResolvedRun> runs(Study study, Path dir, String... overrides) {
        StudyDatasets datasets = datasets(study);
        return ResolvedRun.all(
                StudyRuns.of(study, List.of(overrides)),
                datasets,
                new StudySlots(2, 1),
                dir.toString(),
                new Configuration());
    }

    static StudyDatasets datasets(Study study) {
        return new StudyDatasets(study.datasets().keySet().stream()
                .collect(Collectors.toMap(
                        name -> name,
                        name -> new StudyDataset(name, "/data/" + name, manifest(name), OptionalDouble.of(1.5)))));
    }

    /** Of a dataset that differs from others by its name. */
    private static DatasetManifest manifest(String name) {
        var splits = new TreeMap<String, SplitInfo>();
        splits.put("train", split(3000 + name.length()));
        splits.put("valid", split(300));
        return new DatasetManifest(
                DatasetManifest.FORMAT_VERSION, "sha256:" + "0".repeat(64), VOCABULARY, 0, splits, Map.of(), 2);
    }

    private static SplitInfo split(int tokens) {
        var shard = new SplitInfo.Shard("tokens-" + tokens + ".bin", tokens, 2L * tokens, "sha256:" + "1".repeat(64));
        return new SplitInfo(tokens, 1, 4L * tokens, List.of(shard));
    }

    /** What a finished run with this perplexity leaves. */
    static RunRecord record(ResolvedRun run, double perplexity) {
        var summary = new RunSummary(perplexity, 1.5, 40, 6, 96, 960, 2, 0.25, 0, "sha256:t", "sha256:d", "sha256:e");
        var facts = new RunFacts(List.of(10L, 20L, 30L, 40L), 1234, List.of("host"), List.of("vector <8 lanes>"));
        return new RunRecord(run.digest(), 1, 2.5, 1, summary, facts);
    }

    /** Results with a perplexity for each run, or NaN for a failed one. */
    public static StudyResults results(Study study, Path dir, ToDoubleFunction<RunId> perplexity) {
        List<ResolvedRun> runs = runs(study, dir);
        List<RunResult> results = new ArrayList<>();
        for (ResolvedRun run : runs) {
            results.add(result(run, perplexity.applyAsDouble(run.id())));
        }
        List<Finding> findings = study.claims().stream()
                .map(claim -> ClaimTest.judge(claim, study.seeds(), (variant, seed) -> results.stream()
                        .filter(result -> result.id().equals(new RunId(variant, seed)))
                        .findFirst()
                        .orElseThrow()
                        .measure(claim.measure())))
                .toList();
        return new StudyResults(study, results, findings, runs.size());
    }

    private static RunResult result(ResolvedRun run, double perplexity) {
        if (Double.isNaN(perplexity)) {
            var failed = new RunOutcome.Failed(run, "lost <host> & \"rank\" 1", 2, 5);
            return new RunResult(failed, Map.of(), RunMetrics.none(), List.of());
        }
        RunRecord record = record(run, perplexity);
        RunMetrics metrics = metrics(perplexity, run.id().seed());
        return new RunResult(
                new RunOutcome.Finished(run, record, false),
                RunMeasures.of(run, record, metrics),
                metrics,
                RunMeasures.loadShares(record, metrics));
    }

    /** A loss that falls to that of the perplexity, with loads that even out. */
    private static RunMetrics metrics(double perplexity, long seed) {
        List<RunMetrics.Step> steps = new ArrayList<>();
        List<RunMetrics.Evaluation> evaluations = new ArrayList<>();
        var loads = new LoadHistory(1);
        for (int step = 1; step <= 40; step++) {
            double loss = Math.log(perplexity) + 3.0 / step + 0.01 * Math.sin((double) step * seed);
            steps.add(new RunMetrics.Step(step, loss, 1 + 0.1 * Math.cos(step), 1.0 / step, 0.2 / step, 0.5, 0.01, 12));
            loads.add(new double[] {10 + 100.0 / step, 10, 10, 10});
            if (step % 10 == 0) {
                evaluations.add(new RunMetrics.Evaluation(step, 16L * step, Math.exp(loss), 1.0 / step));
            }
        }
        return new RunMetrics(800.0 + seed, steps, evaluations, List.of(loads));
    }
}
