import TestSupport
import Testing

@testable import Redaction

@Suite struct MaskingTextTests {
    /// `§` stands for the mask.
    @Test(arguments: [
        // ini, shell, env
        ("password=hunter2", "password=§"),
        ("password = my long secret  ", "password = §  "),
        ("export DB_PASSWORD=hunter2", "export DB_PASSWORD=§"),
        ("export DB_PASSWORD='it is'", "export DB_PASSWORD='§'"),
        (#"TOKEN="a\"b" # note"#, #"TOKEN="§" # note"#),
        (#"TOKEN="abc"def"#, #"TOKEN="§"#),
        ("PGPASSWORD=x psql -h db", "PGPASSWORD=§"),
        ("AWS_SECRET_ACCESS_KEY=abc/def", "AWS_SECRET_ACCESS_KEY=§"),
        ("; password = old", "; password = §"),
        ("#password=old", "#password=§"),
        ("password==x", "password==§"),
        ("set -x; api_key=k1;user=u", "set -x; api_key=§;user=u"),
        ("Environment=DB_PASSWORD=x y", "Environment=DB_PASSWORD=§"),
        (#"Environment="A_TOKEN=x y" "B=c""#, #"Environment="A_TOKEN=§" "B=c""#),
        ("password=#hash", "password=§"),
        ("password=$ecret", "password=§"),
        // yaml, json, toml, hcl, code
        ("password: hunter2", "password: §"),
        ("  - token: abc # why", "  - token: §"),
        ("- apiKey: 'abc'", "- apiKey: '§'"),
        ("clientSecret: a'b", "clientSecret: §"),
        (#""password": "hunter2","#, #""password": "§","#),
        (#"{"user":"u","password":"p","port":5}"#, #"{"user":"u","password":"§","port":5}"#),
        (#"{"pin_token": 12345, "b": 1}"#, #"{"pin_token": §, "b": 1}"#),
        (#"{"tokens":["a","b"],"x":1}"#, #"{"tokens":[§],"x":1}"#),
        (#"{name: DB_PASSWORD, value: hunter2}"#, #"{name: DB_PASSWORD, value: §}"#),
        (#"["DB_PASSWORD=hunter2", "A=b"]"#, #"["DB_PASSWORD=§", "A=b"]"#),
        ("'secret' => 'abc',", "'secret' => '§',"),
        (#"config["api_key"] = "abc""#, #"config["api_key"] = "§""#),
        ("define('DB_PASSWORD', 'hunter2');", "define('DB_PASSWORD', '§');"),
        ("define('DB_PASSWORD','hunter2');", "define('DB_PASSWORD','§');"),
        ("define('AUTH_KEY', 'put your phrase here');", "define('AUTH_KEY', '§');"),
        ("let key = connect(password=\"x\", user=\"y\")", "let key = connect(password=\"§\", user=\"y\")"),
        ("password := x", "password := §"),
        // the connection strings of programs
        ("conninfo = 'host=db password=x y user=u'", "conninfo = 'host=db password=§ user=u'"),
        ("Server=db;Password=p w;Database=d", "Server=db;Password=§;Database=d"),
        ("url = http://h/?a=b&token=abc&c=d", "url = http://h/?a=b&token=§&c=d"),
        // URLs
        ("postgres://u:p@db/x", "postgres://u:§@db/x"),
        ("postgres://u:p@ss@db/x", "postgres://u:§@db/x"),
        ("postgres://u:p/w@db/x", "postgres://u:§@db/x"),
        ("redis://:p@db", "redis://:§@db"),
        ("https://9a0c4e51b7d26f38a9c1@host/x", "https://§@host/x"),
        // headers and command lines
        ("Authorization: Bearer abc", "Authorization: §"),
        ("curl -H 'Authorization: Basic dTpw' h", "curl -H 'Authorization: §' h"),
        ("X-Api-Key: abc", "X-Api-Key: §"),
        ("Cookie: session=1", "Cookie: §"),
        ("log: sent Bearer aB3dE6gH9 to x", "log: sent Bearer § to x"),
        ("app --password hunter2 --user u", "app --password § --user u"),
        ("app --password=hunter2 --user u", "app --password=§ --user u"),
        ("curl -u user:pass https://h/", "curl -u user:§ https://h/"),
        ("sshpass -p hunter2 ssh h", "sshpass -p § ssh h"),
        ("mysqldump -phunter2 db", "mysqldump -p§ db"),
        // a name, a space, a value
        ("requirepass foobared", "requirepass §"),
        ("  secret \"c2VjcmV0\";", "  secret \"§\";"),
        ("CREATE USER u WITH PASSWORD 'x y';", "CREATE USER u WITH PASSWORD '§';"),
        ("CREATE USER u IDENTIFIED BY 'x'", "CREATE USER u IDENTIFIED BY '§'"),
        ("ENV API_TOKEN abc def", "ENV API_TOKEN §"),
        ("fastcgi_param DB_PASSWORD x;", "fastcgi_param DB_PASSWORD §"),
        ("set -gx GITHUB_TOKEN abc", "set -gx GITHUB_TOKEN §"),
        // the passwords of accounts, as netrc, apt, haproxy, fetchmail, routers, Redis and snmpd write them
        ("machine h login u password X", "machine h login u password §"),
        ("default login u password X", "default login u password §"),
        ("# machine h login u password X", "# machine h login u password §"),
        ("  login u password X", "  login u password §"),
        ("  user t insecure-password X", "  user t insecure-password §"),
        ("  stats auth admin:X", "  stats auth admin:§"),
        (#"poll h proto imap user "u" password X is v"#, #"poll h proto imap user "u" password § is v"#),
        ("poll h proto imap user u with pass X", "poll h proto imap user u with pass §"),
        ("username bob privilege 15", "username bob privilege 15"),
        ("username bob secret 0 X", "username bob secret 0 §"),
        ("enable secret X", "enable secret §"),
        ("user default on >X ~* +@all", "user default on >§ ~* +@all"),
        (#"createUser bob SHA "X y" AES Z"#, #"createUser bob SHA "§" AES §"#),
        ("createUser bob SHA-256 X", "createUser bob SHA-256 §"),
        ("rocommunity X 10.0.0.0/8", "rocommunity § 10.0.0.0/8"),
        ("rwcommunity X", "rwcommunity §"),
        ("Pass X", "Pass §"),
        (#"pass "X y""#, #"pass "§""#),
        ("secret X # comment", "secret § # comment"),
        ("authtoken X", "authtoken §"),
        ("authkey=X", "authkey=§"),
        ("tailscale up --authkey X", "tailscale up --authkey §"),
        ("ldap_default_authtok = X", "ldap_default_authtok = §"),
        // connection strings: ODBC, ADO.NET, rsyslog
        ("Pwd=X", "Pwd=§"),
        ("PWD = X", "PWD = §"),
        ("Driver=d;Uid=root;Pwd=X;Port=1", "Driver=d;Uid=root;Pwd=§;Port=1"),
        (#"action(type="ommysql" uid="u" pwd="X")"#, #"action(type="ommysql" uid="u" pwd="§")"#),
        ("{pwd:'X'}", "{pwd:'§'}"),
        // more command lines
        ("curl -uuser:X https://h/", "curl -uuser:§ https://h/"),
        ("echo 'root:X y' | chpasswd", "echo 'root:§' | chpasswd"),
        ("echo root:X | sudo /usr/sbin/chpasswd", "echo root:§ | sudo /usr/sbin/chpasswd"),
        // elements
        ("<password>hunter2</password>", "<password>§</password>"),
        ("<add key=\"ApiSecret\" value=\"x\"/>", "<add key=\"ApiSecret\" value=\"§\"/>"),
        ("<login password=\"x\" user=\"u\"/>", "<login password=\"§\" user=\"u\"/>"),
        // names in words
        ("Your API key: abc", "Your API key: §"),
        ("Password for root: abc", "Password for root: §"),
        ("PrivateKey = aGVsbG8=", "PrivateKey = §"),
        ("wpa_passphrase=x", "wpa_passphrase=§"),
        ("//registry.npmjs.org/:_authToken=abc", "//registry.npmjs.org/:_authToken=§"),
        // shapes
        ("x xoxb-1234567890-abc y", "x § y"),
        ("x ghp_0123456789abcdef0123 y", "x § y"),
        ("id: AKIAIOSFODNN7EXAMPLE", "id: §"),
        ("https://hooks.slack.com/services/T0/B0/abc", "https://hooks.slack.com/services/§"),
        ("t eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_d e", "t § e"),
        ("root:$6$salt$0123456789abcdef:19000:0", "root:§:19000:0"),
        ("rootpw {SSHA}0123456789abcdef", "rootpw §"),
        // PEM in one line
        (
            #"key: "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----""#,
            #"key: "-----BEGIN PRIVATE KEY-----§-----END PRIVATE KEY-----""#
        ),
    ])
    func secretsInALineAreMasked(line: String, masked: String) {
        #expect(Masking.masked(line) == masked.replacing("§", with: Masking.mask))
    }

    @Test(arguments: [
        "PasswordAuthentication no", "PermitEmptyPasswords no", "PASS_MAX_DAYS 99999", "PASS_MIN_LEN=8",
        "password required pam_unix.so sha512", "password\t[success=1 default=ignore]\tpam_unix.so obscure yescrypt",
        "passwd:         files systemd", "shadow: files", "root:x:0:0:root:/root:/bin/bash", "PWD=/root",
        "token_ttl = 3600", "password_file: /run/x", "secretName: my-tls", "credential.helper=store",
        "http://host:8080/path@2", "git@github.com:me/x.git", "ssh://git@host/x", "https://example.net/a?b=c",
        "auth: true", "password: ${DB_PASSWORD}", "password = \"\"", "password:", "bypass=all", "monkey: george",
        "keyboard = us", "Basic authentication is off", "kpasswd 464/tcp", "Match Group wheel", "time: 12:30:45",
        "smtp_sasl_password_maps = hash:/etc/postfix/sasl",
        "deb https://deb.debian.org/debian bookworm main", "# The password must be long",
        "-----BEGIN CERTIFICATE-----", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ me@host", "AuthorizedKeysFile .ssh/x",
        "sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "public_key = abc",
        "Pass the butter", "let it pass", "# pass on to the next", "then pass \"x\" on", "PWD=/srv", "export PWD=~/x",
        "PWD=\"$HOME\"", "OLDPWD=/srv", "[ \"$PWD\" = \"$HOME\" ]", "HISTIGNORE='ls:cd:pwd:exit'", "alias p=pwd",
        "secret_dir = /x", "user www-data;", "user  nginx;", "user haproxy", "user default on nopass ~* &* +@all",
        "Your login and password are logged.", "Username and password are required", "users may pass the gate",
        "default via 10.0.0.1 dev eth0", "machine password policy", "proxy_pass http://127.0.0.1:8080;",
        "fastcgi_pass unix:/run/php/php-fpm.sock;", "uwsgi_pass app;", "auth_basic \"Restricted\";",
        "ldap_default_authtok_type = password", "%sudo ALL=(ALL) NOPASSWD: ALL", "stats enable", "enable on boot",
        "auth required pam_env.so", "createUser bob", "token",
        "UsePAM yes", "PermitRootLogin prohibit-password", "AuthorizedKeysCommandUser nobody",
        "AuthenticationMethods publickey,password", "ssl_certificate_key /etc/nginx/tls.key;",
        "net.ipv4.ip_forward = 1", "kernel.randomize_va_space=2", "UUID=0a3407de / ext4 defaults,noatime 0 1",
        "tmpfs /tmp tmpfs nosuid,nodev 0 0", "deploy:x:1000:1000::/home/deploy:/bin/bash",
        "Defaults passwd_tries=3", "HostKey /etc/ssh/ssh_host_rsa_key", "/dev/sda1 / ext4 errors=remount-ro 0 1",
    ])
    func ordinaryLinesStay(line: String) {
        #expect(Masking.masked(line) == line)
    }

    static let documents: [(String, String)] = [
        (
            "a\n-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n\nBBBB\n-----END OPENSSH PRIVATE KEY-----\nb",
            "a\n-----BEGIN OPENSSH PRIVATE KEY-----\n§\n\n§\n-----END OPENSSH PRIVATE KEY-----\nb"
        ),
        ("-----BEGIN RSA PRIVATE KEY-----\nAAAA\nb: c", "-----BEGIN RSA PRIVATE KEY-----\n§\nb: c"),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"
        ),
        (
            "x: 1\nTUlJRXZRSUJBREFOQmdrcQ==\nQUJD\n-----END EC PRIVATE KEY-----\ny",
            "x: 1\n§\n§\n-----END EC PRIVATE KEY-----\ny"
        ),
        (
            "PRIVATE_KEY=\"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\"\nA=b",
            "PRIVATE_KEY=\"§\n§\n-----END RSA PRIVATE KEY-----\"\nA=b"
        ),
        (
            "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nAAAA\n---- END SSH2 ENCRYPTED PRIVATE KEY ----",
            "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n§\n---- END SSH2 ENCRYPTED PRIVATE KEY ----"
        ),
        (
            "PuTTY-User-Key-File-3: ssh-rsa\nPrivate-Lines: 2\nAAAA\nBBBB\nx",
            "PuTTY-User-Key-File-3: ssh-rsa\nPrivate-Lines: 2\n§\n§\nx"
        ),
        ("password: |\n  one\n\n  two\nuser: u", "password: |\n  §\n\n  §\nuser: u"),
        ("- password: >-\n    one\n  user: u", "- password: >-\n    §\n  user: u"),
        ("password: one\n  two\nuser: u", "password: §\n  §\nuser: u"),
        ("secrets:\n  db: hunter2\n  deep:\n    er: x\nuser: u", "secrets:\n  db: §\n  deep:\n    er: §\nuser: u"),
        ("tokens:\n- abc\n- def\nuser: u", "tokens:\n- §\n- §\nuser: u"),
        (
            "{\n  \"tokens\": [\n\"abc\",\n    \"def\"\n  ],\n  \"a\": 1\n}",
            "{\n  \"tokens\": [\n§\n    §\n  ],\n  \"a\": 1\n}"
        ),
        ("SECRET=\"one\ntwo\nthree\" A=b\nB=c", "SECRET=\"§\n§\n§\" A=b\nB=c"),
        ("SECRET=\"one\nA=b", "SECRET=\"§\nA=b"),
        ("password=one\\\ntwo\nA=b", "password=§\n§\nA=b"),
        (
            "- name: A_TOKEN\n  value: x\n- name: B_TOKEN\n  value: \"y\"\n- name: C\n  value: z",
            "- name: A_TOKEN\n  value: §\n- name: B_TOKEN\n  value: \"§\"\n- name: C\n  value: z"
        ),
        ("<secret>\n  x\n</secret>\n<a>b</a>", "<secret>\n  §\n</secret>\n<a>b</a>"),
        ("password: a\r\nuser: u\r\n", "password: §\r\nuser: u\r\n"),
        ("auth:\n  enabled: true\n  user: u", "auth:\n  enabled: true\n  user: u"),
    ]

    @Test(arguments: documents)
    func secretsThatSpanLinesAreMaskedLineByLine(text: String, masked: String) {
        #expect(Masking.masked(text) == masked.replacing("§", with: Masking.mask))
    }

    @Test func linesKeepTheirNumbers() {
        var generator = SeededGenerator(seed: 0x3A5C)
        let pieces = [
            "password", ":", "=", " ", "\n", "\"", "'", "{", "}", "[", "]", "|", "-----BEGIN X PRIVATE KEY-----", "é",
            "-----END X PRIVATE KEY-----", "token", "://", "@", "\\", "<secret>", "</", "eyJ", "$6$", "\r", "\u{0}",
            "-",
        ]
        for _ in 0..<3000 {
            let text = (0..<Int.random(in: 0...30, using: &generator))
                .compactMap { _ in pieces.randomElement(using: &generator) }.joined()
            let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).count
            #expect(MaskedText(Array(text.utf8)).count == lines - (text.isEmpty || text.utf8.last == 10 ? 1 : 0))
        }
    }

    /// What an attacker would put into a file to keep a worker busy.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "a://", "eyJ", "eyJ-", "password=\"", "password='x", "<secret", "token=[", "{\"a\":", "- ", "----", "=:",
            "\"'",
            "password=\"'\n", "Bearer ", "ghp_", "$6$", "((\"token\",", "\\", "password=x\n  ", "'", "-----BEGIN ",
            "a=", " ", "\n", "pass x ", "auth=", "cookie: a", "<secret>", "K10", "\"kty\"\"d\":", "password \"",
            "1:AA", "u:p@", "password:\n", "${PASSWORD:-", "curl -u ", "\u{200B}token=", "kind: Secret\n",
            "<password>\n",
            "secrets {\n", "[x]:1 a:b\n",
        ])
    func hostileTextIsMaskedInTime(piece: String) {
        let text = String(repeating: piece, count: 64 * 1024 / piece.utf8.count)
        #expect(!Masking.masked(text).isEmpty)
    }

    /// Twice the text takes about twice the time, whatever is in it; 64 times the text must not take 4096 times.
    @Test(arguments: ["a=", "ghp_", "auth=x", " pass", "password=\"", "K10::", "=:", "(\"token\",\"", "eyJ-"])
    func timeGrowsWithTheText(piece: String) {
        func time(_ count: Int) -> Duration {
            let bytes = Array((String(repeating: " ", count: count) + String(repeating: piece, count: count)).utf8)
            return ContinuousClock().measure { _ = MaskedText(bytes) }
        }
        let short = (0..<5).map { _ in time(500) }.min() ?? .zero
        #expect(time(32_000) < short * 640 + .milliseconds(50))
    }
}
