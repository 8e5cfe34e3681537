/// A loopback port with a server that is not sshd, run by the machine's `perl`.
package final class SocketServer: Sendable {
    package enum Behaviour: String, Sendable {
        /// Accepts and never says a word.
        case silent = "push @held, $client;"
        /// Accepts and closes.
        case closing = "close $client;"
        /// Refuses as sshd does an address that it penalizes.
        case penalizing = #"print $client "Not allowed at this time\r\n"; close $client;"#
        /// Sends without end.
        case flooding = "1 while print $client 'x' x 65536;"
    }

    package let port: Int
    private let process: ChildProcess

    package init(_ behaviour: Behaviour) async throws {
        let script = """
            use IO::Socket::INET; $| = 1; $SIG{PIPE} = 'IGNORE'; my @held;
            my $server = IO::Socket::INET->new(Listen => 50, LocalAddr => '127.0.0.1') or die;
            print STDERR 'port ', $server->sockport, "\\n";
            while (my $client = $server->accept) { \(behaviour.rawValue) }
            """
        process = try await ChildProcess(["/usr/bin/perl", "-e", script])
        let said = await process.line(with: "port ")?.split(separator: " ").last
        guard let said, let port = Int(said) else { throw TestServerError(description: "perl does not listen") }
        self.port = port
    }

    package func stop() async { await process.end() }
}
