/// What `rpm -qa` prints in our format, `+ NAME [EPOCH:]VERSION-RELEASE ARCHITECTURE`, and what it says beside.
struct RPMLines: PackageLines {
    private(set) var entries = PackageEntries()

    mutating func read(_ line: ArraySlice<UInt8>) {
        let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        if words.count == 4, words[0].elementsEqual("+".utf8) {
            // Keys of repositories are kept as if they were packages.
            guard !words[1].elementsEqual("gpg-pubkey".utf8) else { return }
            entries.add(words[1], version: words[2], architecture: words[3])
        } else if !line.starts(with: "warning: ".utf8) {
            // rpm skips a damaged entry with an error, and goes on.
            entries.isBroken = true
        }
    }

    func end() {}
}
