import Cron
import DriftStore
import Presentation

extension Times {
    /// In the schedule's zone; in UTC where there is no schedule, or this machine does not know its zone.
    init(of schedule: ScheduleLine?) {
        guard let name = schedule?.timeZone, let zone = try? namedTimeZone(name) else {
            self = .utc
            return
        }
        self.init(zone: zone, name: name)
    }
}
