import Foundation
import Redaction

/// A file with made-up secrets; texts are in base64, so that scanners of repositories keep quiet.
struct SecretCase: Decodable {
    var id: String
    /// Whether it may never be shown.
    var must: Bool
    var path: String
    var text: Data
    var secrets: [Data]

    /// Those of its secrets that would be shown.
    var leaks: [String] {
        if SecretPlaces.contains(path.utf8) { return [] }
        let shown = Data(MaskedText(Array(text)).joined)
        return secrets.filter { shown.range(of: $0) != nil }.map { String(decoding: $0, as: UTF8.self) }
    }
}

/// A folder with `secrets.json` and `harmless.txt`.
struct Cases {
    var secrets: [SecretCase]
    /// Each is a file of its own, nothing of which may be hidden.
    var harmless: [String]

    init(folder: String) throws {
        let folder = URL(filePath: folder, directoryHint: .isDirectory)
        secrets = try JSONDecoder().decode(
            [SecretCase].self, from: Data(contentsOf: folder.appending(path: "secrets.json")))
        harmless = try String(contentsOf: folder.appending(path: "harmless.txt"), encoding: .utf8)
            .split(separator: "\n").map(String.init)
    }

    var leaking: [(case: SecretCase, secrets: [String])] {
        secrets.map { ($0, $0.leaks) }.filter { !$0.1.isEmpty }
    }

    var hidden: [(line: String, shown: String)] {
        harmless.map { ($0, Masking.masked($0 + "\n").trimmingCharacters(in: .newlines)) }.filter { $0.0 != $0.1 }
    }
}

/// What masking hides of a Debian machine's own files, which hold no secrets.
struct SystemFiles {
    private static let folders = [
        "/etc", "/usr/lib/systemd/system", "/usr/lib/sysctl.d", "/usr/lib/tmpfiles.d", "/usr/share/pam-configs",
    ]

    private(set) var fileCount = 0
    private(set) var lineCount = 0
    private(set) var hidden: [(path: String, line: Int, shown: String)] = []
    /// The texts, to measure speed with.
    private(set) var texts: [[UInt8]] = []

    var rate: Double { lineCount == 0 ? 0 : Double(hidden.count) / Double(lineCount) }

    init() {
        for folder in Self.folders {
            for path in FileManager.default.enumerator(atPath: folder)?.compactMap({ $0 as? String }) ?? [] {
                read(folder + "/" + path)
            }
        }
    }

    private mutating func read(_ path: String) {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        guard attributes?[.type] as? FileAttributeType == .typeRegular, attributes?[.size] as? Int ?? 0 <= 64 * 1024,
            !SecretPlaces.contains(path.utf8), let data = FileManager.default.contents(atPath: path), !data.contains(0),
            String(validating: data, as: UTF8.self) != nil
        else { return }
        let text = MaskedText(Array(data))
        texts.append(Array(data))
        fileCount += 1
        lineCount += text.count
        hidden += text.maskedLines.map { (path, $0 + 1, String(decoding: text[$0], as: UTF8.self)) }
    }
}
