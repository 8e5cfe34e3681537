package import Logging

extension Logger {
    /// Says the facts with every line.
    package func saying(_ facts: Logger.Metadata) -> Logger {
        var logger = self
        for (key, value) in facts { logger[metadataKey: key] = value }
        return logger
    }
}

extension Logger.MetadataValue {
    /// What every line of the log about a job says.
    static func facts(ofJob id: Int64, server: String?, schedule: String?) -> Logger.Metadata {
        var facts: Logger.Metadata = ["job.id": "\(id)"]
        if let server { facts["server.id"] = "\(server)" }
        if let schedule { facts["schedule.name"] = "\(schedule)" }
        return facts
    }
}

extension Job {
    package var facts: Logger.Metadata { Logger.MetadataValue.facts(ofJob: id, server: serverID, schedule: schedule) }
}

extension QueueStore.HeldJob {
    var facts: Logger.Metadata {
        Logger.MetadataValue.facts(ofJob: id.job, server: serverID, schedule: schedule)
            .merging(["blocker.pid": "\(id.blockerPID)", "reason": "\(why)"]) { $1 }
    }
}

extension QueueStore.Rescued {
    var facts: Logger.Metadata {
        Logger.MetadataValue.facts(ofJob: jobID, server: serverID, schedule: schedule)
            .merging(["worker.id": "\(worker)", "job.rescues": "\(rescues)", "job.state": "\(state)"]) { $1 }
    }
}
