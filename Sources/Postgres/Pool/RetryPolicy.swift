/// Whether a failed call is run again; legal because its closure is synchronous and touches the database only.
struct RetryPolicy {
    enum Decision: Equatable {
        case giveUp
        case again(after: Duration)
    }

    /// How often a call may lose against others (40001, 40P01) before its error reaches the caller.
    static let limit = 5

    private var conflicts = 0
    /// Short: what they lost against ends soon.
    private var backoff = Backoff(from: .milliseconds(40), to: .milliseconds(640))
    private var stalePlans = 0

    mutating func failed(with error: any Error, random: () -> Double = { .random(in: 0..<1) }) -> Decision {
        guard let error = error as? DatabaseError else { return .giveUp }
        if error.isStalePlan {
            stalePlans += 1
            return stalePlans > Self.limit ? .giveUp : .again(after: .zero)
        }
        switch error.sqlState {
        case .serializationFailure, .deadlockDetected:
            conflicts += 1
            return conflicts > Self.limit ? .giveUp : .again(after: backoff.next(random: random()))
        default: return .giveUp
        }
    }
}
