package io.hashlayers.worker.router;

import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.sharding.shuffle.ShuffleRound;
import io.hashlayers.worker.collective.RowExchange;

/** A shuffle plan, or a round of one, as the two exchanges that carry it out. */
public final class ShuffleExchange {
    private ShuffleExchange() {}

    /** The way to the experts: from send slots, a run for each peer, to received rows, a run for each (expert, peer). */
    public static RowExchange toExperts(ShufflePlan plan) {
        return new ToExperts(plan);
    }

    /** The way back: from received rows to the send slots that they came from. */
    public static RowExchange fromExperts(ShufflePlan plan) {
        return new Back(toExperts(plan));
    }

    /** The way of one round to the experts: from a run of send slots for each (peer, expert). */
    public static RowExchange toExperts(ShuffleRound round) {
        return new RoundToExperts(round);
    }

    /** The way back of one round. */
    public static RowExchange fromExperts(ShuffleRound round) {
        return new Back(toExperts(round));
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

    private record RoundToExperts(ShuffleRound round) implements RowExchange {
        @Override
        public int sendSegments(int peer) {
            return round.experts(peer);
        }

        @Override
        public int sendStart(int peer, int segment) {
            return round.sendStart(peer, segment);
        }

        @Override
        public int sendRows(int peer, int segment) {
            return round.sendRows(peer, segment);
        }

        @Override
        public int receiveSegments(int peer) {
            return round.localExperts();
        }

        @Override
        public int receiveStart(int peer, int segment) {
            return round.receiveStart(peer, segment);
        }

        @Override
        public int receiveRows(int peer, int segment) {
            return round.receiveRows(peer, segment);
        }
    }

    private record Back(RowExchange there) implements RowExchange {
        @Override
        public int sendSegments(int peer) {
            return there.receiveSegments(peer);
        }

        @Override
        public int sendStart(int peer, int segment) {
            return there.receiveStart(peer, segment);
        }

        @Override
        public int sendRows(int peer, int segment) {
            return there.receiveRows(peer, segment);
        }

        @Override
        public int receiveSegments(int peer) {
            return there.sendSegments(peer);
        }

        @Override
        public int receiveStart(int peer, int segment) {
            return there.sendStart(peer, segment);
        }

        @Override
        public int receiveRows(int peer, int segment) {
            return there.sendRows(peer, segment);
        }
    }
}
