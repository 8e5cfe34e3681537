import HTTPTypes
import Hummingbird
import Presentation

/// A whole page.
struct Page: Sendable {
    var title: String
    var body: HTML

    var html: HTML {
        HTML.document {
            element("html", Attribute("lang", "en")) {
                element("head") {
                    void("meta", Attribute("charset", "utf-8"))
                    void(
                        "meta", Attribute("name", "viewport"),
                        Attribute("content", "width=device-width, initial-scale=1"))
                    element("title") { "\(title) · Driftwatch" }
                    void("link", Attribute("rel", "stylesheet"), .href(.stylesheet))
                }
                element("body") {
                    element("header") {
                        element("a", .href(.fleet())) { "Driftwatch" }
                        " "
                        element("a", .class("quiet"), .href(.alerts())) { "Alerts" }
                    }
                    element("main") { body }
                }
            }
        }
    }

    func response(_ status: HTTPResponse.Status = .ok) -> Response {
        .text(html.markup, "text/html; charset=utf-8", status: status)
    }

    /// Shown in place of a page that cannot be shown.
    static func error(_ status: HTTPResponse.Status, _ text: String) -> Response {
        Page(title: status.reasonPhrase) {
            element("h1") { status.reasonPhrase }
            element("p") { text }
            element("p") { element("a", .href(.fleet())) { "To the fleet" } }
        }.response(status)
    }

    init(title: String, @HTMLBuilder body: () -> HTML) {
        self.title = title
        self.body = body()
    }
}

/// A state as a word and a sign, so that it is not told by its colour alone.
struct Badge: Sendable {
    var word: String
    var tone: FleetLineText.Tone

    var html: HTML {
        element("span", .class("state \(tone.rawValue)")) {
            element("span", Attribute("aria-hidden", "true")) { "\(sign) " }
            word
        }
    }

    private var sign: String {
        switch tone {
        case .bad: "✗"
        case .trouble: "⚠"
        case .unsure: "◐"
        case .good: "✓"
        case .quiet: "–"
        }
    }
}
