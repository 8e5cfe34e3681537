/// Columns that `text` takes in a terminal: wide characters of East Asia and emoji take two, marks none.
package func width(_ text: String) -> Int {
    if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text.utf8.count }
    return text.reduce(0) { total, character in
        guard let scalar = character.unicodeScalars.first else { return total }
        switch scalar.value {
        case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f,
            0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f900...0x1f9ff, 0x20000...0x3fffd:
            return total + 2
        default: return total + 1
        }
    }
}

/// `text` with blanks after it, so that it takes at least `columns`.
package func pad(_ text: String, to columns: Int) -> String {
    var padded = text
    append(blanks: columns - width(text), to: &padded)
    return padded
}

/// Nothing where `count` is negative.
package func append(blanks count: Int, to text: inout String) {
    var missing = count
    while missing > 0 {
        text += Substring(someBlanks.utf8.prefix(missing))
        missing -= someBlanks.utf8.count
    }
}

private let someBlanks = String(repeating: " ", count: 64)
