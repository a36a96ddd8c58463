package io.hashlayers.sharding.assignment;

import java.util.SplittableRandom;

/** Scores of the kinds that routers make, and of kinds that are hard to divide. */
enum RandomScores {
    /** Independent of each other. */
    INDEPENDENT {
        @Override
        float score(SplittableRandom random, double ofRow, double ofExpert, int topicsAgree) {
            return (float) normal(random);
        }
    },
    /** Rows of few topics, and experts that all of them like. */
    CORRELATED {
        @Override
        float score(SplittableRandom random, double ofRow, double ofExpert, int topicsAgree) {
            return (float) (ofRow + 2 * ofExpert + 3 * topicsAgree + 0.1 * normal(random));
        }
    },
    /** All rows alike: every row has the same favourite. */
    EQUAL_ROWS {
        @Override
        float score(SplittableRandom random, double ofRow, double ofExpert, int topicsAgree) {
            return (float) ofExpert;
        }
    },
    /** All experts alike. */
    EQUAL_EXPERTS {
        @Override
        float score(SplittableRandom random, double ofRow, double ofExpert, int topicsAgree) {
            return (float) ofRow;
        }
    },
    /** Small whole numbers with many ties. */
    TIES {
        @Override
        float score(SplittableRandom random, double ofRow, double ofExpert, int topicsAgree) {
            return random.nextInt(3);
        }
    },
    /** One expert that is far better for everybody, among equals. */
    ONE_FAVOURITE {
        @Override
        float score(SplittableRandom random, double ofRow, double ofExpert, int topicsAgree) {
            return (float) (ofExpert > 1 ? 1000 : normal(random));
        }
    };

    private static final int TOPICS = 5;

    abstract float score(SplittableRandom random, double ofRow, double ofExpert, int topicsAgree);

    /** Returns scores, [R, E]. */
    float[] draw(int rows, int experts, long seed) {
        var random = new SplittableRandom(seed);
        var ofExperts = new double[experts];
        for (int e = 0; e < experts; e++) {
            ofExperts[e] = normal(random);
        }
        var scores = new float[rows * experts];
        for (int row = 0; row < rows; row++) {
            double ofRow = normal(random);
            int topic = random.nextInt(TOPICS);
            for (int e = 0; e < experts; e++) {
                scores[row * experts + e] = score(random, ofRow, ofExperts[e], topic == e % TOPICS ? 1 : 0);
            }
        }
        return scores;
    }

    /** Sum of twelve uniform numbers less 6: mean 0, variance 1. */
    private static double normal(SplittableRandom random) {
        return random.doubles(12).sum() - 6;
    }
}
