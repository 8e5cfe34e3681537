internal import Redaction

/// What folders have in them, and which files a pattern finds.
///
/// An answer is, for each question, `asked KIND PATH`, one line for each thing that was found, and `done`:
/// `at STATUS:PATH` as `lstat` sees it, `end STATUS:PATH` what a link leads to, `name NAME`; or why not all was seen: `denied`,
/// `slow`, `homeless` (nobody knows the home), `planted`, `cut` (too many), `odd` (a name with a line break), `missing` (no such folder), or a complaint of `find` or `stat`.
struct ListingFacts: Topic {
    static let name = "listing"

    enum Question: Hashable {
        /// The files that a pattern of the shell finds.
        case match(String)
        /// The names in a folder.
        case names(String)
        /// All that lies below a folder, on its file system.
        case tree(String)

        var argument: String {
            switch self {
            case .match(let pattern): "match \(pattern)"
            case .names(let folder): "names \(folder)"
            case .tree(let folder): "tree \(folder)"
            }
        }
    }

    struct Listing: Hashable {
        /// In the order of the answer.
        var entries: [Entry] = []
        var names: [String] = []
        /// What links lead to, by their paths.
        var ends: [String: FileStatus] = [:]
        /// The folder does not exist.
        var isMissing = false
        /// Why there may be more than was seen.
        var gap: UnreadableReason?

        /// As many are listed as a tree may have.
        static let limit = 20000

        fileprivate var whole: Self {
            var listing = self
            if entries.count > Self.limit { listing.note(.tooLarge) }
            return listing
        }
    }

    struct Entry: Hashable {
        var path: String
        /// Of the path itself, not followed.
        var status: FileStatus
    }

    private var listings: [String: Listing] = [:]

    init(_ lines: [ArraySlice<UInt8>]) {
        var open: (argument: String, listing: Listing)?
        for line in lines {
            let (word, rest) = Self.cut(line)
            if word == "asked" {
                open = (rest.map { String(decoding: $0, as: UTF8.self) } ?? "", Listing())
            } else if word == "done", let (argument, listing) = open {
                open = nil
                // A question that is answered twice is not answered.
                let isNew = listings[argument] == nil
                listings[argument] = isNew ? listing.whole : Listing(gap: .malformedAnswer)
            } else {
                open?.listing.add(word, rest ?? [])
            }
        }
    }

    private static func cut(_ line: ArraySlice<UInt8>) -> (word: String, rest: ArraySlice<UInt8>?) {
        guard let space = line.firstIndex(of: UInt8(ascii: " ")) else {
            return (String(decoding: line.prefix(16), as: UTF8.self), nil)
        }
        return (String(decoding: line[..<space].prefix(16), as: UTF8.self), line[(space + 1)...])
    }

    /// Nil if the question was not answered to its end.
    subscript(question: Question) -> Listing? { listings[question.argument] }
}

extension ListingFacts.Listing {
    fileprivate mutating func add(_ word: String, _ rest: ArraySlice<UInt8>) {
        switch word {
        case "at":
            if let (status, path) = Self.entry(rest) {
                entries.append(ListingFacts.Entry(path: path, status: status))
            } else {
                note(.malformedAnswer)
            }
        case "end":
            if let (status, path) = Self.entry(rest) {
                ends[path] = status
            } else {
                note(.malformedAnswer)
            }
        case "name": names.append(VisibleText.value(rest))
        case "missing": isMissing = true
        case "denied": note(.permissionDenied)
        case "slow": note(.slow)
        case "homeless": note(.unknownAccount)
        case "planted": note(.plantedLink)
        case "cut": note(.tooLarge)
        case "odd": note(.malformedAnswer)
        case "find:", "stat:":
            let words = String(decoding: rest, as: UTF8.self)
            // What vanished in between is not there.
            if words.hasSuffix("No such file or directory") { return }
            note(words.hasSuffix("Permission denied") ? .permissionDenied : .readError)
        default: note(.malformedAnswer)
        }
    }

    private mutating func note(_ reason: UnreadableReason) { gap = gap ?? reason }

    /// Reads `81a4:0:0:5+1732700000:root:root:/etc/motd`.
    private static func entry(_ text: ArraySlice<UInt8>) -> (FileStatus, String)? {
        var colons = 0
        let end = text.firstIndex { byte in
            if byte == UInt8(ascii: ":") { colons += 1 }
            return colons == 6
        }
        guard let end, let status = FileStatus(answer: text[..<end]) else { return nil }
        return (status, VisibleText.value(text[(end + 1)...]))
    }
}
