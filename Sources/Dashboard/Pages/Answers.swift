import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    static func plain(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        .text(text, "text/plain; charset=utf-8", status: status)
    }

    static func text(_ text: String, _ type: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    static var stylesheet: Response {
        .text(String(decoding: PackageResources.style_css, as: UTF8.self), "text/css; charset=utf-8")
    }
}
