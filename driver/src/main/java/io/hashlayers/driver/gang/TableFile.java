package io.hashlayers.driver.gang;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.storage.PendingFile;
import io.hashlayers.worker.storage.StorageFailure;
import io.hashlayers.worker.transformer.ModelConfig;
import java.io.BufferedInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** An expert table as a file of its own, on any Hadoop file system. */
final class TableFile {
    private final Folder folder;
    private final String name;

    /** Names a file; touches nothing. */
    TableFile(Configuration hadoop, String file) {
        Path path = Folder.of(hadoop, file).path();
        Path parent = path.getParent();
        if (parent == null) {
            throw new TrainingException(Failure.USER, file + " is a folder, where a file is wanted; name one in it");
        }
        this.folder = Folder.of(hadoop, parent.toString());
        this.name = path.getName();
    }

    boolean exists() {
        try {
            return folder.exists(name);
        } catch (IOException e) {
            throw new TrainingException(
                    StorageFailure.kind(e),
                    this + " cannot be read: " + e.getMessage() + "; check the storage and its rights",
                    e);
        }
    }

    /**
     * Reads a table for a model.
     *
     * @param values that its feature has
     * @throws TrainingException of kind {@code DATA} if it is missing, damaged or for another model
     */
    ExpertTable read(ModelConfig model, int values) {
        ExpertTable table = read();
        if (table.values() != values
                || table.numExperts() != model.numExperts()
                || table.expertsPerToken() != model.expertsPerToken()) {
            throw new TrainingException(
                    Failure.DATA,
                    "the table %s has %,d values with %d of %d experts each; the model needs %,d (moe.feature, dictionary) with %d (moe.experts-per-token) of %d (moe.num-experts): set these keys to those of the table, or name another in moe.table-file"
                            .formatted(
                                    this,
                                    table.values(),
                                    table.expertsPerToken(),
                                    table.numExperts(),
                                    values,
                                    model.expertsPerToken(),
                                    model.numExperts()));
        }
        return table;
    }

    private ExpertTable read() {
        try (InputStream in = new BufferedInputStream(folder.open(name))) {
            return ExpertTable.read(in, toString());
        } catch (FileNotFoundException e) {
            throw new TrainingException(
                    Failure.DATA, "there is no file " + this + "; check the path in moe.table-file", e);
        } catch (IOException e) {
            throw new TrainingException(
                    StorageFailure.kind(e),
                    this + " cannot be read: " + e.getMessage() + "; check the storage and its rights",
                    e);
        }
    }

    /**
     * Writes a table in place of what may be there; it appears whole or not at all.
     *
     * @throws TrainingException of kind {@code RESOURCES} if the storage refuses
     */
    void write(ExpertTable table) {
        try (PendingFile file = folder.create(name)) {
            table.write(file.out());
            file.commit();
        } catch (IOException e) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    this + " cannot be written: " + e.getMessage() + "; make room or check the rights of its folder",
                    e);
        }
    }

    @Override
    public String toString() {
        return folder.path(name).toString();
    }
}
