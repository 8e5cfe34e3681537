package import Testing

/// Gives a suite a throw-away server of its own: ``PrivatePostgres/current``.
///
/// Its tests share the server, so let them run one after the other.
package struct PrivatePostgresTrait: SuiteTrait, TestScoping {
    package var isRecursive: Bool { false }

    package func scopeProvider(for test: Test, testCase: Test.Case?) -> PrivatePostgresTrait? {
        test.isSuite && testCase == nil ? self : nil
    }

    @concurrent
    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await PrivatePostgres.withServer { server in
            try await PrivatePostgres.$bound.withValue(server) { try await function() }
        }
    }
}

extension Trait where Self == PrivatePostgresTrait {
    package static var privatePostgres: PrivatePostgresTrait { PrivatePostgresTrait() }
}

extension PrivatePostgres {
    @TaskLocal fileprivate static var bound: PrivatePostgres?

    /// The server of the running suite's `.privatePostgres` trait.
    package static var current: PrivatePostgres {
        guard let bound else { preconditionFailure("this test's suite lacks the trait .privatePostgres") }
        return bound
    }
}
