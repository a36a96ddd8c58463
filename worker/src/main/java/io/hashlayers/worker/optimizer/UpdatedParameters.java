package io.hashlayers.worker.optimizer;

import io.hashlayers.worker.collective.Share;
import io.hashlayers.worker.kernels.AdamStep;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.ParameterGroup;
import io.hashlayers.worker.parameter.ParameterSlice;
import java.util.ArrayList;
import java.util.List;

/**
 * The parameters of a group that this rank updates, with both of Adam's moments of them: its share of a group that all ranks
 * replicate, as ZeRO's first stage has it (Rajbhandari et al. 2020), or all of a group of its own. Frozen tensors among them are
 * neither updated nor counted; their moments stay 0.
 */
final class UpdatedParameters {
    private final List<Piece> pieces = new ArrayList<>();
    private final List<Matrix> trained =
            new ArrayList<>(); // gradients of what is not frozen, as few stretches as there can be
    private final List<List<Run>> runs = new ArrayList<>(); // of each piece of the group

    /** The share of one piece of the group; all [1, n]. */
    record Piece(Matrix gradient, Matrix firstMoment, Matrix secondMoment) {}

    /** What the share has of one tensor; all [1, n]. */
    private record Run(ParameterSlice slice, Matrix firstMoment, Matrix secondMoment) {}

    /**
     * Allocates the moments, all 0.
     *
     * @param worldSize ranks that share the group; 1 for a group of this rank alone
     */
    UpdatedParameters(ParameterGroup group, int rank, int worldSize) {
        List<Matrix> gradients = group.gradients();
        for (int number = 0; number < gradients.size(); number++) {
            List<Run> ofPiece = new ArrayList<>();
            runs.add(ofPiece);
            Share share = Share.of(gradients.get(number).size(), rank, worldSize);
            if (share.length() > 0) {
                Piece piece = new Piece(
                        gradients.get(number).elements(share.start(), share.length()),
                        Matrix.allocate(1, share.length()),
                        Matrix.allocate(1, share.length()));
                List<ParameterSlice> slices = group.slices(number, share.start(), share.end());
                pieces.add(piece);
                addRuns(ofPiece, piece, slices);
                addTrained(piece, slices);
            }
        }
    }

    private static void addRuns(List<Run> runs, Piece piece, List<ParameterSlice> slices) {
        int start = 0;
        for (ParameterSlice slice : slices) {
            int length = (int) slice.value().size();
            if (!slice.parameter().frozen()) {
                runs.add(new Run(
                        slice,
                        piece.firstMoment().elements(start, length),
                        piece.secondMoment().elements(start, length)));
            }
            start += length;
        }
    }

    /** Cuts out what is frozen. A piece without it stays whole, so that its sum has the same bits as ever. */
    private void addTrained(Piece piece, List<ParameterSlice> slices) {
        int start = 0;
        int end = 0;
        for (ParameterSlice slice : slices) {
            int length = (int) slice.value().size();
            if (slice.parameter().frozen()) {
                addTrained(piece, start, end);
                start = end + length;
            }
            end += length;
        }
        addTrained(piece, start, end);
    }

    private void addTrained(Piece piece, int start, int end) {
        if (start < end) {
            trained.add(piece.gradient().elements(start, end - start));
        }
    }

    /** The share of each piece of the group, without those of which this rank has nothing. */
    List<Piece> pieces() {
        return pieces;
    }

    /** Of the gradients of what is not frozen. */
    double sumOfSquares(Kernels kernels) {
        double sum = 0;
        for (int i = 0; i < trained.size(); i++) {
            sum += kernels.sumOfSquares(trained.get(i));
        }
        return sum;
    }

    /**
     * Updates what this rank has of one piece of the group.
     *
     * @param number of the piece in {@link ParameterGroup#values}
     * @param plain for tensors that do not decay
     * @param decaying for the others
     */
    void update(int number, Kernels kernels, AdamStep plain, AdamStep decaying) {
        List<Run> ofPiece = runs.get(number);
        for (int i = 0; i < ofPiece.size(); i++) {
            Run run = ofPiece.get(i);
            ParameterSlice slice = run.slice();
            kernels.adam(
                    slice.value(),
                    slice.gradient(),
                    run.firstMoment(),
                    run.secondMoment(),
                    slice.parameter().spec().decay() ? decaying : plain);
        }
    }

    /** As {@link #update(int, Kernels, AdamStep, AdamStep)}, of all pieces. */
    void update(Kernels kernels, AdamStep plain, AdamStep decaying) {
        for (int number = 0; number < runs.size(); number++) {
            update(number, kernels, plain, decaying);
        }
    }
}
