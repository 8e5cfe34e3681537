internal import DriftCore

/// How a text is written.
package struct TextForm: Sendable {
    /// What people call it, such as `an absolute path`.
    package let noun: String
    /// A regular expression that every accepted text matches, in the syntax that ECMA-262 and Python share; nil for any text.
    package let pattern: String?
    /// One that is accepted.
    package let example: String?

    init(_ noun: String, like example: String? = nil, _ pattern: String? = nil) {
        self.noun = noun
        self.example = example
        self.pattern = pattern
    }
}

// Each pattern is what `Grammar` asks for, or less: where it is less, only reading the file tells.

extension TextForm {
    static let any = TextForm("text")
    static let line = TextForm("a line of text")
    static let prose = TextForm("text, of one line or several")
    static let regularExpression = TextForm("a regular expression", like: "^Port [0-9]+$")

    static let path = TextForm("a path, absolute or below `~/`", like: "/etc/motd", "^(/|~/)")
    static let glob = TextForm("a path with `*`, `?` or `[…]`", like: "/etc/sudoers.d/*", #"^(/|~/).*[*?\[]"#)
    static let mode = TextForm("four octal digits between quotation marks", like: "0644", "^[0-7]{4}$")
    static let account = TextForm("a name, or a number between quotation marks", like: "root", "^[^:+-][^:]*$")
    static let accountName = TextForm("a name", like: "deploy", "^[^:,+-][^:,]*$")
    static let accountPath = TextForm("an absolute path", like: "/bin/bash", "^/[^:]*$")
    static let contentHash = TextForm(
        "`sha256:` and 64 hexadecimal digits",
        like: "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "^sha256:[0-9A-Fa-f]{64}$")
    static let template = TextForm("the name of a file below `packs/templates`", like: "ssh/banner", "^[^/~]")
    static let size = TextForm("a size", like: "1MiB", quantity(Quantity.sizeUnits))
    static let age = TextForm("a span of time", like: "26h", quantity(Quantity.ageUnits))
    static let linkTarget = TextForm("a path", like: "../usr/lib/os-release", "^.")
    static let fileName = TextForm("a name, or a pattern of names", like: "php*", "^[^/]+$")
    static let fileLine = TextForm("a whole line", like: "PORT=443")

    static let packageName = TextForm(
        "the name of a package", like: "nginx", "^[A-Za-z0-9][A-Za-z0-9+._-]*(:[A-Za-z0-9-]+)?$")
    static let version = TextForm("a version", like: "1:9.2p1-2", "^[A-Za-z0-9][A-Za-z0-9.+~:^_-]*$")
    static let versionPattern = TextForm(
        "a version, in which `*` stands for any text", like: "1.22.*", "^[A-Za-z0-9*][A-Za-z0-9.+~:^_*-]*$")

    static let unit = TextForm(
        "the name of a unit with its ending", like: "ssh.service",
        #"^[A-Za-z0-9:_.\\][A-Za-z0-9:_.\\@-]*\.("# + Grammar.unitSuffixes.joined(separator: "|") + ")$")
    static let module = TextForm("the name of a module", like: "usb-storage", "^[A-Za-z0-9_-]{1,55}$")
    static let fingerprint = TextForm(
        "a fingerprint as `ssh-keygen -lf` prints it", like: "SHA256:BP0jK2z04aMq0dGF0zYtwg2+BOOH6d0CHzX8m7Bt180",
        "^(cert-authority )?SHA256:[A-Za-z0-9+/]{43}$")
    static let certificateName = TextForm(
        "a host name, or an IPv4 address", like: "www.example.net", #"^(\*\.)?[A-Za-z0-9._-]+$"#)
    static let absolutePath = TextForm("an absolute path", like: "/srv/data", "^/")
    static let fileSystem = TextForm("a type of file system", like: "ext4", "^[A-Za-z0-9._-]{1,63}$")
    static let mountOption = TextForm("an option", like: "nodev", "^[A-Za-z0-9][!-+.-~-]*$")
    static let listen = TextForm(
        "a protocol, an address and a port", like: "tcp *:443",
        "^(\(ListenAddress.Transport.allCases.map(\.rawValue).joined(separator: "|"))) "
            + #"(\*|[0-9.]+|\[[0-9A-Fa-f:.]+\]):[1-9][0-9]{0,4}$"#)

    static let system = TextForm("the `ID` of an os-release file", like: "debian", "^[a-z0-9._-]{1,64}$")
    static let versionBound = TextForm(
        "a version with a sign before it", like: ">= 12", "^(>=|<=|>|<|=)? *[0-9][0-9.]*$")
    static let architecture = TextForm("what `uname -m` prints", like: "x86_64", "^[A-Za-z0-9_-]{1,64}$")
    static let label = TextForm("the name of a label", like: "role", "^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$")

    static let variable = TextForm("the name of a variable", like: "http_port", "^[a-z][a-z0-9_]{0,62}$")

    static let name = TextForm(
        "lower-case letters, digits, `.`, `_` and `-`", like: "web-1", "^[a-z0-9][a-z0-9._-]{0,62}$")
    static let packName = TextForm("the name of a pack", like: "base", name.pattern)
    static let queueName = TextForm("the name of a queue", like: "dmz", name.pattern)
    static let groupName = TextForm("the name of a group", like: "web", name.pattern)
    static let filePath = TextForm("a path below the inventory's folder", like: "inventory/hosts", "^[^/~]")
    static let filePattern = TextForm(
        "a path below the inventory's folder, in which `*` and `?` stand for characters of a name",
        like: "fleet.d/*.yaml", filePath.pattern)
    static let address = TextForm("a host name or an IP address", like: "192.0.2.17", "^[A-Za-z0-9:][A-Za-z0-9._:%-]*$")
    static let login = TextForm("a user name", like: "driftwatch", #"^[A-Za-z0-9_][A-Za-z0-9._@+-]*\$?$"#)
    static let cron = TextForm("a cron expression", like: "0 6 * * *", "^[ -~]+$")
    static let timeZone = TextForm("the name of a time zone", like: "Europe/Berlin", "^[ -~]+$")
    static let dayOrInstant = TextForm(
        "a day, or an instant in RFC 3339", like: "2027-01-15", "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T.+)?$")
    static let spread = TextForm("a span of time", like: "10m", "^([0-9]+[smhd]|0+)$")

    private static func quantity(_ units: [String]) -> String { "^[0-9]+ *(\(units.joined(separator: "|")))$" }
}
