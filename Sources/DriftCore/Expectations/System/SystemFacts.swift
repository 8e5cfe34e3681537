/// What a server says of its clock, and of what waits for a reboot.
///
/// Of the clock: `clock SOURCE`, what that program prints, and `clock-end ok` or `clock-end slow`. Of a reboot: lines `flag PATH`,
/// `running VERSION`, `kernel VERSION` for each installed one, and `needs-restarting STATUS`.
struct SystemFacts: Topic {
    static let name = "system"

    /// Whether the clock follows a time source, as the one program says that was asked.
    private(set) var isSynchronised: Result<Bool, UnreadableReason> = .failure(.malformedAnswer)
    private(set) var reboot = RebootFacts()

    init(_ lines: [ArraySlice<UInt8>]) {
        var source: String?
        var output: [String] = []
        for line in lines.lazy.map({ String(decoding: $0, as: UTF8.self) }) {
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            switch (source, words.first) {
            case (let asked?, "clock-end"):
                isSynchronised =
                    words.count == 2 && words[1] == "slow" ? .failure(.slow) : Self.isSynchronised(asked, output)
                source = nil
            case (_?, _): output.append(line)
            case (nil, "clock") where words.count == 2 && output.isEmpty: source = words[1]
            case (nil, let name?) where words.count == 2: reboot.add(name, words[1])
            case (nil, _): break
            }
        }
    }

    private static func isSynchronised(_ source: String, _ output: [String]) -> Result<Bool, UnreadableReason> {
        guard source != "none" else { return .failure(.unsupported) }
        let answer: Bool? =
            switch source {
            case "timedatectl": ["NTPSynchronized=yes": true, "NTPSynchronized=no": false][output.first ?? ""]
            case "chronyc": isSynchronisedByChrony(output)
            case "ntpq": isSynchronisedByNTP(output)
            case "adjtimex", "busybox": isSynchronisedByKernel(output)
            default: nil
            }
        return answer.map { .success($0) } ?? .failure(.readError)
    }

    /// As systemd has it: the kernel's bound of the error is below 16 seconds, which it reaches when nobody sets the clock.
    private static func isSynchronisedByKernel(_ output: [String]) -> Bool? {
        field("maxerror", in: output).flatMap { Int($0) }.map { $0 < 16_000_000 }
    }

    /// A clock that follows only itself (`local` in its configuration) has the address 127.127.1.1.
    private static func isSynchronisedByChrony(_ output: [String]) -> Bool? {
        guard let leap = field("Leap status", in: output), let reference = field("Reference ID", in: output) else {
            return nil
        }
        switch leap {
        case "Not synchronised": return false
        case "Normal", "Insert second", "Delete second": return !reference.hasPrefix("7F7F01")
        default: return nil
        }
    }

    /// `leap=00, stratum=3`; a leap of 11 or 3, or stratum 16, means not synchronised.
    private static func isSynchronisedByNTP(_ output: [String]) -> Bool? {
        let words = output.flatMap { $0.split { $0 == "," || $0 == " " } }
        func number(_ name: String) -> Int? {
            words.first { $0.hasPrefix(name + "=") }.flatMap { Int($0.dropFirst(name.utf8.count + 1)) }
        }
        guard let leap = number("leap"), let stratum = number("stratum") else { return nil }
        return leap != 11 && leap != 3 && (1..<16).contains(stratum)
    }

    /// The value in the first line `NAME : VALUE`.
    private static func field(_ name: String, in output: [String]) -> String? {
        for line in output {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimming(" ") }
            if parts.count == 2, parts[0] == name { return parts[1] }
        }
        return nil
    }
}

extension Substring {
    fileprivate func trimming(_ sign: Character) -> String {
        var text = drop { $0 == sign }
        while text.last == sign { text.removeLast() }
        return String(text)
    }
}
