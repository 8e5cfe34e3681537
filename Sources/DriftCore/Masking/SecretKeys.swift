/// Tells by its name whether a setting holds a secret.
enum SecretKeys {
    static func isSecret(_ key: String) -> Bool {
        key.lowercased().contains("password")
    }
}
