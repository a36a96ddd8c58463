package io.hashlayers.driver.gang;

import io.hashlayers.driver.job.SparkJob;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.CheckpointManifest;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/** Finds the newest checkpoint of a run whose every byte is as it was written; all executors read together. */
final class CheckpointCheck {
    private final SparkSession spark;
    private final String runDir;
    private final RunReporter reporter;

    /**
     * @param runDir full path
     * @param reporter hears of each checkpoint that is damaged
     */
    CheckpointCheck(SparkSession spark, String runDir, RunReporter reporter) {
        this.spark = spark;
        this.runDir = runDir;
        this.reporter = reporter;
    }

    /**
     * Reads checkpoints, the newest first, until one is sound.
     *
     * @return empty if the run has none at all
     * @throws TrainingException of kind {@code DATA} that names the damage if it has some, and none is sound; {@code RESOURCES} if
     *     no executor comes in time to read them
     */
    Optional<TrainedModel> newestSound() {
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        List<Long> steps = CheckpointReader.steps(hadoop, runDir);
        if (!steps.isEmpty()) {
            Slots.of(spark.sparkContext()).awaitOne(); // a job would wait for executors without end
        }
        String damage = "";
        for (int i = steps.size() - 1; i >= 0; i--) {
            try {
                TrainedModel model = TrainedModel.open(hadoop, runDir, OptionalLong.of(steps.get(i)));
                damage = damage(model);
                if (damage.isEmpty()) {
                    return Optional.of(model);
                }
            } catch (TrainingException e) {
                damage = String.valueOf(e.getMessage());
            }
            reporter.note("the checkpoint of step %d is passed over: %s".formatted(steps.get(i), damage));
        }
        if (!steps.isEmpty()) {
            throw new TrainingException(
                    Failure.DATA,
                    "no checkpoint of %s is whole, the oldest: %s; restore one, or say --overwrite to begin anew"
                            .formatted(runDir, damage));
        }
        return Optional.empty();
    }

    /** The first damage that was found, or nothing. */
    private String damage(TrainedModel model) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        int files = model.manifest().files().size();
        var check = new CheckFile(runDir, model.step(), new SerializableConfiguration(context.hadoopConfiguration()));
        List<Integer> numbers = IntStream.range(0, files).boxed().toList();
        List<String> found = SparkJob.run(
                spark.sparkContext(), "checking the checkpoint", () -> context.parallelize(numbers, Math.max(1, files))
                        .map(check)
                        .collect());
        return found.stream().filter(each -> !each.isEmpty()).findFirst().orElse("");
    }

    private record CheckFile(String runDir, long step, SerializableConfiguration hadoop)
            implements Function<Integer, String> {
        /** Damage is an answer and no failure: Spark would try such a task again. */
        @Override
        public String call(Integer number) {
            try (CheckpointReader reader = CheckpointReader.open(hadoop.value(), runDir, OptionalLong.of(step))) {
                List<CheckpointManifest.FileEntry> files = reader.manifest().files();
                reader.verify(files.get(number));
                return "";
            } catch (TrainingException e) {
                if (e.failure() != Failure.DATA) {
                    throw e;
                }
                return Objects.requireNonNullElse(e.getMessage(), "damaged");
            }
        }
    }
}
