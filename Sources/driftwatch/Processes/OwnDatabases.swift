import Postgres
import Synchronization

/// The pools that a process has open.
final class OwnDatabases: Sendable {
    private let databases = Mutex<[Database]>([])

    func add(_ database: Database) { databases.withLock { $0.append(database) } }

    func closeAll() async {
        let open = databases.withLock { databases in
            defer { databases = [] }
            return databases
        }
        for database in open { await database.close() }
    }
}
