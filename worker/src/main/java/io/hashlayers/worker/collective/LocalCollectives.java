package io.hashlayers.worker.collective;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Collectives between ranks that are threads of one JVM. */
public final class LocalCollectives {
    private LocalCollectives() {}

    /**
     * Makes the collectives of all ranks.
     *
     * @param timeout longest wait of a rank in one operation
     * @return by rank; each belongs to the thread of its rank
     */
    public static List<Collective> create(int worldSize, Duration timeout) {
        List<FirstFailure> failures = IntStream.range(0, worldSize)
                .mapToObj(rank -> new FirstFailure())
                .toList();
        List<List<@Nullable Link>> links = new ArrayList<>();
        for (int rank = 0; rank < worldSize; rank++) {
            links.add(new ArrayList<>());
        }
        for (int a = 0; a < worldSize; a++) {
            links.get(a).add(null);
            for (int b = a + 1; b < worldSize; b++) {
                LocalLink[] ends = LocalLink.pair(a, failures.get(a), b, failures.get(b));
                links.get(a).add(ends[0]);
                links.get(b).add(ends[1]);
            }
        }
        return IntStream.range(0, worldSize)
                .<Collective>mapToObj(rank -> new MeshCollective(rank, links.get(rank), failures.get(rank), timeout))
                .toList();
    }
}
