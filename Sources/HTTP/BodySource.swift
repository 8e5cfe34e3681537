/// Hands the body of one request to libcurl, once.
///
/// It cannot be rewound, and that is the point: libcurl would otherwise send a request again by itself that it had sent over
/// a kept connection, if that was closed without a byte of a reply. The server may have acted on the first.
final class BodySource {
    let body: [UInt8]
    private var given = 0

    init(_ body: [UInt8]) {
        self.body = body
    }

    /// Whether all of it was handed over.
    var isGiven: Bool { given == body.count }

    /// The next bytes, as many as there is room for at the most; none at the end.
    func next(_ room: Int) -> ArraySlice<UInt8> {
        let piece = body[given...].prefix(room)
        given = piece.endIndex
        return piece
    }
}
