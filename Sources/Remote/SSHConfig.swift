import DriftCore
import Foundation

/// The config file that one `ssh` and those on the way to its server read: our options first, then the user's config.
struct SSHConfig {
    private let file: HeldFile
    /// The file that ours goes on with, and how many lines come before it.
    private let continued: (path: String, offset: Int)?

    var path: String { file.path }

    /// Writes the file: `options` are as on a command line.
    ///
    /// Without `path` the account's own config and the system's follow.
    init(_ options: [String], continuing path: String?) throws(ProbeFailure) {
        // The first value of an option counts, so that ours win. The inner ssh must not say that it has logged in.
        let lines =
            ["Host *", "LogLevel INFO"]
            + options.map { option in
                option.replacing("=", with: " ", maxReplacements: 1)
            }
        var bytes = Array(lines.joined(separator: "\n").utf8) + [UInt8(ascii: "\n")]
        do {
            if let path {
                // Its text and not an `Include`: ssh minds the owner of what is included, and in a container that is
                // somebody outside.
                bytes += try Data(contentsOf: URL(fileURLWithPath: path))
                continued = (path, lines.count)
            } else {
                bytes += Array("Include ~/.ssh/config\nInclude /etc/ssh/ssh_config\n".utf8)
                continued = nil
            }
        } catch {
            throw ProbeFailure(.misconfigured, detail: SSHDiagnosis.detail("no ssh config: \(error)"))
        }
        file = try HeldFile(holding: bytes)
    }

    /// A line of ssh's, with the user's own file and line in place of ours.
    func inTermsOfTheUser(_ line: String) -> String {
        guard let continued, let start = line.range(of: file.path) else { return line }
        var rest = String(line[start.upperBound...])
        for word in [": line ", " line "] where rest.hasPrefix(word) {
            let digits = rest.dropFirst(word.count).prefix { $0.isNumber }
            guard let number = Int(digits) else { break }
            rest = "\(word)\(number - continued.offset)\(rest.dropFirst(word.count + digits.count))"
            break
        }
        return line[..<start.lowerBound] + continued.path + rest
    }
}
