/// The words that masking uses.
enum Vocabulary {
    static let clues: [(word: [UInt8], clue: Clue)] = {
        let lists: [(String, Clue)] = [
            (names, .name), (parts, .part), ("-----begin -----end ----$begin ----$end", .armour), ("://", .url),
            ("@", .at), (hashes, .hash), (addresses, .address), ("bearer$ basic$", .scheme), (verbs, .verb),
            (documents, .document), ("</", .closing),
        ]
        var clues: [(word: [UInt8], clue: Clue)] = []
        for (list, clue) in lists {
            for word in list.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
                // A dollar stands for a blank, but in hashes.
                let bytes = word.utf8.map { $0 == UInt8(ascii: "$") && clue != .hash ? 0x20 : $0.folded }
                clues.append((word: bytes, clue: clue))
            }
        }
        for (prefix, _) in tokens { clues.append((word: prefix.utf8.map(\.folded), clue: .token)) }
        for bytes in disguises { clues.append((word: bytes, clue: .disguise)) }
        return clues
    }()

    /// How invisible and full-width characters begin in UTF-8.
    private static let disguises: [[UInt8]] = [
        [0xE2, 0x80], [0xE2, 0x81], [0xEF, 0xBB, 0xBF], [0xEF, 0xBC], [0xEF, 0xBD], [0xC2, 0xAD], [0xC2, 0xA0],
    ]

    /// A name with one of these is examined.
    private static let names = """
        pass pwd pw psk key auth cookie salt cred bearer community wort woord clave senha heslo haslo geslo parola \
        passe losen encrypt exponent prime1 prime2 coefficient seed otp jwt sig= sig: pin= pin: private _pin data
        """

    /// A name with one of these announces a secret, also if it is joined to other words.
    static let parts = """
        password passwd passphrase passcode passwort kennwort wachtwoord contrase secret token apikey privatekey \
        accesskey credential sharedkey signingkey encryptionkey secretkey authkey masterkey authtok presharedkey \
        bindpw rootpw masterauth requirepass adminpass userpass dbpass privateexponent storepass
        """

    /// Directives and programs that take a secret without a name before it.
    private static let verbs = """
        curl wget mysql mariadb sshpass redis-cli ldap smbclient rpcclient docker$login podman$login mongo htpasswd \
        openssl zip$ 7z$ 7za$ ipmitool snmp nsupdate setcookie createuser com2sec trap2sink trapsink monitor$ authinfo \
        client_send stats$auth identified$by on$> ~*$> chpasswd user= \
        username= login= message-digest sqlplus lftp rdesktop \
        freerdp winexe mosquitto_ mysqli pdo( new$pdo sqlcmd influx az$login kinit ansible_ vault$kv \
        \\passwd -stdin
        """

    private static let documents = """
        private-key-format "kty" ansible_vault; private-lines: kind: "kind"
        """

    static let addresses = """
        hooks.slack.com/services/ hooks.slack.com/workflows/ hooks.slack.com/triggers/ discord.com/api/webhooks/ \
        discordapp.com/api/webhooks/ api.telegram.org/bot hooks.slack-gov.com/services/ outlook.office.com/webhook/ \
        webhook.office.com/webhookb2/ hooks.zapier.com/hooks/catch/ maker.ifttt.com/trigger/ hc-ping.com/ \
        events.pagerduty.com/integration/ chat.googleapis.com/v1/spaces/
        """

    /// The prefixes of password hashes of crypt(3), LDAP, Django and others.
    static let hashes = """
        $1$ $2a$ $2b$ $2x$ $2y$ $5$ $6$ $7$ $y$ $gy$ $sha1$ $apr1$ $argon2 $scrypt$ $pbkdf2  {ssha {sha} {sha256 \
        {sha512 {sha- {smd5} {md5} {crypt} {argon2 {pbkdf2 {blf-crypt} {plain} {plain-md5} {cleartext} {cram-md5} \
        {digest-md5} {sha512-crypt} {md5-crypt} {sha256-crypt} {lanman} {nt} {scram grub.pbkdf2. pbkdf2_sha256$ \
        bcrypt_sha256$ scram-sha-256$ enc[ pbkdf2: scrypt:
        """

    /// How the tokens of well-known services begin, and how many characters at least follow.
    static let tokens: [(prefix: String, least: Int)] = [
        ("xoxa-", 8), ("xoxb-", 8), ("xoxc-", 8), ("xoxd-", 8), ("xoxe-", 8), ("xoxe.", 8), ("xoxo-", 8), ("xoxp-", 8),
        ("xoxr-", 8), ("xoxs-", 8), ("xapp-", 8), ("xwfp-", 8), ("ghp_", 16), ("gho_", 16), ("ghu_", 16), ("ghs_", 16),
        ("ghr_", 16), ("github_pat_", 16), ("glpat-", 12), ("gldt-", 12), ("glrt-", 12), ("glptt-", 12),
        ("glcbt-", 12), ("glagent-", 12), ("glsoat-", 12), ("glft-", 12), ("glimt-", 12), ("gloas-", 12), ("AKIA", 16),
        ("ASIA", 16), ("ABIA", 16), ("ACCA", 16), ("AIza", 30), ("ya29.", 16), ("GOCSPX-", 16), ("1//0", 24),
        ("sk_live_", 8), ("sk_test_", 8), ("rk_live_", 8), ("rk_test_", 8), ("whsec_", 16), ("sk-ant-", 16),
        ("sk-proj-", 16), ("sk-svcacct-", 16), ("sk-or-", 16), ("sk-", 32), ("npm_", 30), ("pypi-AgE", 16),
        ("dop_v1_", 16), ("doo_v1_", 16), ("dor_v1_", 16), ("hvs.", 16), ("hvb.", 16), ("hvr.", 16), ("SG.", 20),
        ("AGE-SECRET-KEY-1", 16), ("AGE-PLUGIN-", 32), ("shpat_", 16), ("shpss_", 16), ("shpca_", 16), ("shppa_", 16),
        ("glsa_", 16), ("glc_", 24), ("lin_api_", 16), ("ATATT", 20), ("ATBB", 16), ("ATCTT", 20), ("dckr_pat_", 12),
        ("dckr_oat_", 12), ("tskey-", 12), ("hf_", 24), ("PMAK-", 20), ("dapi", 32), ("NRAK-", 16), ("NRJS-", 16),
        ("NRII-", 16), ("xkeysib-", 16), ("xsmtpsib-", 16), ("sbp_", 16), ("sb_secret_", 12), ("rdme_", 32),
        ("dp.st.", 16), ("dp.pt.", 16), ("dp.ct.", 16), ("ntn_", 24), ("figd_", 24), ("phx_", 24), ("r8_", 32),
        ("gsk_", 32), ("pul-", 32), ("nvapi-", 32), ("sntrys_", 24), ("sntryu_", 24), ("fo1_", 24), ("fm2_", 24),
        ("sq0csp-", 16), ("sq0atp-", 16), ("EAAC", 60), ("access_token$production$", 16), ("amzn.mws.", 24),
        ("BKUA_", 24), ("CFPAT-", 24), ("pscale_tkn_", 16), ("pscale_pw_", 16), ("rubygems_", 24), ("vault:v1:", 16),
        ("zpka_", 24), ("eyJ", 20), ("LS0tLS1CRUdJTi", 8), ("K10", 12), (":AA", 25),
    ]
}
