/**
 * The prepared dataset as a rank sees it: the manifest, token shards, the order of an epoch and the rows of a batch.
 *
 * <p>Decides how token files are laid out, checked and read, and which row every step reads. Knows neither text nor
 * tokenizers, neither Spark nor ranks: the rows of a batch are the same for any number of ranks.
 *
 * <p>Letters: {@code S} tokens of a sequence. Row {@code i} is the tokens {@code [i*S, i*S+S]} of its split, the last of
 * them only as a target. The bytes of the files are described in {@code docs/file-formats.md}.
 */
@NullMarked
package io.hashlayers.worker.data;

import org.jspecify.annotations.NullMarked;
