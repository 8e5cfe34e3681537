package import DriftCore

/// What people are told of differences that count for nothing for now.
package enum ExemptionText {
    /// `waived by ann until 2027-02-01 00:00 UTC: replaced in spring`.
    package static func of(_ exemption: Exemption, _ times: Times) -> String {
        switch exemption {
        case .waived(let waiver):
            "waived by \(waiver.author)\(waiver.until.map { " until \(times.local($0))" } ?? ", without an end"): \(waiver.reason)"
        case .due(let start): "due: it counts from \(times.local(start)) on"
        }
    }

    /// `2 waived` and `1 due`, where there are any.
    package static func counts(waived: Int, due: Int) -> [String] {
        [(waived, "waived"), (due, "due")].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    }
}
