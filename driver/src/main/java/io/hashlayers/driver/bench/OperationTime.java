package io.hashlayers.driver.bench;

import java.io.Serializable;

/**
 * One kind of operation in a step of one rank.
 *
 * @param rows 0 where they differ from call to call
 * @param inner third size of a matrix product, 0 for anything else or where it differs from call to call
 * @param calls a step
 * @param seconds a step
 * @param flop floating-point operations a step, 0 where memory is the limit
 * @param bytes a step that must be read and written if nothing is in the cache
 */
record OperationTime(
        String name, long rows, long cols, long inner, double calls, double seconds, double flop, double bytes)
        implements Serializable {
    static final String PRODUCT = "product";

    /** Parts of a step, in the order of a table. */
    enum Part {
        PRODUCTS("matrix products", "#1f77b4"),
        ATTENTION("attention", "#17becf"),
        OTHER("other kernels", "#7f7f7f"),
        OPTIMIZER("optimizer", "#2ca02c"),
        EXCHANGE("exchange", "#ff7f0e"),
        WAIT("wait", "#d62728"),
        DATA("data", "#9467bd");

        final String title;
        final String color; // in pictures

        Part(String title, String color) {
            this.title = title;
            this.color = color;
        }
    }

    /** Operations a second. */
    double flopRate() {
        return flop / seconds;
    }

    /** Bytes a second. */
    double byteRate() {
        return bytes / seconds;
    }

    boolean product() {
        return flop > 0;
    }

    /** The sizes, with an R for rows that differ from call to call. */
    String shape() {
        if (!name.startsWith(PRODUCT)) {
            return rowsOr(rows) + " x " + cols;
        }
        return rowsOr(rows) + " x " + rowsOr(inner) + " x " + cols;
    }

    private static String rowsOr(long size) {
        return size == 0 ? "R" : Long.toString(size);
    }

    /** Whether a layer of experts does it: on the rows of an expert, or on the way to the experts and back. */
    boolean ofExperts() {
        return name.endsWith(TimedKernels.OF_EXPERTS)
                || name.equals("gather rows")
                || name.equals("sum rows")
                || name.equals("all-to-all");
    }

    /**
     * Whether a dense network does it, which is known by its inner width. Small operations that attention has as well are left
     * out.
     */
    boolean ofDenseNetwork(int ffnDim) {
        boolean ofWeight =
                name.startsWith(PRODUCT + ", first"); // its gradient; in other products rows are those of tokens
        boolean wide = cols == ffnDim || (ofWeight ? rows : inner) == ffnDim;
        return wide && !ofExperts() && (name.startsWith(PRODUCT) || name.startsWith("bias"));
    }

    /** The part of a step that it belongs to. */
    Part part() {
        if (name.startsWith(PRODUCT)) {
            return Part.PRODUCTS;
        }
        if (name.startsWith("attention")) {
            return Part.ATTENTION;
        }
        if (name.startsWith("all-") || name.equals("reduce-scatter")) {
            return Part.EXCHANGE;
        }
        return switch (name) {
            case TimedCollective.WAIT -> Part.WAIT;
            case TimedCollective.FINISH -> Part.EXCHANGE;
            case TrainingSteps.DRAW -> Part.DATA;
            case "Adam", "sum of squares", "zero" -> Part.OPTIMIZER;
            default -> Part.OTHER;
        };
    }
}
