internal import DriftCore
import Foundation
internal import Redaction

/// What PAM's `pam_env` gives every login of this machine before the login shell starts, from `/etc/environment` mostly.
///
/// Over ssh the server's own PAM does this. A probe of the worker's own machine does not log in, so it is done here. If a
/// value is not certain, it is not guessed: unless the login shell sets it itself, the variable is unreadable.
struct LoginEnvironment: Equatable {
    private(set) var variables: [String: String] = [:]
    /// Names that something gives a value which only PAM knows.
    private(set) var undecided: Set<String> = []
    /// A file that PAM reads, as root, and that we may not.
    private(set) var isPartlyHidden = false

    /// Of this machine, or of what lies below `root`.
    ///
    /// `home` is that of the account that logs in.
    init(below root: String = "", home: String?) {
        for module in Self.modules(below: root) {
            for option in module where option.hasPrefix("conffile=") { readSettings("\(root)\(option.dropFirst(9))") }
            if !module.contains(where: { $0.hasPrefix("conffile=") }) {
                readSettings("\(root)/etc/security/pam_env.conf")
            }
            if !module.contains("readenv=0") {
                let file = module.last { $0.hasPrefix("envfile=") }?.dropFirst(8) ?? "/etc/environment"
                readVariables("\(root)\(file)")
            }
            if module.contains("user_readenv=1"), let home { readSettings("\(home)/.pam_environment") }
        }
    }

    /// Corrects what was seen of variables that were not set.
    func correct(_ environment: inout [String: SettingFact]) {
        for (name, fact) in environment where fact == .unset {
            if undecided.contains(name) { environment[name] = .unreadable(.unsupported) }
            if isPartlyHidden { environment[name] = .unreadable(.permissionDenied) }
        }
    }

    // MARK: PAM's configuration

    /// The options of each `pam_env.so` for a login over ssh, or for a login at a console if there is no sshd.
    private static func modules(below root: String) -> [[Substring]] {
        let folder = "\(root)/etc/pam.d/"
        guard let service = ["sshd", "login"].first(where: { FileManager.default.fileExists(atPath: folder + $0) })
        else { return [] }
        return modules(in: service, folder, depth: 0)
    }

    private static func modules(in service: String, _ folder: String, depth: Int) -> [[Substring]] {
        guard depth < 8, case .text(let text) = read(folder + service) else { return [] }
        return lines(of: text).flatMap { line -> [[Substring]] in
            let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" }
            if words.first == "@include", words.count == 2 {
                return modules(in: String(words[1]), folder, depth: depth + 1)
            }
            guard words.count >= 3, ["auth", "session"].contains(words[0].drop { $0 == "-" }) else { return [] }
            if ["include", "substack"].contains(words[1]) {
                return modules(in: String(words[2]), folder, depth: depth + 1)
            }
            guard let module = words.firstIndex(where: { $0.hasSuffix("pam_env.so") }) else { return [] }
            return [Array(words[(module + 1)...])]
        }
    }

    private enum Reading {
        case text(String)
        case missing, hidden
    }

    private static func read(_ path: String) -> Reading {
        guard FileManager.default.fileExists(atPath: path) else { return .missing }
        guard let bytes = FileManager.default.contents(atPath: path), bytes.count <= 1 << 20 else { return .hidden }
        return .text(String(decoding: bytes, as: UTF8.self))
    }

    /// A carriage return before the line feed is part of the line, which to a text of characters it is not.
    private static func lines(of text: String) -> [String] {
        text.unicodeScalars.split(separator: "\n").map { String($0) }
    }

    // MARK: What it reads

    /// `NAME DEFAULT=… OVERRIDE=…`, which depends on what PAM knows of the login.
    private mutating func readSettings(_ path: String) {
        switch Self.read(path) {
        case .missing: return
        case .hidden: noteHiddenFile()
        case .text(let text):
            for line in Self.lines(of: text) {
                let name = line.drop { $0 == " " || $0 == "\t" }.prefix {
                    $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_")
                }
                if !name.isEmpty { doubt(String(name)) }
            }
        }
    }

    private mutating func readVariables(_ path: String) {
        switch Self.read(path) {
        case .missing: return
        case .hidden: noteHiddenFile()
        case .text(let text): for line in Self.lines(of: text) { readVariable(line) }
        }
    }

    /// What a file said before counts no more where a later one says something that is not understood.
    private mutating func doubt(_ name: String) {
        undecided.insert(name)
        variables[name] = nil
    }

    private mutating func noteHiddenFile() {
        isPartlyHidden = true
        variables = [:]
    }

    /// `NAME=value`, in the grammar of `pam_env`: a `#` begins a comment wherever it stands, one pair of quotation marks
    /// around the value goes, and nothing is expanded.
    private mutating func readVariable(_ line: String) {
        var text = line.utf8.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        if text.starts(with: "export ".utf8) { text = text.dropFirst(7) }
        text = text.prefix { $0 != UInt8(ascii: "#") }
        let name = text.prefix { $0 != UInt8(ascii: "=") }
        guard let key = String(name), !key.isEmpty, name.allSatisfy(Self.isOfName), name.endIndex != text.endIndex
        else { return }
        var value = text[name.endIndex...].dropFirst()
        // Its versions differ on blanks at the end, on continued lines, and on how long a line may be.
        let isDoubtful =
            line.utf8.count > 1000 || value.contains(0) || value.last.map { " \t\r\\".utf8.contains($0) } ?? false
            || line.unicodeScalars.contains("\u{FFFD}")
        guard !isDoubtful else {
            doubt(key)
            return
        }
        if let first = value.first, "\"'".utf8.contains(first) {
            value = value.dropFirst()
            if let last = value.last, "\"'".utf8.contains(last) { value = value.dropLast() }
        }
        guard let value = String(value) else { return }
        variables[key] = value
        undecided.remove(key)
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || byte.isAlphanumeric
    }
}
