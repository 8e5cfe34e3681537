/// How a database's schema stands, compared with this binary.
package enum SchemaState: Hashable, Sendable {
    case empty
    /// Migrations are missing.
    case behind(pending: [String])
    /// Only functions or views belong to an older version. This version works with them until somebody migrates.
    case outdated
    case current
    /// A later binary migrated it; this one still works on it, and leaves it alone.
    case newer(version: Int)
    case tooNew(version: Int, oldestBinary: Int)
    /// A migration that ran is not the one that this binary has.
    case edited(migration: String)

    /// The migrations that are still to run.
    var pending: [String] {
        switch self {
        case .empty: SchemaFiles.migrations.map(\.name)
        case .behind(let pending): pending
        case .outdated, .current, .newer, .tooNew, .edited: []
        }
    }
}

/// Why the schema cannot be used; its description says how to fix it.
package enum SchemaError: Error, Hashable, Sendable, CustomStringConvertible {
    case serverTooOld(version: Int)
    /// A database that cannot hold every server's texts.
    case wrongEncoding(String)
    case missing
    case behind(pending: [String])
    case tooNew(version: Int, oldestBinary: Int)
    case edited(migration: String)
    /// The database takes no writes.
    case readOnly(ReadOnlyCause)
    /// The schema is there, and the role may not read it.
    case mayNotUse(role: String)
    case notTheOwner(role: String, owner: String)
    /// There is no schema, and the role may not make one.
    case mayNotMakeSchema(role: String, database: String)
    /// Somebody made an empty schema, and the role may not make anything in it.
    case mayNotFillSchema(role: String)
    case mayNotMakeRoles(role: String, missing: [String])
    /// Somebody's own objects in the database hang on what is to change.
    case inTheWay(file: String, message: String)

    package var description: String {
        switch self {
        case .serverTooOld(let version):
            "the server is PostgreSQL \(version / 10000).\(version % 10000); Driftwatch needs 15 or later"
        case .wrongEncoding(let encoding):
            "the database's encoding is \(encoding), which cannot hold the texts of every server; Driftwatch needs UTF8: "
                + "make the database anew (create database … encoding 'UTF8' template template0)"
        case .missing: "the database has no schema yet: run driftwatch migrate"
        case .behind(let pending):
            "the schema is older than this binary (it lacks \(pending.joined(separator: ", "))): run driftwatch migrate"
        case .tooNew(let version, let oldestBinary):
            "the schema (version \(version)) needs a binary of schema version \(oldestBinary) or later, and this one has"
                + " \(Migrator.schemaVersion): install the newer Driftwatch"
        case .edited(let migration):
            "\(migration) ran here in another form than this binary has: the database belongs to a modified build"
        case .readOnly(let cause): "the database cannot be migrated: \(cause) (\(cause.remedy))"
        case .mayNotUse(let role):
            "the role \(role) may not use the schema driftwatch: log in as its owner or as one of the process roles"
                + " (driftwatch migrate --roles makes them)"
        case .notTheOwner(let role, let owner):
            "the schema belongs to the role \(owner), and \(role) may not change it: log in as \(owner) to migrate"
        case .mayNotMakeSchema(let role, let database):
            "the role \(role) may not create a schema in the database \(database): the database's owner runs"
                + " create schema driftwatch authorization \(role)"
        case .mayNotFillSchema(let role):
            "the role \(role) may not create anything in the schema driftwatch: its owner runs"
                + " alter schema driftwatch owner to \(role)"
        case .mayNotMakeRoles(let role, let missing):
            "the role \(role) may not create roles: a superuser runs alter role \(role) createrole, or creates them"
                + " (\(missing.joined(separator: ", "))), and then driftwatch migrate --roles gives them their rights"
        case .inTheWay(let file, let message):
            "nothing was changed: \(file): \(message); drop your own objects that depend on it (psql names them), migrate,"
                + " and make them again"
        }
    }
}
