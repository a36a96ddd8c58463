package io.hashlayers.driver.compare;

import io.hashlayers.driver.config.ConfigSection;
import io.hashlayers.driver.config.SettingsPatch;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Reads a study from its file, whose form docs/studies.md tells. What it refuses, it refuses with the place and the reason;
 * settings of variants are checked later, when they are loaded.
 */
public final class StudyReader {
    private static final String SIZES = "sizes";
    private static final String ONLY_SIZE = "small"; // that of a file without sizes
    private static final String SUFFIX = ".conf";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*"); // of a folder, too

    private static final List<String> KEYS_OF_STUDY =
            List.of("title", "about", "equal", "seeds", "base", "axes", "variants", "claims", "datasets", SIZES);
    private static final List<String> KEYS_OF_SIZE =
            List.of("about", "equal", "seeds", "base", "axes", "variants", "claims", "datasets");
    private static final List<String> KEYS_OF_DATASET = List.of("text", "tokenizer-of", "prepare");

    private final Path file;
    private final ConfigSection root;

    private StudyReader(Path file, ConfigSection root) {
        this.file = file;
        this.root = root;
    }

    /**
     * Reads a study.
     *
     * @param size one of those in the file
     * @throws TrainingException of kind {@code USER} if the study cannot be understood
     */
    public static Study read(Path file, String size) {
        ConfigSection whole = ConfigSection.file(file);
        whole.requireOnly(KEYS_OF_STUDY);
        if (!whole.has(SIZES) && size.equals(ONLY_SIZE)) {
            return new StudyReader(file, whole).study(size);
        }
        List<String> sizes = whole.section(SIZES).names();
        if (!sizes.contains(size)) {
            throw user(file + " has no size '" + size + "'; "
                    + (sizes.isEmpty() ? "give it a section " + SIZES : "choose one of " + String.join(", ", sizes)));
        }
        ConfigSection ofSize = whole.section(SIZES).section(size);
        ofSize.requireOnly(KEYS_OF_SIZE);
        return new StudyReader(file, ofSize.over(whole, SIZES)).study(size);
    }

    private Study study(String size) {
        List<Variant> variants = variants();
        return new Study(
                String.valueOf(file.getFileName()).replace(SUFFIX, ""),
                root.text("title"),
                root.text("about", "").strip(),
                size,
                root.choice("equal", Equality.NONE),
                seeds(),
                datasets(),
                root.section("base").settings(),
                variants,
                claims(variants));
    }

    private List<Long> seeds() {
        List<Long> seeds = root.integers("seeds").stream().map(Long::valueOf).toList();
        if (seeds.isEmpty() || new HashSet<>(seeds).size() < seeds.size()) {
            throw root.wrong("seeds", "a list of different whole numbers, such as [1, 2, 3]");
        }
        return seeds;
    }

    /** Those of the matrix, then those with names of their own. */
    private List<Variant> variants() {
        List<List<Variant>> axes = new ArrayList<>();
        for (String axis : root.section("axes").names()) {
            axes.add(variants(root.section("axes").section(axis), "the axis " + axis));
        }
        List<Variant> all = new ArrayList<>(Matrix.variants(axes));
        if (root.has("variants")) {
            all.addAll(variants(root.section("variants"), "the section variants"));
        }
        if (all.isEmpty()) {
            throw user(file + " compares nothing; give it variants { NAME { settings } } or axes");
        }
        Set<String> names = new HashSet<>();
        for (Variant variant : all) {
            if (!names.add(variant.name())) {
                throw user("%s has two variants named '%s'; the axes make one of that name too, so rename one"
                        .formatted(file, variant.name()));
            }
        }
        return all;
    }

    private List<Variant> variants(ConfigSection section, String what) {
        List<String> names = section.names();
        if (names.isEmpty()) {
            throw user(file + ": " + what + " has no values; give it some, NAME { settings }");
        }
        return names.stream().map(name -> variant(name, section.section(name))).toList();
    }

    private Variant variant(String name, ConfigSection settings) {
        requireName("variant", name);
        return new Variant(name, settings.settings());
    }

    private Map<String, DatasetRecipe> datasets() {
        Map<String, DatasetRecipe> datasets = new LinkedHashMap<>();
        for (String name : root.section("datasets").names()) {
            requireName("dataset", name);
            ConfigSection section = root.section("datasets").section(name);
            section.requireOnly(KEYS_OF_DATASET);
            Optional<String> tokenizerOf =
                    section.has("tokenizer-of") ? Optional.of(section.text("tokenizer-of")) : Optional.empty();
            if (tokenizerOf.isPresent() && !datasets.containsKey(tokenizerOf.get())) {
                throw section.wrong("tokenizer-of", "the name of a dataset above it, one of " + datasets.keySet());
            }
            datasets.put(
                    name,
                    new DatasetRecipe(
                            name,
                            section.text("text", DatasetRecipe.MAIN),
                            tokenizerOf,
                            section.settingsAt("prepare")));
        }
        if (datasets.isEmpty()) {
            datasets.put(
                    DatasetRecipe.MAIN,
                    new DatasetRecipe(DatasetRecipe.MAIN, DatasetRecipe.MAIN, Optional.empty(), SettingsPatch.none()));
        }
        return datasets;
    }

    private List<Claim> claims(List<Variant> variants) {
        List<String> names = variants.stream().map(Variant::name).toList();
        return root.sections("claims").stream()
                .map(section -> new ClaimReader(section, names).read())
                .toList();
    }

    private void requireName(String what, String name) {
        if (!NAME.matcher(name).matches()) {
            throw user("%s: the %s '%s' needs another name, of letters, digits, '.', '_' and '-'"
                    .formatted(file, what, name));
        }
    }

    private static TrainingException user(String message) {
        return new TrainingException(Failure.USER, message);
    }
}
