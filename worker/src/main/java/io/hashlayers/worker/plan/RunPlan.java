package io.hashlayers.worker.plan;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.storage.JsonManifest;
import java.io.IOException;
import java.io.Serializable;
import java.util.Collections;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;

/**
 * The planned traffic of a run: {@code plan/manifest.json}, written after all its {@link ReceiveCounts} files, so a plan
 * exists when its manifest does.
 *
 * @param formatVersion {@link #FORMAT_VERSION}
 * @param inputs digest of all that the plan was counted from; equal inputs give an equal plan
 * @param worldSize {@code W}
 * @param batchSequences sequences that all ranks together read at once: of a micro-batch, or of a batch of an evaluation
 * @param sequenceLength {@code S}
 * @param digests of dataset, table and placement
 * @param splits traffic by the name of the split
 */
public record RunPlan(
        int formatVersion,
        String inputs,
        int worldSize,
        int batchSequences,
        int sequenceLength,
        SortedMap<String, String> digests,
        SortedMap<String, SplitTraffic> splits)
        implements Serializable {
    public static final int FORMAT_VERSION = 1;
    /** The plan's folder inside that of the run. */
    public static final String FOLDER = "plan";

    private static final String MANIFEST = "manifest.json";
    private static final JsonManifest<RunPlan> FILE =
            new JsonManifest<>(RunPlan.class, FORMAT_VERSION, "plan manifest");

    public RunPlan {
        digests = Collections.unmodifiableSortedMap(new TreeMap<>(digests));
        splits = Collections.unmodifiableSortedMap(new TreeMap<>(splits));
        for (var split : splits.entrySet()) {
            if (split.getValue().peakRows().size() != worldSize) {
                throw new IllegalArgumentException("split %s has peaks of %d ranks, the plan %d ranks"
                        .formatted(split.getKey(), split.getValue().peakRows().size(), worldSize));
            }
        }
    }

    /** Whether a whole plan lies in this folder. */
    public static boolean exists(Folder plan) throws IOException {
        return plan.exists(MANIFEST);
    }

    /**
     * Reads the manifest of a plan.
     *
     * @throws TrainingException of kind {@code DATA} if there is none or it is damaged
     */
    public static RunPlan read(Folder plan) {
        return FILE.read(plan, MANIFEST);
    }

    /** Publishes the plan; its files of receive counts must be there. */
    public void write(Folder plan) throws IOException {
        FILE.write(plan, MANIFEST, this);
    }

    /** Names inputs and outcome: {@code sha256:...}. */
    public String digest() {
        return FILE.digest(this);
    }

    /** Name of a rank's file of receive counts, in {@link #splitFolder} of its split. */
    public static String receiveFile(int rank) {
        return String.format(Locale.ROOT, "receive-rank-%05d.bin", rank);
    }

    /** Where the receive counts of a split lie. */
    public static Folder splitFolder(Folder plan, String split) {
        return plan.folder(split);
    }

    /**
     * Opens what a rank will receive in a split.
     *
     * @param planDir the plan's folder
     * @throws TrainingException of kind {@code DATA} if the file is damaged or is not of this plan
     */
    public ReceiveCounts receiveCounts(Configuration hadoop, String planDir, String split, int rank) {
        SplitTraffic traffic = split(split, "the plan in " + planDir);
        String path = splitFolder(Folder.of(hadoop, planDir), split)
                .path(receiveFile(rank))
                .toString();
        ReceiveCounts counts = ReceiveCounts.open(hadoop, path);
        if (counts.worldSize() != worldSize
                || counts.rank() != rank
                || counts.steps() != traffic.steps()
                || counts.peakRows() != traffic.peakRows().get(rank)) {
            counts.close();
            throw new TrainingException(
                    Failure.DATA,
                    path
                            + " is of another plan than the manifest beside it; delete the plan folder, and the run is planned anew");
        }
        return counts;
    }

    /**
     * The traffic of a split.
     *
     * @throws TrainingException of kind {@code DATA} if it was not planned
     */
    public SplitTraffic split(String name) {
        return split(name, "the plan");
    }

    private SplitTraffic split(String name, String plan) {
        SplitTraffic traffic = splits.get(name);
        if (traffic == null) {
            throw new TrainingException(
                    Failure.DATA,
                    plan + " has no split '" + name + "', only " + splits.keySet()
                            + "; delete the plan folder, and the run is planned anew");
        }
        return traffic;
    }
}
