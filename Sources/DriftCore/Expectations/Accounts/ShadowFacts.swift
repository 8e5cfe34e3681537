/// Whether a password opens an account, and whether the account has expired.
struct PasswordState: Hashable {
    var isLocked: Bool
    var isExpired: Bool
}

/// What the shadow database says of the accounts that were asked about.
///
/// An answer is one line for each, `shadow STATE EXPIRY NAME`, without the password: `STATE` is open, locked or set,
/// `EXPIRY` is valid or expired.
struct ShadowFacts: Topic {
    static let name = "shadow"

    private var states: [String: Result<PasswordState, UnreadableReason>] = [:]

    init(_ lines: [ArraySlice<UInt8>]) {
        for line in lines {
            let words = line.split(separator: UInt8(ascii: " "), maxSplits: 3, omittingEmptySubsequences: false).map {
                String(decoding: $0, as: UTF8.self)
            }
            guard words.count == 4, words[0] == "shadow", ["open", "locked", "set"].contains(words[1]),
                ["valid", "expired"].contains(words[2])
            else { continue }
            let isNew = states[words[3]] == nil
            let state = PasswordState(isLocked: words[1] == "locked", isExpired: words[2] == "expired")
            states[words[3]] = isNew ? .success(state) : .failure(.malformedAnswer)
        }
    }

    /// The state of an account that exists; one that has no entry is not looked up further.
    func state(_ name: String) -> Result<PasswordState, UnreadableReason> { states[name] ?? .failure(.unsupported) }
}
