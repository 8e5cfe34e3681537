/// The sockets that wait for others, as lines of `/proc/net/tcp`, `tcp6`, `udp` and `udp6` that begin with the name of the file.
///
/// In front are `order little` or `order big`, the order of bytes in which the kernel writes addresses, and
/// `clients FIRST LAST`, the ports that programs get which ask for none. At the end, where root looks, stands `owner INODE PROGRAM`
/// for each socket.
struct PortFacts: Topic {
    static let name = "ports"

    /// With the inodes of their sockets.
    private var inodes: [ListenAddress: Set<Int>] = [:]
    private var programs: [Int: Substring] = [:]
    private var clients: ClosedRange<Int>?
    private var isWhole = true

    init(_ lines: [ArraySlice<UInt8>]) {
        var isLittle: Bool?
        var counts: [Substring: Int] = [:]
        for line in lines.lazy.map({ String(decoding: $0, as: UTF8.self) }) where !line.isEmpty {
            let words = line.split { $0 == " " || $0 == "\t" }
            switch words.first {
            case "order": isLittle = ["little": true, "big": false][words.last ?? ""]
            case "clients":
                let numbers = words.dropFirst().compactMap { Int($0) }
                clients = numbers.count == 2 && numbers[0] <= numbers[1] ? numbers[0]...numbers[1] : nil
            case "owner":
                let parts = line.split(separator: " ", maxSplits: 2)
                if parts.count == 3, let inode = Int(parts[1]) { programs[inode] = parts[2] }
            default:
                guard let isLittle, let (socket, inode) = Self.socket(words, isLittle) else {
                    isWhole = false
                    continue
                }
                inodes[socket, default: []].formUnion(inode.map { [$0] } ?? [])
                counts[words[0].prefix { $0 != ":" }, default: 0] += 1
            }
        }
        // The script stops there.
        if isLittle == nil || counts.values.contains(where: { $0 >= 2000 }) { isWhole = false }
    }

    var listening: Set<ListenAddress> { Set(inodes.keys) }

    /// The names of the programs that have the socket, as the kernel cuts them; none where they may not be seen.
    func programs(at socket: ListenAddress) -> [String] {
        Set((inodes[socket] ?? []).compactMap { programs[$0] }).map(String.init).sorted()
    }

    /// All of them, or why they are not known.
    var sockets: Result<PortFacts, UnreadableReason> { isWhole ? .success(self) : .failure(.malformedAnswer) }

    /// Whether it is most likely a client that waits for an answer: an unconnected UDP socket at a port that it did not choose.
    func isClient(_ socket: ListenAddress) -> Bool {
        socket.transport == .udp && clients?.contains(socket.port) == true
    }

    /// `FILE: NUMBER: ADDRESS:PORT …`; blanks may be missing after the name of the file.
    ///
    /// The inode is the eighth word after the address.
    private static func socket(_ words: [Substring], _ isLittle: Bool) -> (ListenAddress, inode: Int?)? {
        guard let local = words.firstIndex(where: { $0.count > 12 && !$0.hasPrefix("/") }),
            let name = words.first?.split(separator: ":").first?.split(separator: "/").last,
            let address = address(words[local], isLittle, table: name)
        else { return nil }
        return (address, local + 8 < words.count ? Int(words[local + 8]) : nil)
    }

    private static func address(_ local: Substring, _ isLittle: Bool, table name: Substring) -> ListenAddress? {
        let parts = local.split(separator: ":")
        guard parts.count == 2, let bytes = bytes(parts[0], isLittle), let port = Int(parts[1], radix: 16),
            (1...65535).contains(port)
        else { return nil }
        switch (name, bytes.count) {
        case ("tcp", 4): return ListenAddress(.tcp, .version4(bytes), port)
        case ("tcp6", 16): return ListenAddress(.tcp, .version6(bytes), port)
        case ("udp", 4): return ListenAddress(.udp, .version4(bytes), port)
        case ("udp6", 16): return ListenAddress(.udp, .version6(bytes), port)
        default: return nil
        }
    }

    /// The bytes of an address, which the kernel writes as numbers of 32 bits.
    private static func bytes(_ text: Substring, _ isLittle: Bool) -> [UInt8]? {
        let digits = Array(text)
        guard digits.count.isMultiple(of: 8) else { return nil }
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: digits.count, by: 8) {
            guard let number = UInt32(String(digits[start..<start + 8]), radix: 16) else { return nil }
            let word = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
            bytes += isLittle ? word.reversed() : word
        }
        return bytes
    }
}
