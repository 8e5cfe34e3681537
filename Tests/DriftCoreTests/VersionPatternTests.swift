import DriftCore
import Testing

@Suite struct VersionPatternTests {
    @Test(arguments: [
        ("1.22.*", "1.22.1-9+deb12u1"), ("1.22.1", "1.22.1-9+deb12u1"), ("1.22.1-9+deb12u1", "1.22.1-9+deb12u1"),
        ("1.22.1-9*", "1.22.1-9+deb12u1"), ("*deb12u1", "1.22.1-9+deb12u1"), ("*", "1.22.1-9+deb12u1"),
        ("1.*.1", "1.22.1-9"),
        ("2.39.2", "1:2.39.2-1"), ("1:2.39.*", "1:2.39.2-1"), ("01:2.39.*", "1:2.39.2-1"), ("0:7.88", "7.88-1"),
        ("1.2*3*4", "1.23334"), ("1**2", "1.2"), ("1.2-3", "1.2-3-4"),
    ])
    func itFits(pattern: String, version: String) {
        #expect(VersionPattern(pattern).fits(DebianVersion(version)), "\(pattern) \(version)")
    }

    @Test(arguments: [
        ("1.22.*", "1.23.0-1"), ("1.22.*", "1.22-1"), ("1.22", "1.22.1-9"), ("22.1", "1.22.1"),
        ("1.22.1-9", "1.22.1-9+deb12u1"),
        ("0:2.39.*", "1:2.39.2-1"), ("2:2.39.*", "1:2.39.2-1"), ("1:7.88", "7.88-1"), ("1.2*2", "1.2"), ("1.0", "1.00"),
        ("1.2*3*4", "1.24"), ("1.2*3*4", "1.243"), ("1.?2", "1.22"), ("", "1.0"), ("1.2", "1.2-3-4"),
    ])
    func itDoesNotFit(pattern: String, version: String) {
        #expect(!VersionPattern(pattern).fits(DebianVersion(version)), "\(pattern) \(version)")
    }

    @Test func eachManagersRevisionMayBeLeftOut() {
        #expect(VersionPattern("5.14.0").fits(RPMVersion("5.14.0-362.8.1.el9_3")))
        #expect(VersionPattern("5.14.0-362.*").fits(RPMVersion("5.14.0-362.8.1.el9_3")))
        #expect(VersionPattern("1.0_rc1").fits(APKVersion("1.0_rc1-r3")))
        #expect(VersionPattern("1.0_rc1-r*").fits(APKVersion("1.0_rc1-r3")))
        #expect(VersionPattern("1:4.*").fits(PacmanVersion("1:4.2.1-1")))
        #expect(!VersionPattern("4.2.1").fits(PacmanVersion("1:4.2-1")))
    }

    /// A search that began again at each sign would take hours here.
    @Test func aLongVersionTakesNoLongerThanItsLength() {
        let version = RPMVersion("1." + String(repeating: "a", count: 200_000))
        #expect(!VersionPattern("1.*ab*ab*ab*ab*ab*").fits(version))
        #expect(VersionPattern("1.*aa*aa*aa*aa*").fits(version))
    }
}
