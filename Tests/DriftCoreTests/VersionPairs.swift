import DriftCore
import TestSupport

/// Makes pairs of versions for one package manager, most of them close to each other.
struct VersionPairs {
    /// What stands between the epoch and the release; a sign that appears more often is used more often.
    var alphabet: String
    /// What may follow the hyphen.
    var releaseAlphabet: String
    var hasEpochs = true
    private var generator: SeededGenerator

    init(_ alphabet: String, release: String, hasEpochs: Bool = true, seed: UInt64) {
        self.alphabet = alphabet
        releaseAlphabet = release
        self.hasEpochs = hasEpochs
        generator = SeededGenerator(seed: seed)
    }

    mutating func pairs(_ count: Int) -> [(String, String)] { (0..<count).map { _ in pair() } }

    private mutating func pair() -> (String, String) {
        let left = version()
        switch number(0...9) {
        case 0...1: return (left, version())
        case 2: return (left, left.replacing("0", with: "00", maxReplacements: 1))
        case 3: return (left, left + characters(alphabet, 1...2))
        case 4: return (left, String(left.prefix { $0 != "-" }))
        case 5 where hasEpochs:
            return (left, left.contains(":") ? String(left.drop { $0 != ":" }.dropFirst()) : "0:" + left)
        default: return (left, changed(left))
        }
    }

    /// With one sign changed, added, dropped or doubled.
    private mutating func changed(_ text: String) -> String {
        var text = Array(text)
        let place = number(0...(text.count - 1))
        let sign = alphabet.randomElement(using: &generator) ?? "0"
        switch number(0...3) {
        case 0: text[place] = sign
        case 1: text.insert(sign, at: place)
        case 2 where text.count > 1: text.remove(at: place)
        default: text.insert(text[place], at: place)
        }
        return String(text)
    }

    private mutating func version() -> String {
        let epoch = hasEpochs && number(0...3) == 0 ? "\(number(0...2)):" : ""
        let release = number(0...2) > 0 ? "-" + characters(releaseAlphabet, 1...4) : ""
        return epoch + "\(number(0...12))" + characters(alphabet, 0...7) + release
    }

    private mutating func characters(_ alphabet: String, _ count: ClosedRange<Int>) -> String {
        String((0..<number(count)).compactMap { _ in alphabet.randomElement(using: &generator) })
    }

    private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
}

extension PackageManager {
    /// `lt`, `eq` or `gt`, as `dpkg --compare-versions` names them.
    func relation(of left: String, to right: String) -> String {
        let order = order(of: left, against: right)
        return order < 0 ? "lt" : order > 0 ? "gt" : "eq"
    }
}
