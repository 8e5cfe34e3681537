/// Why an alert is over, in words that follow "Alert", or stand alone.
package enum ResolutionText {
    /// Such as `resolved by hand by ann`; `who` is fit for the medium already.
    package static func of(_ resolution: String?, by who: String) -> String {
        switch resolution {
        case "compliant": "resolved: what had drifted is right again"
        case "recovered": "resolved: it can be checked again"
        case "settings": "closed, because \(who) changed failing_after or expect"
        case "waived": "resolved: what is still wrong is waived"
        case "due": "resolved: what is still wrong is wanted only later"
        case "manual": "resolved by hand by \(who)"
        case "disabled": "closed, because \(who) disabled drift detection"
        case "unassigned": "closed, because \(who) removed the pack from the server"
        case "removed": "closed, because \(who) removed the server"
        default: "resolved by \(who)"
        }
    }
}
