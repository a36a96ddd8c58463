package io.hashlayers.sharding.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.provider.ArgumentsSource;
import org.junit.jupiter.params.support.ParameterDeclarations;

/**
 * Runs a test once per seed. The seed is in the test's name; {@code -Dhashlayers.test.seed=N} makes N the first seed, so
 * a failure is replayed by passing the number it printed.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedTest(name = "seed {0}")
@ArgumentsSource(RandomSeeds.Provider.class)
public @interface RandomSeeds {
    int value() default 25;

    final class Provider implements ArgumentsProvider {
        @Override
        public Stream<Arguments> provideArguments(ParameterDeclarations parameters, ExtensionContext context) {
            long first = Long.getLong("hashlayers.test.seed", 20210608L);
            int count = context.getRequiredTestMethod()
                    .getAnnotation(RandomSeeds.class)
                    .value();
            return Stream.concat(
                            Stream.of(first),
                            new SplittableRandom(first).longs(count - 1L).boxed())
                    .map(Arguments::of);
        }
    }
}
