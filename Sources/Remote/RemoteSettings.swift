import DriftCore

/// How this worker reaches servers.
package struct RemoteSettings: Hashable, Sendable {
    /// What one session may take; on any breach its processes are killed.
    package struct Budgets: Hashable, Sendable {
        /// Until the server's port answers, as ssh counts it; whole seconds.
        package var connect: Duration
        /// From the start until the server has let us in.
        package var login: Duration
        /// From there to the end.
        package var probe: Duration
        package var answerBytes: Int

        package init(
            connect: Duration = .seconds(5), login: Duration = .seconds(10), probe: Duration = .seconds(30),
            answerBytes: Int = 4 << 20
        ) {
            self.connect = connect
            self.login = login
            self.probe = probe
            self.answerBytes = answerBytes
        }
    }

    /// An ssh config in place of the user's own and the system's.
    package var sshConfig: String?
    /// A `known_hosts` in place of the user's own and the system's.
    package var knownHosts: String?
    /// The key to be offered first.
    ///
    /// None of an agent's follows; those of the ssh config's `IdentityFile` lines do, as ssh adds them to this one.
    package var identity: String?
    package var budgets: Budgets
    /// How many logins at one address may run at once, so that its sshd does not drop them.
    package var loginsPerAddress: Int
    /// A name that is looked up in `PATH`, or a path.
    package var sshExecutable: String

    package init(
        sshConfig: String? = nil, knownHosts: String? = nil, identity: String? = nil, budgets: Budgets = Budgets(),
        loginsPerAddress: Int = 8, sshExecutable: String = "ssh"
    ) {
        self.sshConfig = sshConfig
        self.knownHosts = knownHosts
        self.identity = identity
        self.budgets = budgets
        self.loginsPerAddress = loginsPerAddress
        self.sshExecutable = sshExecutable
    }
}
