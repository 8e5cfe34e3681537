package import DriftCore
import DriftStore
package import Foundation
package import Logging
package import Postgres
package import Runtime
import ServiceLifecycle
import Synchronization

/// Runs a notifier for each destination, so that none waits for another.
///
/// It looks every few seconds, and whenever something happens, which destinations there are and which secrets they have. One
/// that is new gets a notifier, one that is gone loses it, and one that changed gets another as soon as the first has
/// finished the message in hand.
package struct NotifierGroup: Service {
    private let database: Database
    private let source: any DestinationSource
    private let notifierID: String
    private let lookEvery: Duration
    private let wake: WakeSignal
    private let clock: any Clock<Duration>
    private let logger: Logger

    package init(
        database: Database, source: any DestinationSource, notifierID: String, lookEvery: Duration = .seconds(5),
        wake: WakeSignal = WakeSignal(), clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        self.database = database
        self.source = source
        self.notifierID = notifierID
        self.lookEvery = lookEvery
        self.wake = wake
        self.clock = clock
        self.logger = logger
    }

    package func run() async {
        let members = Members()
        await withDiscardingTaskGroup { group in
            let loop = Loop(every: lookEvery, wake: wake, clock: clock, logger: logger)
            await loop.runUntilShutdown {
                members.wakeAll()
                let found = try await source.current()
                members.end(allBut: Set(found.map(\.name)))
                for destination in found {
                    guard let (member, notifier) = try await begin(destination, members) else { continue }
                    group.addTask {
                        await notifier.run { member.isOver }
                        members.remove(destination.name)
                        // Another may wait for its end.
                        wake.raise()
                    }
                }
                return .paused
            }
        }
    }

    /// The notifier that is to begin now, if one is.
    private func begin(_ found: FoundDestination, _ members: Members) async throws -> (Members.Member, Notifier)? {
        switch found.state {
        case .faulty(let reason):
            let isServed = members.isServed(found.name)
            if members.note(reason, of: found.name) {
                logger.warning(
                    isServed ? "going on with the old secret of a destination" : "a destination cannot be sent to",
                    metadata: ["destination": "\(found.name)", "error": "\(reason)"])
            }
            if !isServed {
                try await database.withTransaction {
                    try Destinations.reportUnserved(found.name, because: reason, in: $0)
                }
            }
            return nil
        case .ready(let ready):
            _ = members.note(nil, of: found.name)
            guard members.isFree(found.name, for: ready.revision) else { return nil }
            let isThere = try await database.withTransaction {
                try Destinations.announce(
                    found.name, key: ready.key, kind: ready.kind, fingerprint: ready.fingerprint, in: $0)
            }
            guard isThere else { return nil }
            let member = members.add(found.name, ready.revision)
            var logger = logger
            logger[metadataKey: "destination"] = "\(found.name)"
            let notifier = Notifier(
                database: database, sender: ready.makeSender(),
                settings: NotifierSettings(
                    destination: found.name, notifierID: notifierID, fingerprint: ready.fingerprint),
                wake: member.wake, clock: clock, logger: logger)
            return (member, notifier)
        }
    }
}

/// Says which destinations there are now.
package protocol DestinationSource: Sendable {
    func current() async throws -> [FoundDestination]
}

/// A destination, and what it takes to send to it from here.
package struct FoundDestination: Sendable {
    package enum State: Sendable {
        case ready(Ready)
        /// Why it cannot be sent to from here, as one line without secrets.
        case faulty(String)
    }

    package struct Ready: Sendable {
        package var kind: String
        package var key: UUID
        /// Of its secret; nil if it has none.
        package var fingerprint: String?
        package var makeSender: @Sendable () -> any NotificationSender

        package init(
            kind: String, key: UUID, fingerprint: String?,
            makeSender: @escaping @Sendable () -> any NotificationSender
        ) {
            self.kind = kind
            self.key = key
            self.fingerprint = fingerprint
            self.makeSender = makeSender
        }

        /// Differs as soon as something is different.
        fileprivate var revision: [String?] { [kind, key.uuidString, fingerprint] }
    }

    package var name: String
    package var state: State

    package init(_ name: String, _ state: State) {
        self.name = name
        self.state = state
    }
}

/// The notifiers that run, by destination.
private final class Members: Sendable {
    final class Member: Sendable {
        let revision: [String?]
        let wake = WakeSignal()
        private let over = Mutex(false)

        init(_ revision: [String?]) { self.revision = revision }

        var isOver: Bool { over.withLock { $0 } }

        func end() {
            over.withLock { $0 = true }
            wake.raise()
        }
    }

    private let running = Mutex<[String: Member]>([:])
    private let faults = Mutex<[String: String]>([:])

    func wakeAll() {
        for member in running.withLock({ Array($0.values) }) { member.wake.raise() }
    }

    func end(allBut names: Set<String>) {
        for (name, member) in running.withLock({ $0 }) where !names.contains(name) { member.end() }
    }

    func isServed(_ name: String) -> Bool { running.withLock { $0[name] != nil } }

    /// Whether nobody serves the destination; one who does so in another way than `revision` is asked to end.
    func isFree(_ name: String, for revision: [String?]) -> Bool {
        guard let member = running.withLock({ $0[name] }) else { return true }
        if member.revision != revision { member.end() }
        return false
    }

    func add(_ name: String, _ revision: [String?]) -> Member {
        let member = Member(revision)
        running.withLock { $0[name] = member }
        return member
    }

    func remove(_ name: String) { running.withLock { $0[name] = nil } }

    /// Whether this fault, or its end, is news.
    func note(_ fault: String?, of name: String) -> Bool {
        faults.withLock { faults in
            defer { faults[name] = fault }
            return faults[name] != fault
        }
    }
}
