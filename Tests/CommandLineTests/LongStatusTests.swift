import DriftStore
import Foundation
import Postgres
import TestSupport
import Testing

@testable import driftwatch

/// `status` of a fleet whose listing does not fit in memory at once, and the pages of such a fleet.
@Suite(.timeLimit(.minutes(3)))
struct LongStatusTests {
    private static let servers = 4000

    private static func withFleet(_ body: (Database, [String: String]) async throws -> Void) async throws {
        try await withTestDatabase(from: .migrated) { lent in
            try await lent.database.makeServer("a", packs: ["base": ["/a"]])
            try await lent.database.execute(
                """
                with made as (
                    insert into driftwatch.servers (server_id, display_name, address, created_at, updated_at)
                    select 'web-' || lpad(n::text, 4, '0'), 'Web', 'web', now(), now() from generate_series(2, \(servers)) n
                    returning server_id)
                insert into driftwatch.drift_states (server_id, pack_name, since, state, last_checked_at)
                select server_id, 'base', now(), case right(server_id, 2) when '00' then 'drifted' else 'compliant' end, now()
                from made
                """)
            try await body(lent.database, ["DRIFTWATCH_DATABASE_URL": lent.conninfo])
        }
    }

    /// The second folder does not exist.
    @Test(arguments: [FileManager.default.temporaryDirectory.path, "/nowhere"])
    func aLongListingIsWholeWhereverItsTextWaits(folder: String) async throws {
        try await Self.withFleet { _, environment in
            let environment = environment.merging(["TMPDIR": folder]) { $1 }
            let json = try await Program.run(["status", "--json"], environment).output
            #expect(json.utf8.count > 2 << 20)
            let parsed = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
            let lines = try #require(parsed["assignments"] as? [[String: Any]])
            let names = lines.compactMap { $0["server_id"] as? String }
            #expect(Set(names).count == Self.servers && names.count == Self.servers)
            #expect(names.prefix(40).allSatisfy { $0.hasSuffix("00") } && names[41] == "web-0002")
            let table = try await Program.run(["status"], environment).output.split(separator: "\n")
            #expect(table.filter { $0.contains(" base ") }.count == Self.servers)
            #expect(
                table.first?.hasPrefix("SERVER ") == true && table.last?.hasPrefix("3959 compliant, 40 drifted") == true
            )
        }
    }

    @Test
    func textBeyondAMegabyteWaitsInAFileWithoutAName() throws {
        var spool = TextSpool()
        #expect(spool.isEmpty)
        let part = String(repeating: "ä line\n", count: 50_000)
        for _ in 0..<7 { spool.append(part) }
        var whole = Data()
        try spool.forEachPart { whole += $0 }
        #expect(whole == Data(String(repeating: part, count: 7).utf8))
        let files = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
        }
        #expect(files.contains { $0.hasSuffix("/text (deleted)") }, "\(files)")
    }

    @Test(arguments: [1, 2, 3, 4, 20])
    func thePagesOfTheFleetAreItsListing(linesPerPage: Int) async throws {
        try await StatusCommandTests.withFleet { database, _ in
            let (listing, pages) = try await database.read { transaction in
                let counts = try FleetReader.counts(in: transaction)
                let starts = stride(from: 0, to: counts.lines, by: linesPerPage)
                return (
                    try FleetReader.status(in: transaction),
                    try starts.map { try FleetReader.page($0..<($0 + linesPerPage), of: counts, in: transaction) }
                )
            }
            #expect(listing.count == 9 && pages.flatMap { $0 } == listing)
            #expect(pages.allSatisfy { $0.count <= linesPerPage })
        }
    }
}
