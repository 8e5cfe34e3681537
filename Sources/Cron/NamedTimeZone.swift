/// The zone of that name in the system's time zone database.
///
/// Abbreviations (`PST`) and offsets (`GMT+2`) are refused: the former are ambiguous, and of the latter PostgreSQL and POSIX
/// turn the sign around.
package func namedTimeZone(
    _ name: String, in folder: String = ZoneRules.systemFolder
) throws(CronError) -> ZoneRules {
    if isDatabaseName(name), let zone = ZoneRules.read(name, in: folder) { return zone }
    let isPrintable = name.unicodeScalars.allSatisfy { (" "..."~").contains($0) }
    throw CronError(
        message: isPrintable && name.count <= 60
            ? "`\(name)` is not a time zone" : "that is not the name of a time zone",
        hint: hint(for: name))
}

private func isDatabaseName(_ name: String) -> Bool {
    if name.contains("/") { return true }
    if name.count == 3 {
        return ["UTC", "GMT", "UCT", "CET", "EET", "MET", "WET", "EST", "MST", "HST", "PRC", "ROC", "ROK"].contains(
            name)
    }
    return !name.contains { "+-".contains($0) } || ["GB-Eire", "NZ-CHAT", "W-SU"].contains(name)
}

private func hint(for name: String) -> String {
    let known = ZoneRules.names(withoutLinks: true).filter { $0.contains("/") && !$0.hasPrefix("Etc/") } + ["UTC"]
    guard ZoneRules.read("Europe/Berlin") != nil else {
        return "this machine knows no time zones: install tzdata, or use UTC"
    }
    let near = nearest(name, in: known)
    return near.isEmpty ? "give a region and a city, as Europe/Berlin, or UTC" : "did you mean \(near)?"
}

/// Up to three names that someone who wrote `name` may have meant: the nearest, where any is near enough.
private func nearest(_ name: String, in known: [String]) -> String {
    guard name.utf8.count <= 60 else { return "" }
    let written = Array(name.lowercased().replacing(" ", with: "_").utf8)
    let distances = known.map { candidate in
        let lowercased = candidate.lowercased()
        let city = lowercased.split(separator: "/").last.map { Array($0.utf8) } ?? []
        return min(editDistance(written, Array(lowercased.utf8)), editDistance(written, city))
    }
    guard let least = distances.min(), least <= written.count / 4 else { return "" }
    return zip(known, distances).filter { $0.1 == least }.map(\.0).sorted().prefix(3).joined(separator: ", ")
}

/// How many letters must be put in, taken out or replaced to make one text the other.
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var row = Array(0...right.count)
    for (i, letter) in left.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, other) in right.enumerated() {
            let replaced = diagonal + (letter == other ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
        }
    }
    return row[right.count]
}
