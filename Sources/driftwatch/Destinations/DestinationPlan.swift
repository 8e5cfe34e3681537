import DriftCore
import Foundation
import Slack

/// Where and how messages go, without a secret: what `destination add` stores and the notifier reads.
enum DestinationPlan: Hashable, Sendable {
    case slackWebhook(urlFile: String)
    case slackBot(tokenFile: String, channel: String, api: String?)
    case console

    /// As the database has it.
    struct Fields: Codable, Hashable, Sendable {
        var urlFile: String?
        var tokenFile: String?
        var channel: String?
        var apiURL: String?

        enum CodingKeys: String, CodingKey, CaseIterable {
            case channel
            case urlFile = "url_file"
            case tokenFile = "token_file"
            case apiURL = "api_url"
        }

        func json() throws -> String {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    /// Where fields come from, and how an error names them.
    enum Place {
        case commandLine
        case database(destination: String)

        func name(_ key: Fields.CodingKeys) -> String {
            switch self {
            case .commandLine: "--" + key.rawValue.replacing("_", with: "-")
            case .database(let name): "destination \(name): \(key.rawValue)"
            }
        }
    }

    static let kinds = OpenDestination.Kind.allCases.map(\.rawValue).joined(separator: ", ")

    /// - Throws: ``SettingError`` for what is missing, left over, or not as it must be.
    init(kind: String, _ fields: Fields, from place: Place) throws(SettingError) {
        var rest = Rest(fields, place)
        switch OpenDestination.Kind(rawValue: kind) {
        case .slack:
            if fields.tokenFile == nil {
                self = .slackWebhook(urlFile: try rest.file(.urlFile, \.urlFile))
            } else {
                self = .slackBot(
                    tokenFile: try rest.file(.tokenFile, \.tokenFile), channel: try rest.text(.channel, \.channel),
                    api: rest.optional(\.apiURL))
            }
        case .console: self = .console
        case nil:
            throw SettingError(
                "kind", "there is no kind of destination \(kind)", hint: "the kinds are \(Self.kinds)")
        }
        try rest.requireNothing(kind)
    }

    /// What the database has.
    ///
    /// - Throws: ``SettingError``, also for what only a later version writes.
    init(kind: String, json: String, of name: String) throws(SettingError) {
        guard let fields = try? JSONDecoder().decode(Fields.self, from: Data(json.utf8)) else {
            throw SettingError("destination \(name)", "its settings cannot be read")
        }
        try self.init(kind: kind, fields, from: .database(destination: name))
    }

    var kind: OpenDestination.Kind {
        switch self {
        case .slackWebhook, .slackBot: .slack
        case .console: .console
        }
    }

    var fields: Fields {
        var fields = Fields()
        switch self {
        case .slackWebhook(let file): fields.urlFile = file
        case .slackBot(let file, let channel, let api):
            (fields.tokenFile, fields.channel, fields.apiURL) = (file, channel, api)
        case .console: break
        }
        return fields
    }

    /// Reads the secrets.
    func open(_ sources: SettingSources, for name: String) throws(SettingError) -> OpenDestination {
        let place = Place.database(destination: name)
        func secret(_ file: String, _ key: Fields.CodingKeys) throws(SettingError) -> (text: String, place: String) {
            guard let secret = try readSecret(file, named: place.name(key)) else {
                throw SettingError(place.name(key), "the file \(file) is empty")
            }
            return secret
        }
        switch self {
        case .slackWebhook(let file):
            let url = try secret(file, .urlFile)
            try NotifySettings.requireURL(url, sources)
            return .slack(.webhook(url: url.text))
        case .slackBot(let file, let channel, let api):
            if let api { try NotifySettings.requireURL((api, place.name(.apiURL)), sources) }
            return .slack(
                .bot(
                    token: try secret(file, .tokenFile).text, channel: channel, api: api ?? SlackDestination.defaultAPI)
            )
        case .console: return .console
        }
    }

    /// The fields that nobody has asked for yet.
    private struct Rest {
        private var fields: Fields
        private let place: Place

        init(_ fields: Fields, _ place: Place) {
            self.fields = fields
            self.place = place
        }

        mutating func optional(_ path: WritableKeyPath<Fields, String?>) -> String? {
            defer { fields[keyPath: path] = nil }
            return fields[keyPath: path]
        }

        mutating func text(
            _ key: Fields.CodingKeys, _ path: WritableKeyPath<Fields, String?>
        ) throws(SettingError) -> String {
            guard let text = optional(path), !text.isEmpty else { throw SettingError(place.name(key), "it is needed") }
            guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
                throw SettingError(place.name(key), "it has characters that cannot be seen")
            }
            return text
        }

        /// Absolute, as a notifier starts anywhere.
        mutating func file(
            _ key: Fields.CodingKeys, _ path: WritableKeyPath<Fields, String?>
        ) throws(SettingError) -> String {
            let file = try text(key, path)
            guard file.hasPrefix("/") else {
                throw SettingError(place.name(key), "it is not an absolute path", hint: "write it with / at its start")
            }
            return file
        }

        func requireNothing(_ kind: String) throws(SettingError) {
            let left = try? JSONDecoder().decode([String: String].self, from: Data(fields.json().utf8))
            if let key = Fields.CodingKeys.allCases.first(where: { left?[$0.rawValue] != nil }) {
                throw SettingError(place.name(key), "a destination of the kind \(kind) does not use it here")
            }
        }
    }
}
