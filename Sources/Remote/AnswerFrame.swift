import DriftCore
internal import Redaction

/// The records between the start and the end marker of an answer, proven complete.
struct AnswerFrame {
    /// The lines of the answer, one for each record.
    let records: [ArraySlice<UInt8>]

    /// Finds the frame that `nonce` marks; what stands before and after it is noise of banners and rc files.
    ///
    /// - Throws: `.truncated` without an end, `.probeOutdated` when the script speaks none of our versions,
    ///   `.malformedAnswer` when the frame does not hold what it says. Nil when it never began.
    init?(_ bytes: [UInt8], nonce: String) throws(ProbeFailure) {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let prefix = Array("driftwatch-probe \(nonce) ".utf8)
        let markers = lines.indices.filter { lines[$0].starts(with: prefix) }
        guard let start = markers.first else { return nil }

        let opening = VisibleText.plain(lines[start].dropFirst(prefix.count))
        if opening.hasPrefix("speaks ") {
            throw ProbeFailure(
                .probeOutdated, detail: "the server's probe \(opening), this worker \(ProbeScript.version)")
        }
        guard opening == "begin \(ProbeScript.version)" else {
            throw ProbeFailure(.malformedAnswer, detail: "the answer begins with \"\(opening)\"")
        }
        // The last line counts only when its newline came too.
        guard markers.count > 1, markers[1] < lines.count - 1 else {
            throw ProbeFailure(.truncated, detail: "the answer has no end marker")
        }
        let ending = lines[markers[1]].dropFirst(prefix.count)
        guard ending.count >= 3 || !"end".utf8.starts(with: ending) else {
            throw ProbeFailure(.truncated, detail: "the answer's end marker is cut")
        }
        guard markers.count == 2, ending.elementsEqual("end".utf8) else {
            throw ProbeFailure(.malformedAnswer, detail: "the answer's end is not an end marker")
        }
        let inside = lines[(start + 1)..<markers[1]]
        guard inside.last?.elementsEqual("complete".utf8) == true else {
            throw ProbeFailure(.truncated, detail: "the script stopped before it was complete")
        }
        let records = inside.dropLast(2)
        guard inside.count >= 2, let count = AnswerNumber.parsed(inside[inside.endIndex - 2]),
            count == records.count + 1
        else {
            throw ProbeFailure(.malformedAnswer, detail: "the answer's count is not that of its records")
        }
        self.records = Array(records)
    }
}
