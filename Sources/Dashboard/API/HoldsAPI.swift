import DriftCore
import DriftStore
import HTTPTypes
import Hummingbird
import Logging
import Postgres
import Presentation

/// `POST /api/holds` and `DELETE /api/holds/ID`: CI holds messages back during a deploy.
///
/// There is no API without a token.
struct HoldsAPI: Sendable {
    let database: Database
    let token: APIToken

    func add(to router: RouterGroup<BasicRequestContext>) {
        router.post("/api/holds") { request, context in
            await answer(request, context) { try await make(request) }
        }
        router.delete("/api/holds/:id") { request, context in
            await answer(request, context) {
                guard let id = context.parameters.get("id").flatMap(Int64.init) else {
                    throw APIRefusal(.notFound, "a hold is named by a number")
                }
                try await end(id)
                return Response(status: .noContent)
            }
        }
    }

    private func make(_ request: Request) async throws -> Response {
        guard request.headers[.contentType]?.split(separator: ";").first?.lowercased() == "application/json" else {
            throw APIRefusal(.unsupportedMediaType, "the body is not application/json", hint: "set Content-Type")
        }
        let body: [UInt8]
        do { body = Array(buffer: try await request.body.collect(upTo: HoldRequest.maximumBody)) } catch {
            throw APIRefusal(.contentTooLarge, "the body is larger than \(HoldRequest.maximumBody) bytes")
        }
        let wanted = try HoldRequest(json: body)
        let end: SQL =
            switch wanted.end {
            case .at(let date): "\(date)::timestamptz"
            case .after(let span): "driftwatch.clock() + \(span)::interval"
            }
        let actor = ActingPerson.account((wanted.person.map { "\($0) " } ?? "") + "(api)").sql
        let made = try await database.withTransaction { transaction in
            let id = try transaction.one(
                """
                select driftwatch.hold_alerts(
                    \(end), \(wanted.reason), \(JSON(wanted.labels))::jsonb, \(wanted.server)::text,
                    \(wanted.pack)::text, \(actor))
                """, as: Int64.self)
            return try MutesReader.mute(id, in: transaction)
        }
        guard let made else { throw APIRefusal(.internalServerError, "the hold cannot be read back") }
        return .json(
            .object([
                ("id", .number(made.id)), ("until", .optional(made.endsAt)), ("servers", .number(Int64(made.servers))),
            ]), status: .created)
    }

    private func end(_ id: Int64) async throws {
        let actor = ActingPerson.account("(api)").sql
        do {
            try await database.withTransaction { transaction in
                _ = try transaction.execute("select driftwatch.end_mute('hold', \(id), \(actor))")
            }
        } catch let error as DatabaseError where error.sqlState == "DW001" {
            throw APIRefusal(.notFound, error.serverMessage ?? "there is no such hold")
        }
    }

    private func answer(
        _ request: Request, _ context: BasicRequestContext, _ body: () async throws -> Response
    ) async -> Response {
        guard token.admits(request.headers[.authorization]) else {
            return APIRefusal(.unauthorized, "the token is missing or wrong", hint: "Authorization: Bearer TOKEN")
                .response
        }
        do {
            return try await body()
        } catch let refusal as APIRefusal {
            return refusal.response
        } catch let error as DatabaseError where error.sqlState == "DW001" {
            return APIRefusal(.unprocessableContent, error.serverMessage ?? "refused", hint: error.serverHint)
                .response
        } catch let error as DatabaseError where error.isTransient {
            return APIRefusal(.serviceUnavailable, "the database does not answer", hint: "try again in a moment")
                .response
        } catch {
            let label = (error as? DatabaseError)?.label ?? "\(type(of: error))"
            context.logger.error("a request to the API failed", metadata: ["error.label": "\(label)"])
            return APIRefusal(.internalServerError, "this cannot be done; the log of web says more").response
        }
    }
}
