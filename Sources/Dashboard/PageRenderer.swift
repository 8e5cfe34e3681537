import HTTPTypes
import Hummingbird
import Mustache
import NIOCore
internal import Redaction

/// The templates, embedded in the binary; every `{{value}}` is escaped, and there is no other kind.
struct PageRenderer: Sendable {
    private let library: MustacheLibrary

    init() throws {
        library = MustacheLibrary(templates: [
            "page": try Self.template(PackageResources.page_mustache),
            "fleet": try Self.template(PackageResources.fleet_mustache),
            "diff": try Self.template(PackageResources.diff_mustache),
            "item": try Self.template(PackageResources.item_mustache),
            "error": try Self.template(PackageResources.error_mustache),
        ])
    }

    func page(_ name: String, _ content: some Sendable, status: HTTPResponse.Status = .ok) throws -> Response {
        guard let text = library.render(content, withTemplate: name) else {
            throw HTTPError(.internalServerError)
        }
        return .text(text, "text/html; charset=utf-8", status: status)
    }

    func error(_ status: HTTPResponse.Status, _ text: String) throws -> Response {
        try page("error", ErrorPage(title: status.reasonPhrase, text: text), status: status)
    }

    var stylesheet: Response {
        .text(String(decoding: PackageResources.style_css, as: UTF8.self), "text/css; charset=utf-8")
    }

    private static func template(_ bytes: [UInt8]) throws -> MustacheTemplate {
        try MustacheTemplate(string: String(decoding: bytes, as: UTF8.self))
    }
}

private struct ErrorPage: Sendable {
    var title: String
    var text: String
}

extension Response {
    static func plain(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        .text(text, "text/plain; charset=utf-8", status: status)
    }

    static func text(_ text: String, _ type: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}

extension String {
    /// Without characters that a page must not repeat.
    var shown: String { VisibleText.page(self) }
}
