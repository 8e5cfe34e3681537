internal import Redaction

/// A piece of a page.
///
/// Markup comes from literals of this program alone; all other text is escaped on its way in, and there is no other way
/// in. What a page shows is said in Swift, with typed values: a value that an item lacks cannot be taken from somewhere
/// else.
struct HTML: Sendable {
    fileprivate(set) var markup: String

    fileprivate init(markup: String) { self.markup = markup }

    /// Text from anywhere, without characters that a page must not repeat.
    init(_ text: String) { markup = escaped(VisibleText.page(text)) }

    /// Many lines, each of them text from anywhere.
    static func lines(_ lines: [Substring]) -> HTML {
        HTML(markup: lines.map { HTML(String($0)).markup }.joined(separator: "\n"))
    }

    /// A whole document.
    static func document(@HTMLBuilder content: () -> HTML) -> HTML {
        HTML(markup: "<!doctype html>\n\(content().markup)\n")
    }
}

/// An attribute of an element; its value is escaped.
struct Attribute: Sendable {
    fileprivate let markup: String

    init(_ name: StaticString, _ value: String) {
        markup = " \(name)=\"\(escaped(VisibleText.page(value)))\""
    }

    static func `class`(_ names: String) -> Self { Self("class", names) }
    /// A place on these pages; nothing leads elsewhere.
    static func href(_ place: Place) -> Self { Self("href", place.path) }
}

/// An element with what is in it.
func element(
    _ name: StaticString, _ attributes: Attribute..., @HTMLBuilder content: () -> HTML = { HTML("") }
) -> HTML {
    HTML(markup: "<\(name)\(attributes.map(\.markup).joined())>\(content().markup)</\(name)>")
}

/// An element that has no end, such as `meta`.
func void(_ name: StaticString, _ attributes: Attribute...) -> HTML {
    HTML(markup: "<\(name)\(attributes.map(\.markup).joined())>")
}

/// Puts pieces one after another; a `String` in their midst is text.
@resultBuilder
enum HTMLBuilder {
    static func buildExpression(_ html: HTML) -> HTML { html }
    static func buildExpression(_ text: String) -> HTML { HTML(text) }
    static func buildBlock(_ parts: HTML...) -> HTML { joined(parts) }
    static func buildArray(_ parts: [HTML]) -> HTML { joined(parts) }
    static func buildOptional(_ part: HTML?) -> HTML { part ?? HTML("") }
    static func buildEither(first part: HTML) -> HTML { part }
    static func buildEither(second part: HTML) -> HTML { part }

    private static func joined(_ parts: [HTML]) -> HTML {
        var markup = ""
        for part in parts { markup += part.markup }
        return HTML(markup: markup)
    }
}

/// Fit for the text of an element and for a quoted attribute.
private func escaped(_ text: String) -> String {
    guard text.utf8.contains(where: { "&<>\"'".utf8.contains($0) }) else { return text }
    var escaped = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": escaped += "&amp;"
        case "<": escaped += "&lt;"
        case ">": escaped += "&gt;"
        case "\"": escaped += "&quot;"
        case "'": escaped += "&#39;"
        default: escaped.unicodeScalars.append(scalar)
        }
    }
    return escaped
}
