/// The one constant script that looks at a server, and the forms in which it travels.
package enum ProbeScript {
    /// The version that the script speaks, the newest that this worker knows.
    package static let version = 1

    /// The script, as `probe.sh` has it but for the last newline.
    ///
    /// As a file on the server (mode 0755, owned by root) it may be pinned as a key's forced command.
    package static let text: String = {
        var text = String(decoding: PackageResources.probe_sh, as: UTF8.self)
        while text.last == "\n" { text.removeLast() }
        return text
    }()

    /// The script as one command that `sh`, `bash`, `zsh`, `ksh`, `fish`, `csh` and `tcsh` pass on to `/bin/sh` intact.
    ///
    /// Within single quotes these shells disagree only on newlines, quotes, backslashes and exclamation marks, so four
    /// letters that the script does not use stand in for them. `csh` knows no words of more than 1024 bytes, so the
    /// text is cut in pieces that `printf` joins again. The text becomes its own `$0`, so that it can hand itself
    /// to `sudo`.
    package static let command: String = {
        let unpack = #"p=$(printf %s "$@" | tr JQYX "\012\047\134\041"); exec /bin/sh -c "$p" "$p""#
        var words = ["exec /bin/sh -c '\(unpack)' probe"]
        var piece = ""
        for character in text {
            piece.append(standIns[character] ?? character)
            if piece.utf8.count == pieceLength {
                words.append("'\(piece)'")
                piece = ""
            }
        }
        if !piece.isEmpty { words.append("'\(piece)'") }
        return words.joined(separator: " ")
    }()

    static let standIns: [Character: Character] = ["\n": "J", "'": "Q", "\\": "Y", "!": "X"]
    private static let pieceLength = 900
}
