/// Numbers as the probe writes them.
package enum AnswerNumber {
    /// A plain decimal number without sign, 15 digits at the most.
    package static func parsed(_ bytes: some Collection<UInt8>, radix: Int = 10) -> Int? {
        guard (1...15).contains(bytes.count), bytes.allSatisfy({ $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "+") })
        else { return nil }
        return Int(String(decoding: bytes, as: UTF8.self), radix: radix)
    }
}
