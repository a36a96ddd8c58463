/**
 * Tells how even the work will be, from a table, token counts and a placement: before training, in closed form.
 *
 * <p>It only reports; it decides nothing.
 *
 * <p>Letters used for sizes: {@code V} values, {@code E} experts, {@code k} experts per token, {@code W} ranks. A
 * <em>row</em> is one token for one expert: a text of {@code T} tokens has {@code k * T}.
 */
@NullMarked
package io.hashlayers.sharding.balance;

import org.jspecify.annotations.NullMarked;
