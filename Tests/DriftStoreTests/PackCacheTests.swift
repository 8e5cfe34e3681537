import DriftCore
import DriftStore
import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)))
struct PackCacheTests {
    private static let server = ServerID(rawValue: "web-1")

    private func paths(_ cache: PackCache, _ database: Database) async throws -> [[String]] {
        let subject = try await CheckSubject.load(Self.server, from: database, packs: cache)
        return try #require(subject).packs.map { $0.pack.expectations.map(\.item) }
    }

    /// From now on no stored pack can be read.
    private func loseTheTexts(_ database: Database) async throws {
        try await database.execute("update driftwatch.pack_versions set resolved = '{}'")
    }

    @Test
    func aVersionIsReadOnceAndANewVersionWhenItIsInForce() async throws {
        try await withMigratedDatabase { database in
            let cache = PackCache()
            try await database.makeServer("web-1", packs: ["base": ["/a"], "web": ["/b"]])
            #expect(try await paths(cache, database) == [["/a"], ["/b"]])
            try await loseTheTexts(database)
            #expect(try await paths(cache, database) == [["/a"], ["/b"]])
            await #expect(throws: DecodingError.self) { _ = try await paths(PackCache(), database) }

            let next = Pack(
                name: PackName(rawValue: "web"), expectations: [Expectation(.file(FileExpectation(path: "/c")))])
            try await database.apply(next)
            #expect(try await paths(cache, database) == [["/a"], ["/c"]])
        }
    }

    @Test
    func whatExceedsTheLimitIsForgotten() async throws {
        try await withMigratedDatabase { database in
            let cache = PackCache(limit: 1)
            try await database.makeServer("web-1", packs: ["base": ["/a"], "web": ["/b"]])
            #expect(try await paths(cache, database) == [["/a"], ["/b"]])
            try await loseTheTexts(database)
            await #expect(throws: DecodingError.self) { _ = try await paths(cache, database) }
        }
    }
}
