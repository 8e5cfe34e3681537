import Dashboard
import DriftCore
import Foundation
import HTTP
import Mail
import Slack
import Webhook

/// Where and how messages go, without a secret: what `destination add` stores and the notifier reads.
enum DestinationPlan: Hashable, Sendable {
    case slackWebhook(urlFile: String)
    case slackBot(tokenFile: String, channel: String, api: String?)
    case webhook(urlFile: String, keyFile: String)
    case email(MailPlan)
    case console

    struct MailPlan: Hashable, Sendable {
        var host: String
        var port: Int
        var security: SMTPRequest.Security
        var from: String
        /// One address or several, with commas between them.
        var to: String
        var login: Login?

        struct Login: Hashable, Sendable {
            var user: String
            var passwordFile: String
        }

        var recipients: [String] { DestinationPlan.addresses(to) }
    }

    /// As the database has it.
    struct Fields: Codable, Hashable, Sendable {
        var urlFile: String?
        var tokenFile: String?
        var channel: String?
        var apiURL: String?
        var keyFile: String?
        var host: String?
        var port: String?
        var tls: String?
        var from: String?
        var to: String?
        var user: String?
        var passwordFile: String?

        enum CodingKeys: String, CodingKey, CaseIterable {
            case channel, host, port, tls, from, to, user
            case urlFile = "url_file"
            case tokenFile = "token_file"
            case apiURL = "api_url"
            case keyFile = "key_file"
            case passwordFile = "password_file"
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
            guard (fields.urlFile == nil) != (fields.tokenFile == nil) else {
                let (url, token, channel) = (place.name(.urlFile), place.name(.tokenFile), place.name(.channel))
                throw SettingError(
                    url, "\(fields.urlFile == nil ? "it is needed, or" : "it excludes") \(token)",
                    hint: "give either \(url), or \(token) and \(channel)")
            }
            if fields.tokenFile == nil {
                self = .slackWebhook(urlFile: try rest.file(.urlFile, \.urlFile))
            } else {
                self = .slackBot(
                    tokenFile: try rest.file(.tokenFile, \.tokenFile), channel: try rest.text(.channel, \.channel),
                    api: rest.optional(\.apiURL))
            }
        case .webhook:
            self = .webhook(urlFile: try rest.file(.urlFile, \.urlFile), keyFile: try rest.file(.keyFile, \.keyFile))
        case .email: self = .email(try rest.mail())
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
        case .webhook: .webhook
        case .email: .email
        case .console: .console
        }
    }

    var fields: Fields {
        var fields = Fields()
        switch self {
        case .slackWebhook(let file): fields.urlFile = file
        case .slackBot(let file, let channel, let api):
            (fields.tokenFile, fields.channel, fields.apiURL) = (file, channel, api)
        case .webhook(let url, let key): (fields.urlFile, fields.keyFile) = (url, key)
        case .email(let mail):
            (fields.host, fields.port, fields.tls) = (mail.host, String(mail.port), mail.security.rawValue)
            (fields.from, fields.to) = (mail.from, mail.to)
            (fields.user, fields.passwordFile) = (mail.login?.user, mail.login?.passwordFile)
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
        case .webhook(let urlFile, let keyFile):
            let url = try secret(urlFile, .urlFile)
            try NotifySettings.requireURL(url, sources)
            let key = try secret(keyFile, .keyFile)
            // Who can guess it can sign.
            guard key.text.utf8.count >= 16 else {
                throw SettingError(
                    key.place, "the key has fewer than 16 characters", hint: "openssl rand -hex 32 makes one")
            }
            return .webhook(WebhookDestination(url: url.text, key: key.text))
        case .email(let mail):
            return .email(
                MailDestination(
                    host: mail.host, port: mail.port, security: mail.security,
                    login: try mail.login.map { login throws(SettingError) in
                        (user: login.user, password: try secret(login.passwordFile, .passwordFile).text)
                    },
                    from: mail.from, to: mail.recipients))
        case .console: return .console
        }
    }

    static func addresses(_ text: String) -> [String] {
        text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
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

        mutating func mail() throws(SettingError) -> MailPlan {
            let host = try text(.host, \.host)
            guard host.wholeMatch(of: #/[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9a-fA-F:]+/#) != nil else {
                throw SettingError(place.name(.host), "`\(host)` is not a host", hint: "write it without a port")
            }
            let word = optional(\.tls) ?? SMTPRequest.Security.startTLS.rawValue
            guard let security = SMTPRequest.Security(rawValue: word) else {
                throw SettingError(
                    place.name(.tls), "`\(word)` is not starttls, implicit or none",
                    hint: "starttls is what holds without it")
            }
            guard security != .none || HostName.isLoopback(host.lowercased()) else {
                throw SettingError(
                    place.name(.tls), "without TLS, messages would go unencrypted to \(host)",
                    hint: "use starttls or implicit; none is for a mail server on this machine")
            }
            let usual = [SMTPRequest.Security.startTLS: 587, .implicit: 465, .none: 25][security] ?? 25
            let port = optional(\.port) ?? String(usual)
            guard let number = Int(port), (1...65535).contains(number) else {
                throw SettingError(place.name(.port), "`\(port)` is not a port")
            }
            let from = try address(.from, \.from)
            let to = try text(.to, \.to)
            let recipients = DestinationPlan.addresses(to)
            guard
                let wrong = recipients.first(where: { !MailDestination.isAddress($0) })
                    ?? (recipients.isEmpty ? to : nil)
            else {
                return MailPlan(
                    host: host, port: number, security: security, from: from, to: recipients.joined(separator: ","),
                    login: try login())
            }
            throw SettingError(place.name(.to), "`\(wrong)` is not an address", hint: "write name@host, without <>")
        }

        private mutating func address(
            _ key: Fields.CodingKeys, _ path: WritableKeyPath<Fields, String?>
        ) throws(SettingError) -> String {
            let address = try text(key, path)
            guard MailDestination.isAddress(address) else {
                throw SettingError(
                    place.name(key), "`\(address)` is not an address", hint: "write name@host, without <>")
            }
            return address
        }

        /// Both or neither.
        private mutating func login() throws(SettingError) -> MailPlan.Login? {
            guard fields.user != nil || fields.passwordFile != nil else { return nil }
            return MailPlan.Login(
                user: try text(.user, \.user), passwordFile: try file(.passwordFile, \.passwordFile))
        }

        func requireNothing(_ kind: String) throws(SettingError) {
            let left = try? JSONDecoder().decode([String: String].self, from: Data(fields.json().utf8))
            if let key = Fields.CodingKeys.allCases.first(where: { left?[$0.rawValue] != nil }) {
                throw SettingError(place.name(key), "a destination of the kind \(kind) does not use it here")
            }
        }
    }
}
