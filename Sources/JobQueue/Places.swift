import Synchronization

/// Who holds which place of a worker, and how many jobs it may ask for.
struct Places: Equatable {
    let total: Int
    /// By lease; true for a job whose worker was lost before.
    private var held: [LeaseToken: Bool] = [:]

    init(total: Int) {
        self.total = total
    }

    /// What to ask the queue for.
    struct Demand: Equatable {
        var jobs: Int
        /// At most one rescued job runs at a time, so that a job that kills its worker does not kill others with it.
        var rescued: Int
    }

    /// Nil when all places are held.
    var demand: Demand? {
        guard held.count < total else { return nil }
        return Demand(jobs: total - held.count, rescued: held.values.contains(true) ? 0 : 1)
    }

    var count: Int { held.count }

    mutating func jobStarted(_ token: LeaseToken, rescued: Bool) { held[token] = rescued }

    mutating func jobEnded(_ token: LeaseToken) { held[token] = nil }
}

/// A worker's places, shared by the task that claims and the tasks that work.
final class PlaceBook: Sendable {
    private let places: Mutex<Places>

    init(total: Int) {
        places = Mutex(Places(total: total))
    }

    var demand: Places.Demand? { places.withLock { $0.demand } }

    func jobStarted(_ token: LeaseToken, rescued: Bool) {
        Telemetry.running(
            places.withLock {
                $0.jobStarted(token, rescued: rescued)
                return $0.count
            })
    }

    func jobEnded(_ token: LeaseToken) {
        Telemetry.running(
            places.withLock {
                $0.jobEnded(token)
                return $0.count
            })
    }
}
