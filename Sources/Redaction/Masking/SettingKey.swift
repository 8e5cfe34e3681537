extension LineScanner {
    /// The name before a `=` or `:`.
    struct Key {
        var text: String
        /// With up to two plain words before it: `API key`.
        var phrase: String
        /// Where it begins, its quote included.
        var start: Int
        var isQuoted: Bool
        /// Nothing stands before it but indentation, a list's dash, a comment mark, or `export` and its like.
        var opensLine: Bool
        /// Where its text begins.
        var column: Int

        private static let longest = 128

        init?(endingAt separator: Int, in line: [UInt8], from lowest: Int) {
            var end = separator
            while end > lowest, line[end - 1].isASCIISpace || "+:?]".utf8.contains(line[end - 1]) { end -= 1 }
            guard end > lowest else { return nil }
            let floor = max(lowest, end - Self.longest)
            if line[end - 1].isQuote {
                guard let open = line[floor..<(end - 1)].lastIndex(of: line[end - 1]) else { return nil }
                start = open
                isQuoted = true
                text = String(decoding: line[(open + 1)..<(end - 1)], as: UTF8.self)
            } else {
                var first = end
                while first > floor, Self.belongs(line[first - 1]) { first -= 1 }
                guard first < end else { return nil }
                start = first
                isQuoted = false
                text = String(decoding: line[first..<end], as: UTF8.self)
            }
            let before = line[lowest..<start]
            opensLine = lowest == 0 && Self.isOpening(before)
            column = before.count
            phrase = isQuoted ? text : Self.words(before: start, in: line, floor: floor) + text
        }

        private static func belongs(_ byte: UInt8) -> Bool {
            byte.isASCIIAlphanumeric || "_.-$@".utf8.contains(byte)
        }

        private static func isOpening(_ before: ArraySlice<UInt8>) -> Bool {
            guard before.count < longest else { return before.allSatisfy(\.isASCIISpace) }
            let words = before.split { $0.isASCIISpace || "-#;/*!\"'".utf8.contains($0) }
            return words.allSatisfy { word in
                ["export", "set", "declare", "local", "readonly", "env", "arg", "typeset", "var", "let", "const", "x"]
                    .contains(String(decoding: word, as: UTF8.self).lowercased())
            }
        }

        private static func words(before start: Int, in line: [UInt8], floor: Int) -> String {
            var first = start
            for _ in 0..<2 {
                guard first - 2 >= floor, line[first - 1] == 0x20 else { break }
                var word = first - 1
                while word > floor, line[word - 1].isASCIIUppercase || line[word - 1].isASCIILowercase { word -= 1 }
                // A word, not the end of a name: nginx's `fastcgi_pass unix:/run/x` is no pass.
                guard word < first - 1, word == floor || !"_-./".utf8.contains(line[word - 1]) else { break }
                first = word
            }
            return String(decoding: line[first..<start], as: UTF8.self)
        }
    }
}
