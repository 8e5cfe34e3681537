import DriftCore
import Testing

@Suite struct ComparisonPackageTests {
    private static func entry(_ status: String, _ version: String, _ architecture: String) -> InstalledPackage {
        InstalledPackage(dpkgLetters: status, version: version, architecture: architecture)
    }

    static let database: [String: [InstalledPackage]] = [
        "curl": [entry("ii ", "7.88.1-10+deb12u5", "amd64")],
        "held": [entry("hi ", "1.0", "amd64")],
        "leaving": [entry("ri ", "1.0", "amd64")],
        "removed": [entry("rc ", "1.0", "amd64")],
        "purged": [entry("pn ", "", "")],
        "unknown": [entry("un ", "", "")],
        "half": [entry("iF ", "1.0", "amd64")],
        "unpacked": [entry("iU ", "1.0", "amd64")],
        "half-installed": [entry("iHR", "1.0", "amd64")],
        "awaited": [entry("iW ", "1.0", "amd64")],
        "pending": [entry("it ", "1.0", "amd64")],
        "held-pending": [entry("ht ", "1.0", "amd64")],
        "broken-pending": [entry("itR", "1.0", "amd64")],
        "unversioned": [entry("ii ", "trunk", "amd64")],
        "misread": [entry("ii ", "1 0", "amd64")],
        "broken": [entry("iiR", "1.0", "amd64")],
        "short": [entry("ii", "1.0", "amd64")],
        "nonsense": [entry("?!", "1.0", "amd64")],
        "half-nonsense": [entry("zi ", "1.0", "amd64")],
        "empty": [entry("", "1.0", "amd64")],
        "versionless": [entry("ii ", "", "amd64")],
        "libc6": [entry("ii ", "2.36-9", "amd64"), entry("ii ", "2.31-1", "i386")],
        "libz": [entry("rc ", "1.2", "amd64"), entry("ii ", "1.3", "i386")],
        "mixed": [entry("rc ", "1.2", "amd64"), entry("iF ", "1.3", "i386"), entry("iU ", "1.3", "armhf")],
        "adduser": [entry("ii ", "3.134", "all")],
    ]

    static func missing(_ state: String) -> Told { .wrong(.missingPackage, ["state": "present"], ["state": state]) }
    static func unexpected(_ state: String) -> Told {
        .wrong(.unexpectedPackage, ["state": "absent"], ["state": state])
    }

    @Test(
        arguments: [
            ("curl", .ok), ("held", .ok), ("leaving", .ok), ("short", .ok), ("versionless", .ok),
            ("nowhere", missing("absent")), ("removed", missing("absent")), ("purged", missing("absent")),
            ("unknown", missing("absent")), ("half", missing("half-configured")), ("unpacked", missing("unpacked")),
            ("half-installed", missing("half-installed")), ("awaited", missing("triggers-awaited")),
            ("pending", .ok), ("held-pending", .ok), ("broken-pending", missing("reinst-required")),
            ("broken", missing("reinst-required")),
            ("nonsense", .unreadable(.malformedAnswer)), ("half-nonsense", .unreadable(.malformedAnswer)),
            ("empty", .unreadable(.malformedAnswer)),
            ("libc6", .ok), ("libc6:i386", .ok), ("libc6:any", .ok), ("libc6:armhf", missing("absent")),
            ("libz", .ok), ("libz:i386", .ok), ("libz:amd64", missing("absent")),
            ("mixed", missing("absent, half-configured, unpacked")), ("adduser:amd64", .ok), ("adduser:all", .ok),
        ] as [(String, Told)])
    func presenceIsJudged(name: String, told: Told) {
        #expect(
            Told(judge(.package(.init(name: name)), Facts(packages: .listed(PackageDatabase(.dpkg, Self.database)))))
                == told)
    }

    @Test(
        arguments: [
            ("nowhere", .ok), ("removed", .ok), ("purged", .ok), ("unknown", .ok), ("libz:amd64", .ok),
            ("curl", unexpected("present")), ("held", unexpected("present")), ("half", unexpected("half-configured")),
            ("libz", unexpected("present")), ("nonsense", .unreadable(.malformedAnswer)),
        ] as [(String, Told)])
    func absenceIsJudged(name: String, told: Told) {
        let wanted = PackageExpectation(name: name, state: .absent)
        #expect(Told(judge(.package(wanted), Facts(packages: .listed(PackageDatabase(.dpkg, Self.database))))) == told)
    }

    @Test(
        arguments: [
            ("curl", "7.88", .ok), ("curl", "7.88.1-10+deb12u5", .ok), ("curl", "7.88.1-10+deb12u5~", .ok),
            (
                "curl", "7.88.1-10+deb12u12",
                .wrong(.wrongVersion, ["min_version": "7.88.1-10+deb12u12"], ["version": "7.88.1-10+deb12u5"])
            ),
            (
                "curl", "1:0",
                .wrong(
                    .wrongVersion, ["min_version": "1:0"],
                    [
                        "version": "7.88.1-10+deb12u5",
                        "note": "the epoch 1: is newer than every version that begins with 0:",
                    ])
            ),
            // One architecture that is new enough is enough, unless the pack names one.
            ("libc6", "2.36", .ok),
            ("libc6", "2.40", .wrong(.wrongVersion, ["min_version": "2.40"], ["version": "2.36-9"])),
            ("libc6:i386", "2.36", .wrong(.wrongVersion, ["min_version": "2.36"], ["version": "2.31-1"])),
            // What is not installed has no version.
            (
                "removed", "0.5",
                .wrong(.missingPackage, ["state": "present", "min_version": "0.5"], ["state": "absent"])
            ),
            (
                "libz:amd64", "1.0",
                .wrong(.missingPackage, ["state": "present", "min_version": "1.0"], ["state": "absent"])
            ),
            ("versionless", "0.1", .unreadable(.malformedAnswer)),
            ("misread", "0.1", .unreadable(.malformedAnswer)), ("pending", "0.9", .ok),
            // dpkg compares it, with a warning.
            ("unversioned", "0.1", .ok),
            // dpkg has no order for these.
            ("curl", "latest", .unreadable(.notAVersion)), ("curl", "v7.88", .unreadable(.notAVersion)),
            ("curl", "7.88.1-10_amd64", .unreadable(.notAVersion)), ("curl", "1:", .unreadable(.notAVersion)),
            (
                "removed", "latest",
                .wrong(.missingPackage, ["state": "present", "min_version": "latest"], ["state": "absent"])
            ),
        ] as [(String, String, Told)])
    func minimumVersionsAreJudged(name: String, minimum: String, told: Told) {
        let wanted = PackageExpectation(name: name, minimumVersion: minimum)
        #expect(Told(judge(.package(wanted), Facts(packages: .listed(PackageDatabase(.dpkg, Self.database))))) == told)
    }

    /// With an epoch on one side alone, the order has nothing to do with the numbers that the author compared.
    @Test(arguments: [
        ("1:2.3", "5", true), ("1:2.3", "0:5", true), ("2:0", "1:9", false), ("1:2.3", "1:2", false), ("7", "5", false),
    ])
    func aMinimumThatIsTrueForEverIsRemarkedOn(installed: String, minimum: String, isRemarked: Bool) throws {
        let facts = Facts(packages: .listed(PackageDatabase(.dpkg, ["git": [Self.entry("ii ", installed, "amd64")]])))
        let pack = Pack(
            name: PackName(rawValue: "p"),
            expectations: [Expectation(.package(.init(name: "git", minimumVersion: minimum)))])
        let outcome = try #require(Comparison.judge(facts, against: pack, digest: pack.digest).outcomes.first)
        #expect(outcome.finding == .ok)
        #expect((outcome.remark?.contains("min_version needs 1: before it") ?? false) == isRemarked)
        #expect((outcome.remark == nil) == !isRemarked)
        // What is said of it is stored with the check, and what there is nothing to say of is not.
        #expect(try StoredItems(json: StoredItems([outcome]).json()).outcomes == (isRemarked ? [outcome] : []))
    }

    @Test func aMissingPackageSaysWhoProvidesIt() {
        var database = PackageDatabase(.dpkg, Self.database, providers: ["mail-transport-agent": ["postfix"]])
        var facts: Facts { Facts(packages: .listed(database)) }
        let wanted = Expectation.Subject.package(.init(name: "mail-transport-agent"))
        func missing(_ note: String) -> Told {
            .wrong(.missingPackage, ["state": "present"], ["state": "absent", "note": note])
        }
        #expect(Told(judge(wanted, facts)) == missing("provided by postfix: name the package itself"))
        database.providers["mail-transport-agent"]?.insert("exim4")
        #expect(Told(judge(wanted, facts)) == missing("provided by exim4, postfix: name the package itself"))
        // Who provides a name does not make its package installed, nor one that is installed missing.
        #expect(Told(judge(.package(.init(name: "curl")), facts)) == .ok)
    }

    /// Removing the package of that name removed nothing: another one serves in its place.
    @Test func anUnwantedPackageThatIsOnlyProvidedIsRemarkedOn() {
        func remark(_ name: String) -> String? {
            let facts = Facts(
                packages: .listed(
                    PackageDatabase(
                        .dpkg, Self.database, providers: ["mail-transport-agent": ["postfix", "exim4"]])))
            let pack = Pack(
                name: PackName(rawValue: "p"), expectations: [Expectation(.package(.init(name: name, state: .absent)))])
            let outcome = Comparison.judge(facts, against: pack, digest: pack.digest).outcomes.first
            #expect(outcome?.finding == .ok)
            return outcome?.remark
        }
        #expect(remark("mail-transport-agent") == "it is not installed itself, but provided by exim4, postfix")
        #expect(remark("awk") == nil)
    }

    @Test(
        arguments: [
            (PackageFacts.notAsked, UnreadableReason.malformedAnswer), (.unreadable(.unsupported), .unsupported),
            // A server that has dpkg has at least dpkg: an empty database proves nothing.
            (.listed(PackageDatabase(.dpkg, [:])), .malformedAnswer),
        ], Presence.allCases)
    func withoutADatabaseNothingIsProven(
        database: (PackageFacts, UnreadableReason), state: Presence
    ) {
        let wanted = PackageExpectation(name: "curl", state: state)
        #expect(Told(judge(.package(wanted), Facts(packages: database.0))) == .unreadable(database.1))
    }
}
