extension Cell {
    /// An integer of any width, and `numeric` (which `sum(bigint)` gives) when it is whole and fits.
    func anyInteger<Value: FixedWidthInteger>(_: Value.Type = Value.self) throws(CellError) -> Value {
        let value: Value? =
            switch type {
            case .int2: Value(exactly: try integer(Int16.self))
            case .int4: Value(exactly: try integer(Int32.self))
            case .int8: Value(exactly: try integer(Int64.self))
            case .oid: Value(exactly: try integer(UInt32.self))
            case .numeric: Value(wholeDecimal(try numericText()))
            default: throw mismatch()
            }
        guard let value else { throw .invalid("\(Value.self)") }
        return value
    }

    /// The exact decimal text of a `numeric`: groups of four digits, the weight of the first, a sign, a scale.
    func numericText() throws(CellError) -> String {
        try notNull()
        let count = Int(try integer(at: 0, Int16.self))
        let weight = Int(try integer(at: 2, Int16.self))
        let sign: UInt16 = try integer(at: 4)
        let scale = Int(try integer(at: 6, Int16.self))
        switch sign {
        case 0xC000: return "NaN"
        case 0xD000: return "Infinity"
        case 0xF000: return "-Infinity"
        default: break
        }
        func group(_ index: Int) throws(CellError) -> String {
            guard index >= 0, index < count else { return "0000" }
            let digits = String(try integer(at: 8 + 2 * index, Int16.self))
            return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        }
        var whole = ""
        if weight >= 0 {
            for index in 0...weight { whole += try group(index) }
        }
        whole = String(whole.drop { $0 == "0" })
        var fraction = ""
        var index = weight + 1
        while fraction.count < scale {
            fraction += try group(index)
            index += 1
        }
        let unsigned = (whole.isEmpty ? "0" : whole) + (scale > 0 ? ".\(fraction.prefix(scale))" : "")
        return sign == 0x4000 ? "-\(unsigned)" : unsigned
    }
}

/// `text` without a fraction that is all zeros.
private func wholeDecimal(_ text: String) -> String {
    let parts = text.split(separator: ".", maxSplits: 1)
    guard parts.count == 2, parts[1].allSatisfy({ $0 == "0" }) else { return text }
    return String(parts[0])
}
