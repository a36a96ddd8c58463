package io.hashlayers.worker.collective;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Runs the program of each rank in a thread of its own. */
final class RankThreads {
    interface Program {
        void run(Collective collective) throws Exception;
    }

    private RankThreads() {}

    /** Returns what each rank threw, in rank order, null where it ended well; fails if one does not end. */
    static List<@Nullable Throwable> run(List<Collective> collectives, Program program) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(collectives.size());
        try {
            List<Future<@Nullable Throwable>> futures = new ArrayList<>();
            for (Collective collective : collectives) {
                futures.add(threads.submit(() -> {
                    try {
                        program.run(collective);
                        return null;
                    } catch (Throwable e) {
                        collective.abort(e);
                        return e;
                    }
                }));
            }
            List<@Nullable Throwable> thrown = new ArrayList<>();
            for (Future<@Nullable Throwable> future : futures) {
                thrown.add(future.get(60, TimeUnit.SECONDS));
            }
            return thrown;
        } finally {
            threads.shutdownNow();
        }
    }

    /** As {@link #run}, and fails with the first error of any rank. */
    static void runAll(List<Collective> collectives, Program program) throws Exception {
        for (Throwable error : run(collectives, program)) {
            if (error != null) {
                throw new AssertionError(error);
            }
        }
    }
}
