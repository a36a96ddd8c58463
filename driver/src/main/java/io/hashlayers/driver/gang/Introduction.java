package io.hashlayers.driver.gang;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.Serializable;

/**
 * What a rank tells the others when they meet.
 *
 * @param address of the endpoint of its JVM
 * @param host where it runs
 * @param executor Spark's id of its JVM
 * @param kernels what computes there
 */
record Introduction(String address, String host, String executor, String kernels) implements Serializable {
    private static final JsonMapper JSON = new JsonMapper();

    String toJson() {
        try {
            return JSON.writeValueAsString(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an introduction cannot be written as JSON", e);
        }
    }

    static Introduction fromJson(String json) {
        try {
            return JSON.readValue(json, Introduction.class);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a rank introduced itself with " + json, e);
        }
    }
}
