/// The servers under watch, as an inventory file declares them.
package struct Inventory: Hashable, Sendable {
    /// Nil if the file leaves the schedule alone.
    package var schedule: ScheduleSetting?
    /// In the order of the file, each id once, with the file's defaults filled in.
    package var servers: [Server]
    /// In the order of the file: all that there are.
    package var waivers: [DeclaredWaiver]

    package init(schedule: ScheduleSetting? = nil, servers: [Server] = [], waivers: [DeclaredWaiver] = []) {
        self.schedule = schedule
        self.servers = servers
        self.waivers = waivers
    }
}

/// When slots are due: what makes a `Schedule` of `Cron`.
package struct ScheduleSetting: Hashable, Sendable {
    /// Five fields.
    package var cron: String
    /// A name of the time zone database.
    package var timeZone: String
    /// Over how many seconds the starts of a slot's jobs are spread; nil leaves it as it is.
    package var spreadSeconds: Int?

    package init(cron: String, timeZone: String = "UTC", spreadSeconds: Int? = nil) {
        self.cron = cron
        self.timeZone = timeZone
        self.spreadSeconds = spreadSeconds
    }
}
