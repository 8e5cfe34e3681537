/// What is wrong with one value, before it is known where the value stands.
struct Fault: Error, Hashable {
    var message: String
    var hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}

/// Where a value stands in its file, both from 1.
struct Position: Hashable, Sendable {
    var line: Int
    var column: Int
}
