package io.hashlayers.worker.collective;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;

/**
 * Closes a connection that announces a longer frame than any of ours, before a byte of it is kept: Spark's own decoder would
 * take 2 GiB. It stands before that one and lets the bytes through as they are.
 *
 * <pre>
 * stream = ( length : u64, itself included; rest of the frame )*         big-endian
 * </pre>
 */
final class FrameLimit extends ChannelInboundHandlerAdapter {
    private final long most;
    private long length; // the part of it that has come
    private int lengthBytes; // that have come
    private long missing; // bytes of the frame
    private boolean refused;

    /**
     * @param most bytes of a frame, its length included
     */
    FrameLimit(long most) {
        this.most = most;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (refused || !accepts(bytes, context)) {
            refused = true;
            ReferenceCountUtil.release(bytes);
            return;
        }
        context.fireChannelRead(bytes);
    }

    private boolean accepts(ByteBuf bytes, ChannelHandlerContext context) {
        int position = bytes.readerIndex();
        while (position < bytes.writerIndex()) {
            if (missing > 0) {
                int passed = (int) Math.min(missing, bytes.writerIndex() - position);
                position += passed;
                missing -= passed;
            } else {
                length = length << Byte.SIZE | bytes.getUnsignedByte(position++);
                if (++lengthBytes == Long.BYTES && !begin(context)) {
                    return false;
                }
            }
        }
        return true;
    }

    private boolean begin(ChannelHandlerContext context) {
        if (length <= Long.BYTES || length > most) {
            Refusal.of(
                    context.channel(),
                    "it announced a frame of %s bytes, where ours have at most %d"
                            .formatted(Long.toUnsignedString(length), most));
            return false;
        }
        missing = length - Long.BYTES;
        length = 0;
        lengthBytes = 0;
        return true;
    }
}
