package io.hashlayers.worker.kernels;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** Which implementation of {@link Kernels} a run asks for. */
public enum KernelChoice {
    /** {@link #VECTOR} where it can run, else {@link #ND4J}. */
    AUTO,
    /** Java's Vector API and oneDNN; needs the CPU backend and the module {@code jdk.incubator.vector}. */
    VECTOR,
    /** ND4J operations only, on any of its backends. */
    ND4J;

    /**
     * Returns the choice of this name, in lower case as in a configuration file.
     *
     * @throws TrainingException (USER) if there is none
     */
    public static KernelChoice named(String name) {
        return Arrays.stream(values())
                .filter(choice -> choice.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> new TrainingException(
                        Failure.USER,
                        "kernels is \"%s\"; set it to one of %s"
                                .formatted(
                                        name,
                                        Arrays.stream(values())
                                                .map(KernelChoice::toString)
                                                .collect(Collectors.joining(", ")))));
    }

    /** The name as it is written in a configuration file. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
