package io.hashlayers.driver.compare;

import io.hashlayers.driver.config.SettingsPatch;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A study at one of its sizes. {@link StudyReader} makes it and checks it.
 *
 * @param name that of its file
 * @param title one line
 * @param about what is compared and why, for people
 * @param size small or paper
 * @param equality of all variants
 * @param seeds each variant is run with each of them
 * @param datasets by name, in the order in which they can be made; at least one
 * @param base settings that all variants share
 * @param variants in the order of the file, at least one
 * @param claims in the order of the file
 */
public record Study(
        String name,
        String title,
        String about,
        String size,
        Equality equality,
        List<Long> seeds,
        Map<String, DatasetRecipe> datasets,
        SettingsPatch base,
        List<Variant> variants,
        List<Claim> claims) {
    public Study {
        seeds = List.copyOf(seeds);
        if (seeds.isEmpty() || new HashSet<>(seeds).size() < seeds.size()) { // the same one twice is no second pair
            throw new TrainingException(
                    Failure.USER, "the seeds of a study are " + seeds + "; give it different ones, each once");
        }
        variants = List.copyOf(variants);
        claims = List.copyOf(claims);
    }

    /** The same study with settings of its base that were given elsewhere, over the others. */
    public Study withBase(SettingsPatch over) {
        return new Study(name, title, about, size, equality, seeds, datasets, over.over(base), variants, claims);
    }

    /** The recipe of one of its datasets. */
    DatasetRecipe dataset(String dataset) {
        return Objects.requireNonNull(datasets.get(dataset), dataset);
    }

    /** The same study with other seeds. */
    public Study withSeeds(List<Long> others) {
        return new Study(name, title, about, size, equality, others, datasets, base, variants, claims);
    }

    /** The same study without the claims that speak of other variants than these. */
    Study withVariants(List<Variant> kept) {
        List<String> names = kept.stream().map(Variant::name).toList();
        List<Claim> testable = claims.stream()
                .filter(claim -> names.containsAll(claim.variants()))
                .toList();
        return new Study(name, title, about, size, equality, seeds, datasets, base, kept, testable);
    }
}
