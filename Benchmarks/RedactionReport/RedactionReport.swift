import Foundation
import Redaction

/// Prints how much masking lets through, and how much it hides that is none: `RedactionReport FOLDER [--speed]`.
@main struct RedactionReport {
    static func main() throws {
        var arguments = Array(CommandLine.arguments.dropFirst())
        let measuresSpeed = arguments.contains("--speed")
        arguments.removeAll { $0 == "--speed" }
        guard let folder = arguments.first else {
            print("RedactionReport: name the folder of the cases")
            exit(2)
        }
        let cases = try Cases(folder: folder)
        let leaking = cases.leaking
        for (file, secrets) in leaking {
            print("leaks   \(file.must ? "must" : "    ")  \(file.id) \(file.path): \(secrets.joined(separator: " "))")
        }
        let hidden = cases.hidden
        for (line, shown) in hidden { print("hidden  \(line)  ->  \(shown)") }
        let system = SystemFiles()
        for (path, line, shown) in system.hidden { print("hidden  \(path):\(line): \(VisibleText.terminal(shown))") }

        let must = leaking.count { $0.case.must }
        print("secrets:  \(leaking.count) of \(cases.secrets.count) kinds leak, \(must) of them must not")
        print("harmless: \(hidden.count) of \(cases.harmless.count) lines hidden")
        print(
            "system:   \(system.hidden.count) of \(system.lineCount) lines in \(system.fileCount) files hidden:",
            String(format: "%.3f %%", system.rate * 100))
        if measuresSpeed { measure(system.texts) }
        let isFine = must == 0 && leaking.count * 20 <= cases.secrets.count && hidden.isEmpty && system.rate <= 0.002
        exit(isFine ? 0 : 1)
    }

    /// Masking against JSONDecoder reading the same texts, as lines; best of nine.
    private static func measure(_ texts: [[UInt8]]) {
        let lines = texts.map { String(decoding: $0, as: UTF8.self).split(separator: "\n").map(String.init) }
        guard let json = try? JSONEncoder().encode(lines) else { return }
        let bytes = texts.reduce(0) { $0 + $1.count }
        let masking = best { texts.reduce(0) { $0 + (MaskedText($1).hasSecrets ? 1 : 0) } }
        let decoding = best { (try? JSONDecoder().decode([[String]].self, from: json))?.count ?? 0 }
        print(
            String(
                format: "speed:    masking %.0f MB/s, JSONDecoder %.0f MB/s: %.1f times", Double(bytes) / masking / 1e6,
                Double(json.count) / decoding / 1e6, decoding / masking))
    }

    private static func best(_ body: () -> Int) -> Double {
        (0..<9).map { _ in
            let start = ContinuousClock.now
            let result = body()
            let time = ContinuousClock.now - start
            return result < 0 ? .infinity : Double(time.components.attoseconds) / 1e18 + Double(time.components.seconds)
        }.min() ?? .infinity
    }
}
