/// How to reach the database, and how long things may take.
///
/// Every timeout of zero means "none". What the connection string itself sets (`connect_timeout`, keepalives,
/// `options`) wins over these.
package struct DatabaseSettings: Sendable {
    /// What stands between us and the server.
    package enum Pooler: String, Sendable, CaseIterable {
        case none
        /// A pooler in transaction mode, such as PgBouncer: two transactions may run on two server
        /// connections, so nothing is prepared, set or listened to on a connection.
        case transaction
    }

    /// A libpq URI or `keyword=value` string; empty leaves everything to libpq's `PG*` variables.
    package var conninfo: String
    /// Shown in `pg_stat_activity`, unless the connection string names another.
    package var applicationName: String
    /// How many connections there are at most; each has a thread.
    package var poolSize: Int
    /// How many of them are kept for urgent calls; opened with the first connection.
    package var poolReserve: Int
    package var pooler: Pooler
    /// Per host and address; whole seconds, at least two (libpq's rule).
    package var connectTimeout: Duration
    package var statementTimeout: Duration
    package var lockTimeout: Duration
    package var idleInTransactionTimeout: Duration
    /// How long a call waits for a connection of the pool.
    package var leaseTimeout: Duration
    /// How long a call (one attempt of a transaction, or a lone statement) may hold its connection before the
    /// connection is given up; longer than `statementTimeout`, which ends a slow statement in good order.
    package var callDeadline: Duration

    package init(
        conninfo: String,
        applicationName: String = "driftwatch",
        poolSize: Int = 2,
        poolReserve: Int = 0,
        pooler: Pooler = .none,
        connectTimeout: Duration = .seconds(5),
        statementTimeout: Duration = .seconds(30),
        lockTimeout: Duration = .seconds(10),
        idleInTransactionTimeout: Duration = .seconds(30),
        leaseTimeout: Duration = .seconds(15),
        callDeadline: Duration = .seconds(60)
    ) {
        self.conninfo = conninfo
        self.applicationName = applicationName
        self.poolSize = poolSize
        self.poolReserve = poolReserve
        self.pooler = pooler
        self.connectTimeout = connectTimeout
        self.statementTimeout = statementTimeout
        self.lockTimeout = lockTimeout
        self.idleInTransactionTimeout = idleInTransactionTimeout
        self.leaseTimeout = leaseTimeout
        self.callDeadline = callDeadline
    }
}
