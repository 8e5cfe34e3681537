import DriftCore
import Postgres
import TestSupport
import Testing

@testable import DriftServices

/// Placeholders of the server, from the database to the check.
@Suite(.timeLimit(.minutes(3)))
struct TemplatedFlowTests {
    private static let pack = """
        {"format":1,"name":"base","display_name":"Base","items":{"files":[
        {"expand":true,"item":"/srv/{{ labels.role }}/{{ server.id }}",
        "item_key":"file:/srv/{{ labels.role }}/{{ server.id }}",
        "path":"/srv/{{ labels.role }}/{{ server.id }}","state":"file"},
        {"item":"/always","item_key":"file:/always","path":"/always","state":"file"}]}}
        """

    @Test func eachServerIsCheckedWithItsOwnValues() async throws {
        let packs = ["base": ["/always"]]
        try await Fleet.with(["web-1": packs, "db-1": packs, "odd-1": packs]) { fleet in
            try await fleet.database.apply(Pack(resolvedJSON: Self.pack))
            try await fleet.database.execute(
                """
                update driftwatch.servers set labels = jsonb_build_object('role', split_part(server_id, '-', 1))
                where server_id <> 'odd-1'
                """)
            fleet.see(on: "web-1", present: ["/always", "/srv/web/web-1"])
            fleet.see(on: "db-1", present: ["/always"], missing: ["/srv/db/db-1"])
            fleet.see(on: "odd-1", present: ["/always"])
            for server in ["db-1", "odd-1", "web-1"] { try await fleet.check(server) }
            #expect(try await fleet.verdicts() == ["base drifted", "base incomplete", "base compliant"])
            let wrong = try await fleet.database.rows(
                "select item_key || ' ' || item from driftwatch.mismatches", as: String.self)
            #expect(wrong == ["file:/srv/{{ labels.role }}/{{ server.id }} /srv/db/db-1"])
            let details = try await fleet.database.rows(
                "select items::text from driftwatch.check_details where server_id = 'odd-1'", as: String.self)
            #expect(details.first?.contains("the server has no {{ labels.role }}") == true, "\(details)")

            // A label of its own is all that it needs.
            try await fleet.database.execute(
                "update driftwatch.servers set labels = '{\"role\": \"odd\"}' where server_id = 'odd-1'")
            fleet.see(on: "odd-1", present: ["/always", "/srv/odd/odd-1"])
            try await fleet.check("odd-1")
            #expect(try await fleet.verdicts().last == "base compliant")
        }
    }
}
