import DriftCore
import PackFiles
import Testing

@Suite("How long a server may be out of sight")
struct InventoryCheckingTests {
    private func server(_ entry: String, _ rest: String = "") throws -> Server {
        let text = "\(rest)\nservers: [\(entry)]"
        return try #require(try loadInventory(text).inventory.servers.first)
    }

    @Test func aServerThatSaysNothingAlertsAfterThreeSlotsAndIsStaleAfterTwo() throws {
        let server = try server("{ id: a, packs: [base] }")
        #expect(server.expect == .always && server.failingAfter == 3 && server.staleAfter == nil)
    }

    @Test(arguments: [
        ("{ id: a, expect: sometimes }", 14 * 86_400), ("{ id: a, expect: sometimes, stale_after: 30d }", 30 * 86_400),
        ("{ id: a, stale_after: 26h }", 26 * 3600), ("{ id: a, expect: always }", nil),
    ])
    func aServerThatIsOftenOffIsStaleAfterFourteenDaysUnlessItSaysOtherwise(entry: String, seconds: Int?) throws {
        #expect(try server(entry, "defaults: { packs: [base] }").staleAfter == seconds)
    }

    @Test func groupsAndTheServerWinOverDefaults() throws {
        let settings = """
            defaults: { packs: [base], failing_after: 5, expect: always, stale_after: 2d }
            groups:
              laptops: { match: { kind: laptop }, expect: sometimes, failing_after: 0, stale_after: 21d }
            """
        let laptop = try server("{ id: a, labels: { kind: laptop } }", settings)
        #expect(laptop.expect == .sometimes && laptop.failingAfter == 0 && laptop.staleAfter == 21 * 86_400)
        let own = try server("{ id: a, labels: { kind: laptop }, failing_after: 1, stale_after: 3d }", settings)
        #expect(own.expect == .sometimes && own.failingAfter == 1 && own.staleAfter == 3 * 86_400)
        let other = try server("{ id: a }", settings)
        #expect(other.expect == .always && other.failingAfter == 5 && other.staleAfter == 2 * 86_400)
    }

    @Test(arguments: [
        BadInput("servers: [{ id: a, failing_after: 1001 }]", line: 1, "1001 is not a number of slots", "0 is never"),
        BadInput("servers: [{ id: a, failing_after: never }]", line: 1, "`failing_after` must be a whole number"),
        BadInput("servers: [{ id: a, expect: often }]", line: 1, "unknown value `often`", "always, sometimes"),
        BadInput("servers: [{ id: a, stale_after: 14 }]", line: 1, "`stale_after` must be a text with a unit", "14d"),
        BadInput("servers: [{ id: a, stale_after: fortnight }]", line: 1, "`fortnight` is not a time span", "14d"),
        BadInput("servers: [{ id: a, stale_after: 0d }]", line: 1, "`0d` would always be stale", "14d"),
        BadInput("servers: [{ id: a, stale_after: 3651d }]", line: 1, "`3651d` is too long", "at most 3650d"),
        BadInput("servers: [{ id: a, expects: sometimes }]", line: 1, "unknown key `expects`", "`expect`"),
    ])
    func errorsAreTold(input: BadInput) {
        input.check(problems { try loadInventory(input.text) })
    }
}
