/// One sign of a text that is shown as evidence.
package enum Sign: Hashable, Sendable {
    case scalar(Unicode.Scalar)
    /// A byte that is not UTF-8.
    case broken(UInt8)
    /// What is masked: one sign whatever it stands for, so that not even its length can be told from it.
    case masked
}

extension Sign {
    /// The signs of bytes that hold nothing to mask.
    package static func signs(in bytes: some Collection<UInt8>) -> [Sign] {
        var signs: [Sign] = []
        signs.append(bytes: bytes)
        return signs
    }
}

extension [Sign] {
    mutating func append(bytes: some Collection<UInt8>) {
        let bytes = [UInt8](bytes)
        reserveCapacity(count + bytes.count)
        var index = 0
        while index < bytes.count {
            let first = bytes[index]
            // Without a text of its own for each letter, which takes a hundred times as long.
            if first < 0x80 {
                append(.scalar(Unicode.Scalar(first)))
                index += 1
                continue
            }
            let piece = bytes[index...].prefix(first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4)
            if let text = String(validating: piece, as: UTF8.self), let scalar = text.unicodeScalars.first {
                append(.scalar(scalar))
                index = piece.endIndex
            } else {
                append(.broken(first))
                index += 1
            }
        }
    }

    /// What a reader takes the text for: look-alikes are one, and what cannot be seen is nothing.
    ///
    /// Two texts that look the same on a screen have equal ones, as `String` compares them: a letter with its accent is
    /// equal to the letter and the accent apart.
    package var impression: String {
        var seen = String.UnicodeScalarView()
        for sign in self {
            switch sign {
            case .scalar(let scalar) where scalar.isASCII:
                if (0x21..<0x7F).contains(scalar.value) { seen.append(scalar.asciiTwin ?? scalar) }
            case .scalar(let scalar):
                guard scalar.kind == .plain || scalar.kind == .unknown else { continue }
                if let lookalike = Lookalike(scalar) {
                    let plain = lookalike.plain.unicodeScalars.filter { $0 != " " }
                    seen.append(contentsOf: plain.map { $0.asciiTwin ?? $0 })
                } else {
                    seen.append(scalar)
                }
            case .broken: seen.append("\u{FFFD}")
            case .masked: seen.append("\u{10FFFF}")
            }
        }
        return String(seen)
    }
}

extension Sign {
    /// Whether it is a letter or digit of ASCII that looks like another one: common, so it is named only where it differs.
    package var hasTwin: Bool {
        if case .scalar(let scalar) = self { scalar.asciiTwin != nil } else { false }
    }

    /// Whether a reader may take it for another sign, or not see it at all, even where no other text is beside it.
    package var canDeceive: Bool {
        switch self {
        case .scalar(let scalar): !(0x21..<0x7F).contains(scalar.value)
        case .broken: true
        case .masked: false
        }
    }
}
