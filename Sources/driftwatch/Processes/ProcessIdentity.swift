import Foundation

/// Which process this is: `host:pid:start` names it for ever.
struct ProcessIdentity: Sendable {
    let host: String
    let pid: Int
    private let startedAt: Int

    init(now: Date = Date()) {
        host = hostName()
        pid = Int(ProcessInfo.processInfo.processIdentifier)
        startedAt = Int(now.timeIntervalSince1970)
    }

    /// `part` tells the parts of one process apart, where it has several.
    func workerID(part: String? = nil) -> String {
        "\(host):\(pid):\(startedAt)" + (part.map { ":\($0)" } ?? "")
    }
}

/// This machine's, or this container's, own name; no name server is asked.
func hostName() -> String {
    let name = try? String(contentsOfFile: "/proc/sys/kernel/hostname", encoding: .utf8)
    let trimmed = name?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
    return trimmed.isEmpty ? ProcessInfo.processInfo.hostName : trimmed
}
