internal import Redaction

/// The one constant script that looks at a server, and the forms in which it travels.
///
/// `PROTOCOL.md` in this folder describes its input and output.
package enum ProbeScript {
    /// The version that the script speaks, the newest that this worker knows.
    package static let version = 2

    /// The script: the parts of `probe/` in their order, without comments and indentation, which every check would pay for.
    ///
    /// As a file on the server (mode 0755, owned by root) it may be pinned as a key's forced command.
    package static let text = compact(source)

    /// The script as people read it.
    package static let source = base + "\n" + joined(topics)

    /// Its beginning, which answers all that is asked of it but for ``topics``.
    private static let base = joined([
        PackageResources.frame_sh, PackageResources.batch_sh, PackageResources.files_sh,
        PackageResources.packages_sh, PackageResources.environment_sh, PackageResources.answer_sh,
        Array(fold.utf8),
        PackageResources.other_sh, PackageResources.slow_sh, PackageResources.closer_sh, PackageResources.show_sh,
        Array(secretPlaces.utf8), PackageResources.elevate_sh, PackageResources.topics_sh,
        PackageResources.installed_sh, PackageResources.origin_sh,
    ])

    private static let topics = [
        PackageResources.kernel_sh,
        PackageResources.os_sh,
        PackageResources.clock_sh,
        PackageResources.listing_sh,
        PackageResources.services_sh,
        PackageResources.accounts_sh,
        PackageResources.seek_sh,
        PackageResources.keys_sh,
        PackageResources.certificates_sh,
        PackageResources.sysctl_sh,
        PackageResources.sshd_sh,
        PackageResources.system_sh,
        PackageResources.mounts_sh,
        PackageResources.ports_sh,
    ]

    private static func joined(_ parts: [[UInt8]]) -> String {
        parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
    }

    private static func compact(_ source: String) -> String {
        let lines = source.split(separator: "\n").map { $0.drop { $0 == " " } }
        return (lines.prefix(headerLines) + lines.dropFirst(headerLines).filter { !$0.hasPrefix("#") })
            .joined(separator: "\n")
    }

    /// Where the shell has stopped, and only `dw_more` reads on.
    private static let fold = "^\n"

    /// What it is, and where to read it.
    private static let headerLines = 3

    /// The worker's list of secret places, as the shell asks it.
    private static var secretPlaces: String {
        """
        # Whether a path is a place of secrets: as it is, then without the suffixes of backup copies.
        # shellcheck disable=SC2221,SC2222
        dw_is_secret() {
            dw_name=$1
            for dw_try in 0 \((1...SecretPlaces.backupDepth).map(String.init).joined(separator: " ")); do
                case $dw_name in
        \(cases(SecretPlaces.exceptions, "return 1"))
        \(cases(SecretPlaces.patterns, "return 0"))
        \(SecretPlaces.backupSuffixes.map { "            ?*'\($0)') dw_name=${dw_name%'\($0)'} ;;\n" }.joined())\
                    *) return 1 ;;
                esac
            done
            return 1
        }

        """
    }

    /// The patterns of one `case`, some to a line.
    private static func cases(_ patterns: [String], _ verdict: String) -> String {
        var lines: [String] = []
        var rest = patterns[...]
        while !rest.isEmpty {
            var line = "            \(rest.removeFirst())"
            while let next = rest.first, line.utf8.count + next.utf8.count < 100 {
                line += " | \(next)"
                rest.removeFirst()
            }
            lines.append("\(line)) \(verdict) ;;")
        }
        return lines.joined(separator: "\n")
    }

    /// The script as one command that `sh`, `bash`, `zsh`, `ksh`, `fish`, `csh` and `tcsh` pass on to `/bin/sh` intact.
    ///
    /// Within single quotes these shells disagree only on newlines, quotes, backslashes and exclamation marks, so four
    /// characters that the script does not use stand in for them, and the true ones come first, each as a word of its
    /// own. `csh` knows no words of more than 1024 bytes, so the text is cut in pieces. Joining them and putting the
    /// true characters in place is done by splitting words, which starts no process. The text becomes its own `$0`, so
    /// that it can hand itself to `bash` and to `sudo`.
    package static let command = command(carrying: text)

    /// The same without the parts of topics, which the shell would never reach if none of them is asked.
    package static let commandWithoutTopics = command(carrying: compact(base))

    private static func command(carrying text: String) -> String {
        let unpack =
            #"n=${IFS#??} q=$1 x=$2 b=$3; shift 3; set -f; IFS=; p="$*"; "#
            + standIns.map { character, standIn in
                let original = ["\n": "n", "'": "q", "!": "x", "\\": "b"][character] ?? ""
                return #"IFS="\#(standIn)"; set -- $p; IFS=$\#(original); p="$*"; "#
            }.joined()
            + #"if [ -x /bin/bash ]; then exec /bin/bash -p -c "$p" "$p" chosen; fi; exec /bin/sh -c "$p" "$p""#
        var words = [#"exec /bin/sh -c '\#(unpack)' probe \' \! \\"#]
        var piece = ""
        for character in text {
            piece.append(standIns.first { $0.character == character }?.standIn ?? character)
            if piece.utf8.count == pieceLength {
                words.append("'\(piece)'")
                piece = ""
            }
        }
        if !piece.isEmpty { words.append("'\(piece)'") }
        return words.joined(separator: " ")
    }

    static let standIns: [(character: Character, standIn: Character)] = [
        ("\n", "J"), ("'", "@"), ("\\", "Z"), ("!", "X"),
    ]
    private static let pieceLength = 900
}
