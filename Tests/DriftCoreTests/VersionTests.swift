import DriftCore
import Testing

@Suite struct VersionTests {
    /// In their order; where a row has several, they are equal.
    static let ladder: [[String]] = [
        ["~~"], ["~~a"], ["~"], ["0~"], ["0", "00", "0:0", "0-0", "0-", " 0 "], ["0a"], ["0.0~~"], ["0.0~"], ["0.0"],
        ["1.0~beta1~svn1245"], ["1.0~beta1"], ["1.0~rc1-1"], ["1.0", "1.00", "1.0-0"], ["1.0-1~bpo12+1"], ["1.0-1"],
        ["1.0-1ubuntu1"], ["1.0-1+b1"], ["1.0-1+deb12u1"], ["1.0-1+deb12u2"], ["1.0-1+deb12u10"], ["1.0a"], ["1.0b"],
        ["1.0+git20240101"], ["1.2"], ["1.2.3"], ["1.10"], ["20240101"], ["99999999999999999999999999"], ["1:0.1"],
        ["1:1.0"], ["2:0~"], ["10:0"],
    ]

    @Test func theLadderIsInOrder() {
        for (lower, row) in Self.ladder.enumerated() {
            for (upper, otherRow) in Self.ladder.enumerated() {
                for (left, right) in row.flatMap({ left in otherRow.map { (left, $0) } }) {
                    let relation = lower < upper ? "lt" : lower > upper ? "gt" : "eq"
                    #expect(PackageManager.dpkg.relation(of: left, to: right) == relation, "\(left) \(right)")
                }
            }
        }
    }

    @Test(arguments: [
        "", " ", ":", "-", "1:", ":1", "-1", "1-", "a:1", "1:2:3", "1-2-3", "-:-", "\u{0}", "é", "1é2", "~:~",
        "99999999999999999999999999999999999999:1", "1 2", String(repeating: "9", count: 10_000),
    ])
    func nonsenseIsOrderedToo(text: String) {
        for manager in PackageManager.allCases {
            #expect(manager.order(of: text, against: text) == 0)
            let (order, back) = (manager.order(of: text, against: "1.0"), manager.order(of: "1.0", against: text))
            #expect(order.signum() == -back.signum())
        }
    }
}
