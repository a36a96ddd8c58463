package io.hashlayers.driver.chaos;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;

/**
 * Which faults strike which run at which step, by a seed. All kinds come equally often, in an order of their own in each round.
 *
 * @param runs the faults of each run, by step
 */
record FaultSchedule(List<List<Planned>> runs) {
    /** A fault, at the first moment at which this step is done. */
    record Planned(FaultKind kind, long step) {}

    /**
     * Draws one.
     *
     * @param kinds not empty
     * @param faults in all runs together
     * @param perRun at most
     * @param first step at which one may strike; behind it, each has a part of the run of its own
     * @param steps of a run
     */
    static FaultSchedule draw(long seed, List<FaultKind> kinds, int faults, int perRun, long first, long steps) {
        var random = new SplittableRandom(seed);
        List<FaultKind> drawn = new ArrayList<>();
        while (drawn.size() < faults) {
            List<FaultKind> round = new ArrayList<>(kinds);
            Collections.shuffle(round, new Random(random.nextLong()));
            drawn.addAll(round.subList(0, Math.min(round.size(), faults - drawn.size())));
        }
        List<List<Planned>> runs = new ArrayList<>();
        for (int start = 0; start < faults; start += perRun) {
            List<FaultKind> ofRun = drawn.subList(start, Math.min(faults, start + perRun));
            runs.add(place(ofRun, first, steps, random));
        }
        return new FaultSchedule(List.copyOf(runs));
    }

    /** The last part of a run is left to see that it goes on well. */
    private static List<Planned> place(List<FaultKind> kinds, long first, long steps, SplittableRandom random) {
        long part = (steps - first) / (kinds.size() + 1);
        List<Planned> placed = new ArrayList<>();
        for (int i = 0; i < kinds.size(); i++) {
            placed.add(new Planned(kinds.get(i), first + i * part + random.nextLong(Math.max(1, part / 2))));
        }
        return List.copyOf(placed);
    }
}
