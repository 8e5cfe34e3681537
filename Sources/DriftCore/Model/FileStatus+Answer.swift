internal import Redaction

extension FileStatus {
    /// Reads `81a4:0:0:1267+1732700000:root:root`: raw mode in hexadecimal, owner, group, size, time of change, names.
    package init?(answer text: ArraySlice<UInt8>) {
        let fields = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard fields.count == 6, let raw = AnswerNumber.parsed(fields[0], radix: 16), raw <= 0xFFFF,
            let owner = AnswerNumber.parsed(fields[1]), let group = AnswerNumber.parsed(fields[2]),
            !fields[4].isEmpty, !fields[5].isEmpty
        else { return nil }
        // An older script says only the size.
        let sizes = fields[3].split(separator: UInt8(ascii: "+"), omittingEmptySubsequences: false)
        guard let size = AnswerNumber.parsed(sizes[0]), sizes.count <= 2 else { return nil }
        // A time before 1970 is older than any age that a pack can ask for.
        let modified = sizes.count < 2 ? nil : AnswerNumber.parsed(sizes[1]) ?? 0
        let type: FileType =
            switch raw >> 12 {
            case 0x1: .fifo
            case 0x2: .characterDevice
            case 0x4: .directory
            case 0x6: .blockDevice
            case 0x8: .file
            case 0xA: .symlink
            case 0xC: .socket
            default: .other
            }
        self.init(
            type: type, mode: UInt16(raw & 0o7777), owner: Account(answer: fields[4], number: owner),
            group: Account(answer: fields[5], number: group), size: size, modified: modified)
    }
}

extension Account {
    /// `stat` prints UNKNOWN where the account database has no name.
    package init(answer name: ArraySlice<UInt8>, number: Int) {
        self.init(name: name.elementsEqual("UNKNOWN".utf8) ? nil : VisibleText.value(name), number: number)
    }
}
