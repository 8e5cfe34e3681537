internal import Foundation
internal import Redaction

/// The keys that sshd would accept for the accounts that were asked about.
///
/// An answer is, first, what else lets somebody in: `command` (keys come from a program, too), `authorities` (certificates
/// of some authorities are accepted) and `unclear` (the files depend on the connection). Then, for each account:
/// ```
/// about NAME
/// path NUMBER read|missing|special|denied|planted PATH
/// next                                   all of its files have been named; or: slow NAME
/// key NUMBER TYPE BLOB ,OPTION,OPTION    a key in the file with this number
/// read NUMBER 2                          the file was read, two lines of it are no keys; or: error, large
/// ```
/// and `whole` at the end. What root answers replaces what the login user said of an account.
struct KeyFacts: Topic {
    static let name = "keys"

    struct Key: Hashable {
        /// As packs write it.
        var word: String
        var type: String
        var path: String
        /// Names only.
        var options: [String]

        var shown: String {
            let notes = [type] + options.filter { $0 != "cert-authority" }
            return "\(word) (\(notes.joined(separator: ", ")))"
        }
    }

    struct Found {
        var keys: [Key]
        /// Why there may be more.
        var gap: UnreadableReason?
        var remark: String?
    }

    private struct File: Hashable {
        var path: String
        var gap: UnreadableReason?
        var keys: [Key] = []
        var strangeLines = 0
    }

    private struct Account: Hashable {
        var files: [File] = []
        /// Nil once all of its files have been named.
        var gap: UnreadableReason? = .malformedAnswer
    }

    private var accounts: [String: Account] = [:]
    /// Where the file with a number is.
    private var places: [Int: (account: String, file: Int)] = [:]
    private var open: String?
    private var isUnclear = false
    private var hasCommand = false
    private var hasAuthorities = false
    private var isWhole = false
    private let denial: UnreadableReason

    init(_ lines: [ArraySlice<UInt8>]) { self.init(lines, asRoot: nil, denial: .permissionDenied) }

    /// Root is only asked about what the login user was denied.
    init(_ lines: [ArraySlice<UInt8>], asRoot rootLines: [ArraySlice<UInt8>]?, denial: UnreadableReason) {
        self.denial = denial
        for line in lines + (rootLines ?? []) { read(String(decoding: line, as: UTF8.self)) }
    }

    static func == (left: Self, right: Self) -> Bool {
        left.accounts == right.accounts
            && (left.isUnclear, left.hasCommand, left.hasAuthorities, left.isWhole)
                == (right.isUnclear, right.hasCommand, right.hasAuthorities, right.isWhole)
    }

    func hash(into hasher: inout Hasher) { hasher.combine(accounts) }

    func keys(of name: String) -> Result<Found, UnreadableReason> {
        guard isWhole, let account = accounts[name] else { return .failure(.malformedAnswer) }
        if isUnclear { return .failure(.unsupported) }
        var found = Found(keys: account.files.flatMap(\.keys))
        found.gap = account.gap ?? account.files.lazy.compactMap(\.gap).first ?? (hasCommand ? .unsupported : nil)
        let strange = account.files.reduce(0) { $0 + $1.strangeLines }
        let remarks = [
            hasAuthorities ? "sshd also accepts certificates of its TrustedUserCAKeys" : nil,
            strange > 0
                ? "\(strange) \(strange == 1 ? "line is not a key" : "lines are not keys"), and sshd ignores them"
                : nil,
        ]
        let remark = remarks.compactMap(\.self).joined(separator: "; ")
        found.remark = remark.isEmpty ? nil : remark
        return .success(found)
    }
}

// MARK: Lines

extension KeyFacts {
    private mutating func read(_ line: String) {
        let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        let rest = String(line.dropFirst(words[0].count + 1))
        switch words[0] {
        case "unclear": isUnclear = true
        case "command": hasCommand = true
        case "authorities": hasAuthorities = true
        case "whole": isWhole = true
        case "about":
            open = rest
            accounts[rest] = Account()
        case "next":
            if let open { accounts[open]?.gap = nil }
            open = nil
        case "slow":
            accounts[rest] = Account(gap: .slow)
            open = nil
        case "path" where words.count == 4: readPath(words)
        case "key" where words.count == 4: readKey(words)
        case "read" where words.count == 3:
            change(words[1]) { file in
                file.gap = file.gap == .malformedAnswer ? nil : .malformedAnswer
                file.strangeLines += Int(words[2]).map { max(0, min($0, 1_000_000)) } ?? 0
            }
        case "error": change(rest) { $0.gap = .readError }
        case "large": change(rest) { $0.gap = .tooLarge }
        default: break
        }
    }

    private mutating func readPath(_ words: [String]) {
        guard let number = Int(words[1]), let open else { return }
        let gap: UnreadableReason? =
            switch words[2] {
            // sshd reads nothing but regular files.
            case "missing", "special": nil
            case "denied": denial
            case "planted": .plantedLink
            // Until its end was seen.
            default: .malformedAnswer
            }
        places[number] = (open, accounts[open]?.files.count ?? 0)
        accounts[open]?.files.append(File(path: words[3], gap: gap))
    }

    private mutating func change(_ number: String, _ change: (inout File) -> Void) {
        guard let number = Int(number), let place = places[number],
            accounts[place.account]?.files.indices.contains(place.file) == true
        else { return }
        accounts[place.account].map { account in
            var account = account
            change(&account.files[place.file])
            accounts[place.account] = account
        }
    }

    private mutating func readKey(_ words: [String]) {
        let rest = words[3].split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        change(words[1]) { file in
            guard let fingerprint = Self.fingerprint(type: words[2], blob: rest[0]) else {
                file.strangeLines += 1
                return
            }
            let options = (rest.count > 1 ? rest[1] : "").split(separator: ",").map(String.init).filter(Self.isName)
            let isAuthority = options.contains("cert-authority")
            file.keys.append(
                Key(
                    word: (isAuthority ? "cert-authority " : "") + fingerprint,
                    type: Self.types[words[2]] ?? "another type",
                    path: file.path, options: options))
        }
    }

    private static func isName(_ option: String) -> Bool {
        option.utf8.count < 32 && option.utf8.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "-") }
    }

    /// As `ssh-keygen -l` prints it; nil if sshd would not accept the line as a key.
    ///
    /// A certificate is not a key.
    static func fingerprint(type: String, blob: String) -> String? {
        guard let data = Data(base64Encoded: blob), !type.hasSuffix("-cert-v01@openssh.com") else { return nil }
        let bytes = Array(data)
        var rest = bytes[...]
        var fields: [ArraySlice<UInt8>] = []
        while !rest.isEmpty {
            guard rest.count >= 4 else { return nil }
            let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            guard rest.count - 4 >= length else { return nil }
            fields.append(rest.dropFirst(4).prefix(length))
            rest = rest.dropFirst(4 + length)
        }
        guard fields.count > 1, fields[0].elementsEqual(type.utf8) else { return nil }
        let hash = Data(SHA256Digest(of: bytes).bytes).base64EncodedString()
        return "SHA256:" + hash.prefix { $0 != "=" }
    }

    private static let types = [
        "ssh-ed25519": "ED25519", "ssh-rsa": "RSA", "ssh-dss": "DSA", "ecdsa-sha2-nistp256": "ECDSA",
        "ecdsa-sha2-nistp384": "ECDSA", "ecdsa-sha2-nistp521": "ECDSA",
        "sk-ssh-ed25519@openssh.com": "ED25519-SK", "sk-ecdsa-sha2-nistp256@openssh.com": "ECDSA-SK",
    ]
}
