package io.hashlayers.worker.collective;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import org.apache.spark.network.protocol.Message;

/**
 * Lets through only what ranks and Spark's authentication send. Spark's decoder knows more, which nobody needs here, and makes
 * arrays of the sizes that are written in it; so this stands before it.
 */
final class KnownMessages extends ChannelInboundHandlerAdapter {
    private static final int FAILURE_HEADER_BYTES = 1 + Long.BYTES + Integer.BYTES;
    private static final int LONGEST_HEADER_BYTES = FAILURE_HEADER_BYTES; // of those that are let through

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf frame = (ByteBuf) message;
        if (!known(frame)) {
            Refusal.of(context.channel(), "it sent a message of a kind that is not used here");
        }
        if (context.channel().isActive()) {
            context.fireChannelRead(frame);
        } else {
            ReferenceCountUtil.release(frame);
        }
    }

    private static boolean known(ByteBuf frame) {
        int start = frame.readerIndex();
        int kind = frame.getByte(start);
        if (kind == Message.Type.OneWayMessage.id()) {
            return frame.readableBytes() >= 1 + Integer.BYTES;
        }
        if (kind == Message.Type.RpcRequest.id() || kind == Message.Type.RpcResponse.id()) {
            return frame.readableBytes() >= LONGEST_HEADER_BYTES;
        }
        return kind == Message.Type.RpcFailure.id()
                && frame.readableBytes() >= FAILURE_HEADER_BYTES
                && frame.getInt(start + 1 + Long.BYTES) == frame.readableBytes() - FAILURE_HEADER_BYTES;
    }
}
