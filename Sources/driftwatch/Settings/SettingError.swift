/// A setting that cannot be used; its description names the setting and never shows a secret.
struct SettingError: Error, Hashable, CustomStringConvertible {
    typealias Reason = (message: String, hint: String)

    /// Such as `DRIFTWATCH_LISTEN`, or `/etc/driftwatch.yaml:3:9 (listen)`.
    let place: String
    let message: String
    let hint: String?

    init(_ place: String, _ message: String, hint: String? = nil) {
        self.place = place
        self.message = message
        self.hint = hint
    }

    var description: String { "\(place): \(message)" }
}
