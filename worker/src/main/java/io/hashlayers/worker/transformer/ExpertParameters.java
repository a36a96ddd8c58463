package io.hashlayers.worker.transformer;

import io.hashlayers.worker.parameter.Parameter;
import java.util.List;

/**
 * The tensors of one expert that this rank holds.
 *
 * @param layer block that the expert is in
 * @param expert number in the layer, over all ranks
 * @param parameters in the order of {@link ParameterLayout#expert}
 */
public record ExpertParameters(int layer, int expert, List<Parameter> parameters) {
    public ExpertParameters {
        parameters = List.copyOf(parameters);
    }
}
