package import DriftCore
internal import Redaction

/// What goes to the script's standard input, and what is known of the questions without asking.
package struct ProbeRequest: Hashable, Sendable {
    /// Marks the answer's frame; hexadecimal.
    package let nonce: String
    package let questions: ProbeQuestions
    /// By item number, which is a place in this list.
    let paths: [String]
    let environment: [String]
    /// Names that no server's environment can hold.
    let unaskable: Set<String>

    package static func == (left: Self, right: Self) -> Bool {
        left.nonce == right.nonce && left.questions == right.questions && left.input == right.input
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(nonce)
        hasher.combine(input)
    }

    /// The bytes of the script's standard input.
    package let input: [UInt8]
    /// How the script ends its answer.
    var lastLine: String { "driftwatch-probe \(nonce) end" }

    /// `configUser` says whose home `~` is; the login user's where nil.
    package init(_ questions: ProbeQuestions, configUser: String? = nil, nonce: String = Self.freshNonce()) {
        self.nonce = nonce
        self.questions = questions
        let askable = questions.files.filter { Self.isAskable(path: $0.path) }
        let names = questions.environment.filter(Self.isAskable(variable:))
        paths = askable.map(\.path)
        environment = names
        unaskable = Set(questions.environment).subtracting(names)

        var lines = ["driftwatch-probe \(nonce) \(ProbeScript.version)", "owner \(Self.owner(configUser))"]
        if questions.packages { lines.append("packages") }
        lines += names.map { "env \($0)" }
        for (item, file) in askable.enumerated() {
            let hashes = file.expectedHashes.map(\.hexadecimal).sorted().joined(separator: "/")
            let kind = hashes.isEmpty ? "s" : Masking.mayReadContent(of: file.path) ? "c" : "h"
            lines.append("file \(item) \(kind) \(hashes.isEmpty ? "-" : hashes) \(file.path)")
        }
        lines.append("end\n")
        input = Array(lines.joined(separator: "\n").utf8)
    }

    package static func freshNonce() -> String {
        let number = UInt64.random(in: .min ... .max)
        return "d" + String(number, radix: 16)
    }

    private static func isAskable(path: String) -> Bool {
        (path.hasPrefix("/") || path.hasPrefix("~/")) && !path.utf8.contains { $0 == 0 || $0 == UInt8(ascii: "\n") }
            && path.utf8.count < 4096
    }

    private static func isAskable(variable: String) -> Bool {
        guard let first = variable.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return variable.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }

    /// A name that could be no account is sent as one that is none.
    private static func owner(_ configUser: String?) -> String {
        guard let configUser else { return "-" }
        let isName =
            !configUser.isEmpty && !configUser.hasPrefix("-")
            && configUser.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: ":") }
        return isName ? configUser : "::"
    }
}
