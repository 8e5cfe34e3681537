/// `text` in one line, without anything that a terminal would take as a command.
///
/// Control characters, bidirectional overrides and their kind become `\u{…}`; used for all that a server, a file or a
/// person wrote.
func visible(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isUnsafeInTerminal) else { return text }
    var shown = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\n": shown += "\\n"
        case "\t": shown += "\\t"
        case "\r": shown += "\\r"
        default:
            if isUnsafeInTerminal(scalar) {
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
    }
    return shown
}

/// Many lines, each made visible; tabs stay.
func visibleLines(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
        line.split(separator: "\t", omittingEmptySubsequences: false).map { visible(String($0)) }
            .joined(separator: "\t")
    }
}

private func isUnsafeInTerminal(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: true
    default: false
    }
}
