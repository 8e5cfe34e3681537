/// How a command ends, for scripts.
enum ExitStatus: Int32, Sendable {
    case fine = 0
    /// The answer is bad news: drift, invalid files, a schema that is not up to date.
    case badNews = 1
    /// The command line or a setting is wrong, or names something that does not exist.
    case usage = 2
    /// The database or another dependency failed.
    case dependency = 3
    /// Nothing is known to be wrong, but not everything could be read or checked.
    case unknown = 4
    /// A signal ended it, as shells report it.
    case interrupted = 130

    /// Of several answers: a fault that kept us from asking, then what is proven wrong, then what could not be told.
    func combined(with other: Self) -> Self {
        let order: [Self] = [.fine, .unknown, .badNews, .usage, .dependency, .interrupted]
        let rank = { (status: Self) in order.firstIndex(of: status) ?? 0 }
        return rank(self) >= rank(other) ? self : other
    }
}

/// An error that is already one clear line: what, where, and how to fix it.
struct CommandFailure: Error, CustomStringConvertible {
    let status: ExitStatus
    let description: String
    /// What to do about it.
    let hint: String?

    init(_ status: ExitStatus, _ description: String, hint: String? = nil) {
        self.status = status
        self.description = description
        self.hint = hint
    }
}
