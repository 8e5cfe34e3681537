internal import Foundation

/// The certificates in the files that were asked about.
///
/// An answer is the server's time, `now SECONDS`, and for each file
/// ```
/// about PATH
/// path NUMBER read|missing|special|denied|planted PATH
/// next                                   or: slow PATH
/// pem NUMBER BASE64                      a certificate, in the order of the file
/// read NUMBER COUNT text|binary          the file was read; or: error NUMBER, large NUMBER
/// ```
/// and `whole` at the end. What root answers replaces what the login user said of a file.
struct CertificateFacts: Topic {
    static let name = "certificates"

    enum File: Hashable {
        case missing
        /// A text without a certificate.
        case none
        /// In the order of the file; never empty.
        case chain([Certificate])
    }

    private struct Answer: Hashable {
        var state: String
        var blocks: [String] = []
        /// The last word on it; empty until it came.
        var end: [String] = []
    }

    private var answers: [String: Answer] = [:]
    private var paths: [Int: String] = [:]
    private var open: String?
    private(set) var now: Int64?
    private var isWhole = false
    private let denial: UnreadableReason

    init(_ lines: [ArraySlice<UInt8>]) { self.init(lines, asRoot: nil, denial: .permissionDenied) }

    /// Root is only asked about what the login user was denied.
    init(_ lines: [ArraySlice<UInt8>], asRoot rootLines: [ArraySlice<UInt8>]?, denial: UnreadableReason) {
        self.denial = denial
        for line in lines + (rootLines ?? []) { read(String(decoding: line, as: UTF8.self)) }
    }

    private mutating func read(_ line: String) {
        let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        let rest = String(line.dropFirst(words[0].count + 1))
        let path = words.count > 1 ? Int(words[1]).flatMap { paths[$0] } : nil
        switch words[0] {
        case "now": now = Int64(rest)
        case "whole": isWhole = true
        case "about":
            open = rest
            answers[rest] = nil
        case "path" where words.count == 4:
            guard let number = Int(words[1]), let open else { return }
            paths[number] = open
            answers[open] = Answer(state: words[2])
        case "slow": answers[rest] = Answer(state: "slow")
        case "pem" where words.count == 3: if let path { answers[path]?.blocks.append(words[2]) }
        case "read" where words.count == 4, "error" where words.count == 2, "large" where words.count == 2:
            // A second one is a contradiction.
            if let path { answers[path]?.end += words }
        default: break
        }
    }

    func file(_ path: String) -> Result<File, UnreadableReason> {
        guard isWhole, let answer = answers[path] else { return .failure(.malformedAnswer) }
        switch answer.state {
        case "missing": return .success(.missing)
        case "special": return .failure(.notRegular)
        case "denied": return .failure(denial)
        case "planted": return .failure(.plantedLink)
        case "slow": return .failure(.slow)
        case "read": break
        default: return .failure(.malformedAnswer)
        }
        switch answer.end.first {
        case "error" where answer.end.count == 2: return .failure(.readError)
        case "large" where answer.end.count == 2: return .failure(.tooLarge)
        case "read" where answer.end.count == 4: return Self.certificates(answer)
        default: return .failure(.malformedAnswer)
        }
    }

    private static func certificates(_ answer: Answer) -> Result<File, UnreadableReason> {
        guard let count = Int(answer.end[2]), count == answer.blocks.count else { return .failure(.malformedAnswer) }
        if answer.blocks.isEmpty {
            // It may be a certificate in DER, which begins like a private key.
            return answer.end[3] == "text" ? .success(.none) : .failure(.unsupported)
        }
        let chain = answer.blocks.compactMap { block in
            Data(base64Encoded: block).flatMap { Certificate(der: Array($0)) }
        }
        return chain.count == count ? .success(.chain(chain)) : .failure(.malformedAnswer)
    }
}
