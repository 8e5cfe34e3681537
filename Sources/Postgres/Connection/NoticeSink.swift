import CLibpq
import Logging

/// Logs the server's notices, and remembers whether the server has announced that it ends the connection.
final class NoticeSink {
    private let logger: Logger
    /// The server has announced that it ends this connection.
    private(set) var sawFatal = false

    init(logger: Logger) { self.logger = logger }

    /// The sink must live as long as `connection`.
    func attach(to connection: OpaquePointer) {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        _ = unsafe PQsetNoticeReceiver(
            connection,
            { context, result in
                guard let context = unsafe context, let result = unsafe result else { return }
                let report = unsafe ServerReport(result)
                unsafe Unmanaged<NoticeSink>.fromOpaque(context).takeUnretainedValue().receive(report)
            }, context)
    }

    private func receive(_ report: ServerReport) {
        if report.isFatal { sawFatal = true }
        logger.debug(
            "Server notice",
            metadata: [
                "db.sqlstate": "\(report.sqlState?.rawValue ?? "")", "db.severity": "\(report.severity)",
                "db.message": "\(report.message)",
            ])
    }
}
