import NIOCore
import NIOHTTPTypes

/// Watches what one connection waits for, and closes it when its client takes too long.
///
/// The time runs from the moment that the connection begins to wait for its client, and a byte now and then does not
/// start it anew: a request whose head drips in has the same time as one that never comes.
final class ClientWatch: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let places: ConnectionPlaces
    private let timeout: TimeAmount
    /// Requests whose head came and whose answer has not ended.
    private var unanswered = 0
    /// Set while the client is waited for.
    private var alarm: Scheduled<Void>?

    init(places: ConnectionPlaces, timeout: TimeAmount) {
        self.places = places
        self.timeout = timeout
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { update(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        update(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(context)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { end(context) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head = unwrapInboundIn(data) {
            unanswered += 1
            update(context)
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let isEnd = if case .end = unwrapOutboundIn(data) { true } else { false }
        context.write(data, promise: promise)
        guard isEnd else { return }
        // A request that could not be parsed is answered without a head.
        unanswered = max(0, unanswered - 1)
        update(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        update(context)
        context.fireChannelWritabilityChanged()
    }

    private func update(_ context: ChannelHandlerContext) {
        let channel = context.channel
        guard channel.isActive else { return }
        if unanswered > 0 && channel.isWritable {
            alarm?.cancel()
            alarm = nil
            places.works(channel)
        } else if alarm == nil {
            alarm = context.eventLoop.scheduleTask(in: timeout) { channel.close(promise: nil) }
            places.waits(channel) { channel.close(promise: nil) }
        }
    }

    private func end(_ context: ChannelHandlerContext) {
        alarm?.cancel()
        alarm = nil
        places.leaves(context.channel)
    }
}
