import Postgres

extension Migrator {
    /// The roles that processes and people log in with or become members of, and that are missing.
    ///
    /// - Throws: `DatabaseError`, also where there is no schema yet.
    package func missingRoles() async throws -> [String] {
        try await database.withTransaction { try Self.missingRoles($0) }
    }

    /// Makes the missing roles, gives each of them its rights, and returns those that were made.
    ///
    /// - Throws: ``SchemaError``, or `DatabaseError`; nothing is changed then.
    package func makeRoles() async throws -> [String] {
        try await database.withTransaction { transaction in
            try Self.lock(transaction) {}
            let missing = try Self.missingRoles(transaction)
            if !missing.isEmpty {
                let (role, mayCreate) = try transaction.one(
                    """
                    select current_user::text, r.rolsuper or r.rolcreaterole from pg_roles r where r.rolname = current_user
                    """, as: (String, Bool).self)
                guard mayCreate else { throw SchemaError.mayNotMakeRoles(role: role, missing: missing) }
                try Self.run(SchemaFiles.roles, in: transaction)
            }
            try Self.run(SchemaFiles.grants, in: transaction)
            return missing
        }
    }

    private static func missingRoles(_ transaction: borrowing Transaction) throws -> [String] {
        try transaction.rows(
            """
            select distinct p.role_name from driftwatch.role_privileges p
            where p.role_name like 'driftwatch\\_%' and not exists (select from pg_roles r where r.rolname = p.role_name)
            order by 1
            """, as: String.self)
    }
}
