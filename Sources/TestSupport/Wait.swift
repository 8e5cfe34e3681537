/// Looks again and again, every few milliseconds, until `condition` holds; false when it did not in time.
///
/// For what gives no signal to wait for, such as a row that another process writes.
package func eventually(
    within limit: Duration = .seconds(10), _ condition: () async throws -> Bool
) async throws -> Bool {
    let deadline = ContinuousClock.now + limit
    while !(try await condition()) {
        if ContinuousClock.now >= deadline { return false }
        // There is no signal to wait for: what is looked at happens in another process.
        try await Task.sleep(for: .milliseconds(5))
    }
    return true
}
