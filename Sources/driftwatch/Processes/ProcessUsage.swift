import Foundation
import Instruments

/// What the process takes from its machine, under the names that Prometheus' own libraries use.
enum ProcessUsage {
    /// Linux counts in these, whatever the kernel's own clock is.
    private static let ticksPerSecond = 100.0

    static var families: [MetricFamily] {
        var families: [MetricFamily] = []
        func add(_ name: String, _ kind: MetricFamily.Kind, _ value: Double?, _ help: String) {
            if let value { families.append(MetricFamily(name, kind, help: help, samples: [.init(value)])) }
        }
        let stat = fields(of: "/proc/self/stat")
        add(
            "process_cpu_seconds_total", .counter, sum(stat[14], stat[15]).map { $0 / ticksPerSecond },
            "CPU time that the process has used.")
        add(
            "process_resident_memory_bytes", .gauge,
            value("VmRSS:", in: "/proc/self/status").map { $0 * 1024 }, "Memory that the process occupies.")
        add(
            "process_open_fds", .gauge,
            (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")).map { Double($0.count) },
            "Open files and connections.")
        add(
            "process_start_time_seconds", .gauge,
            sum(stat[22].map { $0 / ticksPerSecond }, value("btime", in: "/proc/stat")),
            "When the process started, in seconds since 1970.")
        return families
    }

    /// By their numbers in proc(5), from 3 on: the name before them may hold anything.
    private static func fields(of path: String) -> [Int: Double] {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8),
            let end = text.range(of: ") ", options: .backwards)
        else { return [:] }
        let numbers = text[end.upperBound...].split(separator: " ").enumerated().compactMap { index, word in
            Double(word).map { (index + 3, $0) }
        }
        return Dictionary(uniqueKeysWithValues: numbers)
    }

    private static func value(_ key: String, in path: String) -> Double? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        return text.split(separator: "\n").first { $0.hasPrefix(key) }?.split(whereSeparator: \.isWhitespace)
            .dropFirst().first.flatMap { Double($0) }
    }

    private static func sum(_ one: Double?, _ other: Double?) -> Double? {
        guard let one, let other else { return nil }
        return one + other
    }
}
