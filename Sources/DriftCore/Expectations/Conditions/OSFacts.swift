/// What a server runs: `machine NAME` as `uname -m` says it, then the lines of os-release.
struct OSFacts: Topic {
    static let name = "os"

    private(set) var id: String?
    private(set) var like: [String] = []
    private(set) var version: String?
    private(set) var machine: String?

    init(_ lines: [ArraySlice<UInt8>]) {
        for line in lines {
            let text = String(decoding: line, as: UTF8.self)
            if text.hasPrefix("machine ") {
                machine = Self.word(text.dropFirst("machine ".count))
                continue
            }
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            let value = Self.unquoted(parts[1])
            switch parts[0] {
            case "ID": id = Self.word(value)
            case "ID_LIKE": like = value.split(separator: " ").compactMap(Self.word)
            case "VERSION_ID": version = Self.word(value)
            default: break
            }
        }
    }

    /// As os-release(5) allows such values: letters, digits and `.`, `_`, `-`.
    private static func word(_ text: Substring) -> String? {
        let isWord =
            (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || "._-".utf8.contains(byte)
            }
        return isWord ? String(text) : nil
    }

    private static func unquoted(_ value: Substring) -> Substring {
        guard let mark = value.first, mark == "\"" || mark == "'", value.count >= 2, value.last == mark else {
            return value
        }
        return value.dropFirst().dropLast()
    }

    /// Whether two words name one architecture: the kernel's, and Debian's where it differs.
    static func isSame(_ one: String, _ other: String) -> Bool {
        (kernelWords[one] ?? one) == (kernelWords[other] ?? other)
    }

    private static let kernelWords = [
        "amd64": "x86_64", "arm64": "aarch64", "i386": "i686", "armhf": "armv7l", "ppc64el": "ppc64le",
    ]
}
