/// Cuts a long list into pages that open at once.
struct Paging: Hashable, Sendable {
    /// Of the list, one a page; at least one, which may be empty.
    let pages: [Range<Int>]

    /// Each page holds at most `count` entries, and at most `weight` unless a single one weighs more.
    init(_ weights: some Sequence<Int>, count: Int, weight: Int) {
        var pages: [Range<Int>] = []
        var (start, index, total) = (0, 0, 0)
        for each in weights {
            if index > start, index - start == count || total + each > weight {
                pages.append(start..<index)
                (start, total) = (index, 0)
            }
            total += each
            index += 1
        }
        self.pages = pages + [start..<index]
    }

    /// The page of that number, counted from 1; the last one beyond it.
    func page(_ number: Int) -> (number: Int, range: Range<Int>) {
        let number = min(max(1, number), pages.count)
        return (number, pages[number - 1])
    }
}

/// Where one page of several is, with the ways to its neighbours.
struct PageLinks: Sendable {
    /// Such as `items 51 to 100 of 5000`.
    var words: String
    var previous: Place?
    var next: Place?

    /// Nil if one page shows all.
    init?(_ noun: String, _ range: Range<Int>, of total: Int, page: Int, pages: Int, place: (_ page: Int) -> Place) {
        guard pages > 1 else { return nil }
        words = "\(noun) \(range.lowerBound + 1) to \(range.upperBound) of \(total)"
        previous = page > 1 ? place(page - 1) : nil
        next = page < pages ? place(page + 1) : nil
    }

    var html: HTML {
        element("nav", .class("pages"), Attribute("aria-label", "Pages")) {
            element("span") { words }
            if let previous { element("a", .href(previous), Attribute("rel", "prev")) { "← previous" } }
            if let next { element("a", .href(next), Attribute("rel", "next")) { "next →" } }
        }
    }
}
