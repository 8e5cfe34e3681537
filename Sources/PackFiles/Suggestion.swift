internal import DriftCore

/// A hint such as `did you mean "mode"?`, where one of `candidates` is near enough to `text`.
package func didYouMean(_ text: String, among candidates: some Sequence<String>) -> String? {
    nearest(text, among: candidates).map { "did you mean \(quoted($0))?" }
}

/// The one of `candidates` that `text` is most likely a misspelling of, if it is near enough.
func nearest(_ text: String, among candidates: some Sequence<String>) -> String? {
    let typed = Array(text.lowercased().unicodeScalars.prefix(64))
    let allowed = typed.count <= 3 ? 1 : 2
    return
        candidates
        .map { (candidate: $0, distance: editDistance(typed, Array($0.lowercased().unicodeScalars.prefix(64)))) }
        .filter { $0.distance <= allowed }
        .min { ($0.distance, $0.candidate) < ($1.distance, $1.candidate) }?
        .candidate
}

/// Insertions, deletions, substitutions and swaps of neighbours that lead from one to the other.
private func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for row in 1...left.count {
        var current = [row]
        for column in 1...right.count {
            let isSame = left[row - 1] == right[column - 1]
            var best = min(last[column] + 1, current[column - 1] + 1, last[column - 1] + (isSame ? 0 : 1))
            if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                best = min(best, beforeLast[column - 2] + 1)
            }
            current.append(best)
        }
        beforeLast = last
        last = current
    }
    return last[right.count]
}
