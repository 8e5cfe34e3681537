import DriftCore
import DriftStore
import Foundation
import Presentation

/// The items of a check's page, section by section, cut into pages.
struct DiffItems: Sendable {
    /// One item with all that is to be said of it; markup is made only of those that a page shows.
    private struct Entry: Sendable {
        var section: Section
        var name: String
        var description: String?
        var differences: [(text: DifferenceText, diff: String?)] = []
        /// Why it is wrong, as far as that is known.
        var cause: String?
        /// Why it, or its content, could not be judged.
        var unreadable: String?
        /// What the pack's author may want to know although it is as expected.
        var remark: String?

        /// About how many bytes it takes.
        var weight: Int {
            var weight = 200 + name.utf8.count + (description?.utf8.count ?? 0) + (remark?.utf8.count ?? 0)
            for (text, diff) in differences {
                weight += text.headline.utf8.count + (diff.map(DiffLines.weight) ?? 0)
                for detail in text.details {
                    weight += (detail.expected?.utf8.count ?? 0) + (detail.actual?.utf8.count ?? 0)
                }
            }
            return weight
        }
    }

    private enum Section: Hashable, Sendable {
        case wrong, unreadable
        /// What is remembered as wrong and the shown check does not say.
        case remembered
        /// What was told of an alert that is over, where its check is gone.
        case told(title: String)
        case waived, due, notable, notApplicable, remarked

        var title: String {
            switch self {
            case .wrong: "Wrong"
            case .unreadable: "Could not be read"
            case .remembered: "Known to be wrong now"
            case .told(let title): title
            case .waived: "Waived"
            case .due: "Due later"
            case .notable: "Different, which is no drift"
            case .notApplicable: "Does not apply to this server"
            case .remarked: "As expected, but"
            }
        }
    }

    static let itemsPerPage = 50
    static let bytesPerPage = 96 * 1024

    private let entries: [Entry]
    private let paging: Paging
    private let server: ServerID
    private let pack: PackName
    /// How many differences the shown check found; nil if its details are gone.
    let differences: Int?

    init(_ content: DiffPage.Content, times: Times) {
        (server, pack) = (content.assignment.serverID, content.assignment.packName)
        let outcomes = content.check?.items ?? []
        let found = outcomes.flatMap(\.mismatches)
        differences = content.check?.items.map { _ in found.count }
        // A check that looked back then says nothing of now, but one that saw nothing must not hide what is known.
        let isAboutNow = content.check?.id == content.newestID || content.check?.verdict == .failed
        let seen = Set(found.map { [$0.key.rawValue, $0.type.rawValue] })
        let unseen = content.assignment.mismatches.filter { isAboutNow && !seen.contains([$0.key.rawValue, $0.type]) }
        // Where no check tells what could not be read, what is remembered of it does.
        let unreadable = content.check == nil ? content.assignment.outcomes : outcomes
        entries =
            outcomes.compactMap { Self.wrong($0, times) } + unreadable.compactMap(Self.unreadable)
            + Self.remembered(unseen, times)
            + Self.told(content.removed?.alert, times) + outcomes.compactMap { Self.exempt($0, in: .waived, times) }
            + outcomes.compactMap { Self.exempt($0, in: .due, times) } + outcomes.compactMap(Self.notable)
            + outcomes.compactMap(Self.notApplicable) + outcomes.compactMap(Self.remarked)
        paging = Paging(entries.lazy.map(\.weight), count: Self.itemsPerPage, weight: Self.bytesPerPage)
    }

    private static func wrong(_ outcome: ItemOutcome, _ times: Times) -> Entry? {
        guard case .wrong(let mismatches) = outcome.finding else { return nil }
        var entry = Entry(section: .wrong, name: outcome.item, description: outcome.description)
        entry.differences = mismatches.map { (DifferenceText($0), $0.diff) }
        entry.cause = cause(mismatches.map(\.cause), times)
        entry.remark = UnconfirmedText.of(outcome)
        entry.unreadable = outcome.unseenContent.map { "Its content could not be read: \(ReasonText.of($0))" }
        return entry
    }

    private static func unreadable(_ outcome: ItemOutcome) -> Entry? {
        guard case .unreadable(let reason) = outcome.finding else { return nil }
        var entry = Entry(section: .unreadable, name: outcome.item, description: outcome.description)
        entry.unreadable =
            outcome.unseenContent.map { "Its content could not be read: \(ReasonText.of($0))" } ?? ReasonText.of(reason)
        entry.remark = joined(outcome.remark, UnconfirmedText.of(outcome))
        return entry
    }

    /// Its differences have one cause, most likely.
    private static func cause(_ causes: [Cause?], _ times: Times) -> String? {
        causes.lazy.compactMap { CauseText.of($0, times) }.first
    }

    private static func joined(_ remarks: String?...) -> String? {
        let remarks = remarks.compactMap(\.self)
        return remarks.isEmpty ? nil : remarks.joined(separator: "; ")
    }

    private static func exempt(_ outcome: ItemOutcome, in section: Section, _ times: Times) -> Entry? {
        guard case .exempt(let mismatches, let exemption) = outcome.finding else { return nil }
        let own: Section = if case .waived = exemption { .waived } else { .due }
        guard own == section else { return nil }
        var entry = Entry(section: section, name: outcome.item, description: outcome.description)
        entry.differences = mismatches.map { (DifferenceText($0), $0.diff) }
        entry.unreadable = outcome.unseenContent.map { "Its content could not be read: \(ReasonText.of($0))" }
        entry.remark = ExemptionText.of(exemption, times)
        return entry
    }

    private static func notable(_ outcome: ItemOutcome) -> Entry? {
        guard case .notable(let mismatches) = outcome.finding else { return nil }
        var entry = Entry(section: .notable, name: outcome.item, description: outcome.description)
        entry.differences = mismatches.map { (DifferenceText($0), $0.diff) }
        return entry
    }

    private static func notApplicable(_ outcome: ItemOutcome) -> Entry? {
        guard case .notApplicable(let why) = outcome.finding else { return nil }
        return Entry(section: .notApplicable, name: outcome.item, description: outcome.description, remark: why)
    }

    private static func remarked(_ outcome: ItemOutcome) -> Entry? {
        guard outcome.finding == .ok, let remark = joined(outcome.remark, UnconfirmedText.of(outcome)) else {
            return nil
        }
        return Entry(section: .remarked, name: outcome.item, description: outcome.description, remark: remark)
    }

    private static func remembered(_ mismatches: [RememberedMismatch], _ times: Times) -> [Entry] {
        grouped(mismatches, by: \.key).map { group in
            var entry = Entry(section: .remembered, name: group[0].item)
            entry.differences = group.map {
                (DifferenceText($0.type, expected: $0.expected, actual: $0.actual), nil)
            }
            entry.cause = cause(group.map(\.cause), times)
            return entry
        }
    }

    private static func told(_ alert: ToldAlert?, _ times: Times) -> [Entry] {
        guard let alert, let resolution = alert.resolution else { return [] }
        let when = alert.resolvedAt.map { " on " + times.stamp($0) } ?? ""
        let section = Section.told(title: "What alert \(alert.id) told, resolved\(when): \(resolution)")
        return grouped(alert.items, by: \.item).map { group in
            var entry = Entry(section: section, name: group[0].item)
            entry.differences = group.map { (DifferenceText($0.type, expected: [:], actual: [:]), nil) }
            return entry
        }
    }

    /// Neighbours of one key together.
    private static func grouped<Element, Key: Equatable>(
        _ elements: [Element], by key: (Element) -> Key
    ) -> [[Element]] {
        elements.reduce(into: []) { groups, element in
            if let last = groups.last?.first, key(last) == key(element) {
                groups[groups.count - 1].append(element)
            } else {
                groups.append([element])
            }
        }
    }

    // MARK: markup

    /// `check` is the one that links to other pages have to name.
    func html(page: Int, check: Int64?) -> HTML {
        let (number, range) = paging.page(page)
        let links = PageLinks("items", range, of: entries.count, page: number, pages: paging.pages.count) {
            .diff(server, pack, check: check, page: $0)
        }
        let sections = Self.grouped(Array(entries[range]), by: \.section)
        return element("div") {
            if let links {
                element("p", .class("quiet")) { summary }
                links.html
            }
            for section in sections {
                element("h2") { section[0].section.title }
                for entry in section { Self.html(of: entry) }
            }
            if let links { links.html }
        }
    }

    /// How many items are wrong in which way, such as `3000 missing · 2000 wrong content`.
    private var summary: String {
        var counts: [String: Int] = [:]
        for entry in entries {
            for difference in entry.differences { counts[difference.text.kind, default: 0] += 1 }
        }
        let unreadable = entries.count { $0.unreadable != nil }
        let words = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
        return (words + (unreadable > 0 ? ["\(unreadable) could not be read"] : [])).joined(separator: " · ")
    }

    private static func html(of entry: Entry) -> HTML {
        element("section", .class("item")) {
            element("h3") { entry.name }
            if let description = entry.description { element("p", .class("quiet")) { description } }
            if let cause = entry.cause { element("p", .class("quiet")) { cause } }
            for (text, diff) in entry.differences { html(of: text, diff) }
            if let unreadable = entry.unreadable { element("p", .class("unsure")) { unreadable } }
            if let remark = entry.remark { element("p", .class("unsure")) { remark } }
        }
    }

    /// The diff comes first; hashes say little and are folded away.
    private static func html(of text: DifferenceText, _ diff: String?) -> HTML {
        element("div") {
            element("p", .class("what")) { text.headline }
            if let diff {
                DiffLines(diff).html
                if !text.details.isEmpty {
                    element("details") {
                        element("summary") { "Hashes" }
                        list(of: text.details)
                    }
                }
            } else if !text.details.isEmpty {
                list(of: text.details)
            }
        }
    }

    private static func list(of details: [DifferenceText.Detail]) -> HTML {
        element("dl") {
            for detail in details {
                element("div") {
                    element("dt") { detail.name }
                    if let expected = detail.expected { side("expected", expected) }
                    if let actual = detail.actual { side("actual", actual) }
                }
            }
        }
    }

    private static func side(_ name: String, _ value: String) -> HTML {
        element("dd", .class(name)) {
            element("span", .class("label")) { name }
            " "
            element("code") { value }
        }
    }
}

/// A unified diff, its runs of like lines together.
struct DiffLines: Sendable {
    private struct Run: Sendable {
        /// `added`, `removed`, `hunk` or `context`.
        var style: String
        var lines: [Substring]
    }

    private let runs: [Run]

    init(_ diff: String) {
        var lines = diff.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last == "" { lines.removeLast() }
        // A removed line may begin with "--", an added one with "++": only what comes before the first hunk is a header.
        var isHeader = true
        var runs: [Run] = []
        for line in lines {
            if line.hasPrefix("@@") { isHeader = false }
            let style =
                switch line.first {
                case _ where isHeader, "@": "hunk"
                case "+": "added"
                case "-": "removed"
                default: "context"
                }
            if runs.last?.style == style {
                runs[runs.count - 1].lines.append(line)
            } else {
                runs.append(Run(style: style, lines: [line]))
            }
        }
        self.runs = runs
    }

    /// About how many bytes it takes, with the markup around each line.
    static func weight(_ diff: String) -> Int {
        diff.utf8.count + 32 * diff.utf8.count { $0 == UInt8(ascii: "\n") }
    }

    var html: HTML {
        element("pre", .class("diff"), Attribute("tabindex", "0")) {
            element("code") {
                for run in runs { element("span", .class(run.style)) { HTML.lines(run.lines) } }
            }
        }
    }
}

extension ItemOutcome {
    fileprivate var mismatches: [Mismatch] {
        guard case .wrong(let mismatches) = finding else { return [] }
        return mismatches
    }
}
