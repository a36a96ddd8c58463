package io.hashlayers.worker.router;

import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.collective.RowExchange;

/** A shuffle plan as the two exchanges that carry it out. */
public final class ShuffleExchange {
    private ShuffleExchange() {}

    /** The way to the experts: from send slots, a run for each peer, to received rows, a run for each (expert, peer). */
    public static RowExchange toExperts(ShufflePlan plan) {
        return new ToExperts(plan);
    }

    /** The way back: from received rows to the send slots that they came from. */
    public static RowExchange fromExperts(ShufflePlan plan) {
        return new FromExperts(plan);
    }

    private record ToExperts(ShufflePlan plan) implements RowExchange {
        @Override
        public int sendSegments(int peer) {
            return 1;
        }

        @Override
        public int sendStart(int peer, int segment) {
            return plan.sendStart(peer);
        }

        @Override
        public int sendRows(int peer, int segment) {
            return plan.sendRows(peer);
        }

        @Override
        public int receiveSegments(int peer) {
            return plan.localExperts();
        }

        @Override
        public int receiveStart(int peer, int segment) {
            return plan.receiveStart(peer, segment);
        }

        @Override
        public int receiveRows(int peer, int segment) {
            return plan.receiveRows(peer, segment);
        }
    }

    private record FromExperts(ShufflePlan plan) implements RowExchange {
        @Override
        public int sendSegments(int peer) {
            return plan.localExperts();
        }

        @Override
        public int sendStart(int peer, int segment) {
            return plan.receiveStart(peer, segment);
        }

        @Override
        public int sendRows(int peer, int segment) {
            return plan.receiveRows(peer, segment);
        }

        @Override
        public int receiveSegments(int peer) {
            return 1;
        }

        @Override
        public int receiveStart(int peer, int segment) {
            return plan.sendStart(peer);
        }

        @Override
        public int receiveRows(int peer, int segment) {
            return plan.sendRows(peer);
        }
    }
}
