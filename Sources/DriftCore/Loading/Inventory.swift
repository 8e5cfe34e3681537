/// The servers under watch, as an inventory file declares them.
package struct Inventory: Hashable, Sendable {
    /// Nil if the file leaves the schedule alone.
    package var schedule: ScheduleSetting?
    /// In the order of the file, each id once, with the file's defaults filled in.
    package var servers: [Server]

    package init(schedule: ScheduleSetting? = nil, servers: [Server] = []) {
        self.schedule = schedule
        self.servers = servers
    }
}

/// When slots are due: what makes a `Schedule` of `Cron`.
package struct ScheduleSetting: Hashable, Sendable {
    /// Five fields.
    package var cron: String
    /// A name of the time zone database.
    package var timeZone: String

    package init(cron: String, timeZone: String = "UTC") {
        self.cron = cron
        self.timeZone = timeZone
    }
}
