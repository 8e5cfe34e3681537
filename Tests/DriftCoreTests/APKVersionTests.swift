import DriftCore
import Testing

/// apk's order, as `apk-package(5)` and the comments of apk-tools state it: no Debian package has apk itself.
@Suite struct APKVersionTests {
    /// In their order; where a row has several, they are equal.
    static let ladder: [[String]] = [
        ["0"], ["0.0"], ["0.1_alpha"], ["0.1"], ["1_alpha"], ["1_beta"], ["1"], ["1.0_alpha_pre2"], ["1.0_alpha"],
        ["1.0_alpha2"], ["1.0_alpha10"], ["1.0_beta"], ["1.0_pre"], ["1.0_pre20191002222144"],
        ["1.0_pre20210530193627"],
        ["1.0_rc1"], ["1.0_rc1-r0"], ["1.0_rc1-r1"], ["1.0_rc1_p1"], ["1.0_rc2"], ["1.0"], ["1.0-r0"], ["1.0-r1"],
        ["1.0-r2"], ["1.0-r10"], ["1.0~0a"], ["1.0~a"], ["1.0~ab"], ["1.0_cvs"], ["1.0_svn"], ["1.0_git"],
        ["1.0_git20240101"], ["1.0_hg"], ["1.0_p_rc"], ["1.0_p"], ["1.0_p1-r0"], ["1.0_p9-r0"], ["1.0_p10-r0"],
        ["1.0a"],
        ["1.0a-r1"], ["1.0b"], ["1.0.0"], ["1.0.1"], ["1.00"], ["1.01"], ["1.1"], ["1.2", "01.2"],
        ["1.2-r1", "1.2-r01"],
        ["1.10"], ["2"], ["10"], ["20240101"], ["99999999999999999999999998"], ["99999999999999999999999999"],
    ]

    @Test func theLadderIsInOrder() {
        for (lower, row) in Self.ladder.enumerated() {
            for (upper, otherRow) in Self.ladder.enumerated() {
                for (left, right) in row.flatMap({ left in otherRow.map { (left, $0) } }) {
                    let relation = lower < upper ? "lt" : lower > upper ? "gt" : "eq"
                    #expect(PackageManager.apk.relation(of: left, to: right) == relation, "\(left) \(right)")
                }
            }
        }
    }

    /// Numbers behind a point are decimals if one of them begins with a zero.
    @Test(arguments: [
        ("8.2.0015", "8.2.002"), ("1.06", "1.1"), ("1.02.07", "1.02.10"), ("1.09", "1.1"), ("1.0", "1.00"),
    ])
    func aLeadingZeroMakesADecimal(older: String, newer: String) {
        #expect(PackageManager.apk.relation(of: older, to: newer) == "lt")
    }
}
