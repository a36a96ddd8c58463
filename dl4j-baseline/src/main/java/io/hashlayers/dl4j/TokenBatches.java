package io.hashlayers.dl4j;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.data.BatchSchedule;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.data.TokenDataset;
import io.hashlayers.worker.train.RunConfig;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.util.SerializableConfiguration;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The rows of our schedules as minibatches of Deeplearning4j: token ids as features and the ids that follow as labels, both
 * [B, S] floats, which hold every id of a dictionary below 2^24 exactly. Workers read their rows themselves.
 */
final class TokenBatches {
    private final JavaSparkContext context;
    private final RunConfig run;
    private final int workers;
    private final SerializableConfiguration hadoop;

    /**
     * @param workers {@code W}, which divides the sequences of a batch
     */
    TokenBatches(JavaSparkContext context, RunConfig run, int workers) {
        this.context = context;
        this.run = run;
        this.workers = workers;
        this.hadoop = new SerializableConfiguration(context.hadoopConfiguration());
    }

    /**
     * Some steps of training: partition {@code w} has the minibatches of worker {@code w}, one a step, which reads the sequences
     * that rank {@code w} of {@code W} would.
     *
     * @param firstStep counted from 0
     */
    JavaRDD<DataSet> training(long firstStep, int steps) {
        return partitions(new ReadTraining(run, hadoop, workers, firstStep, steps));
    }

    /** The sequences of a validation, each once, in minibatches as large as those of training; the last may be smaller. */
    JavaRDD<DataSet> validation() {
        return partitions(new ReadValidation(run, hadoop, workers));
    }

    private JavaRDD<DataSet> partitions(FlatMapFunction<Iterator<Integer>, DataSet> read) {
        List<Integer> numbers = IntStream.range(0, workers).boxed().toList();
        return context.parallelize(numbers, workers).mapPartitions(read);
    }

    private static TokenDataset open(RunConfig run, SerializableConfiguration hadoop, String split) {
        return TokenDataset.open(
                hadoop.value(), run.datasetDir(), split, run.model().contextLength());
    }

    /** Reads rows of a split, in their order. */
    static DataSet read(TokenDataset dataset, long... rows) {
        int length = dataset.sequenceLength();
        int[] tokens = new int[rows.length * length];
        int[] targets = new int[rows.length * length];
        for (int i = 0; i < rows.length; i++) {
            dataset.readRow(rows[i], tokens, targets, i * length);
        }
        return new DataSet(
                Nd4j.create(floats(tokens), new long[] {rows.length, length}, 'c'),
                Nd4j.create(floats(targets), new long[] {rows.length, length}, 'c'));
    }

    private static float[] floats(int[] ids) {
        float[] floats = new float[ids.length];
        for (int i = 0; i < ids.length; i++) {
            floats[i] = ids[i];
        }
        return floats;
    }

    private static TrainingException notClosed(IOException e) {
        return new TrainingException(Failure.DATA, "the dataset cannot be closed: " + e.getMessage(), e);
    }

    private record ReadTraining(RunConfig run, SerializableConfiguration hadoop, int workers, long firstStep, int steps)
            implements FlatMapFunction<Iterator<Integer>, DataSet> {
        @Override
        public Iterator<DataSet> call(Iterator<Integer> numbers) {
            int worker = numbers.next();
            int sequences = run.sequencesPerRank(workers);
            List<DataSet> batches = new ArrayList<>();
            try (TokenDataset dataset = open(run, hadoop, DatasetFiles.TRAIN)) {
                BatchSchedule schedule = run.trainingSchedule(dataset.rows());
                for (long step = firstStep; step < firstStep + steps; step++) {
                    long[] rows = new long[sequences];
                    for (int i = 0; i < sequences; i++) {
                        rows[i] = schedule.row(step, worker * sequences + i);
                    }
                    batches.add(read(dataset, rows));
                }
            } catch (IOException e) {
                throw notClosed(e);
            }
            return batches.iterator();
        }
    }

    private record ReadValidation(RunConfig run, SerializableConfiguration hadoop, int workers)
            implements FlatMapFunction<Iterator<Integer>, DataSet> {
        @Override
        public Iterator<DataSet> call(Iterator<Integer> numbers) {
            int worker = numbers.next();
            int sequences = run.sequencesPerRank(workers);
            List<DataSet> batches = new ArrayList<>();
            try (TokenDataset dataset = open(run, hadoop, DatasetFiles.VALID)) {
                long rows = run.evaluationSchedule(dataset.rows()).rows();
                for (long first = (long) worker * sequences; first < rows; first += (long) workers * sequences) {
                    int count = (int) Math.min(sequences, rows - first);
                    long start = first;
                    batches.add(read(
                            dataset,
                            IntStream.range(0, count).mapToLong(i -> start + i).toArray()));
                }
            } catch (IOException e) {
                throw notClosed(e);
            }
            return batches.iterator();
        }
    }
}
