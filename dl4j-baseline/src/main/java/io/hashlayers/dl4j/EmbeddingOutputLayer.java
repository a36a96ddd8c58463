package io.hashlayers.dl4j;

import java.util.Objects;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.samediff.SameDiffOutputLayer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A SameDiff output layer whose graph begins behind the token embedding: this class looks the tokens up and adds to the
 * gradient of their table what flows back to them.
 *
 * <p>SameDiff 1.0.0-M2.1 cannot do it: of a token that occurs twice in a minibatch, the gradient of its {@code gather} keeps only
 * the last occurrence, and it runs a loop of the graph for every row.
 */
final class EmbeddingOutputLayer extends SameDiffOutputLayer {
    private final String table;
    private INDArray ids = Nd4j.empty(DataType.INT32); // [N]

    /**
     * @param table key of the embedding's parameter, [V, D]
     */
    EmbeddingOutputLayer(NeuralNetConfiguration conf, DataType dataType, String table) {
        super(conf, dataType);
        this.table = table;
    }

    /** Takes token ids, [B, S], and hands their embeddings, [B, S, D], to the graph. */
    @Override
    public void setInput(INDArray tokens, LayerWorkspaceMgr workspaces) {
        MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces();
        try {
            ids = tokens.reshape(tokens.length()).castTo(DataType.INT32);
            INDArray weights = Objects.requireNonNull(paramTable.get(table), table);
            INDArray embedded = Nd4j.pullRows(weights, 1, ids.toIntVector());
            super.setInput(embedded.reshape(tokens.size(0), tokens.size(1), weights.size(1)), workspaces);
        } finally {
            outside.close();
        }
    }

    @Override
    public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
        Pair<Gradient, INDArray> gradients = super.backpropGradient(epsilon, workspaces);
        INDArray ofTable = Objects.requireNonNull(gradTable.get(table), table); // the head's share is in it
        INDArray ofRows = gradients.getSecond().reshape(ids.length(), ofTable.size(1));
        Nd4j.exec(DynamicCustomOp.builder("scatter_add")
                .addInputs(ofTable, ids, ofRows)
                .addOutputs(ofTable)
                .addBooleanArguments(true) // rows of equal tokens one after the other, with several threads too
                .build());
        return gradients;
    }
}
