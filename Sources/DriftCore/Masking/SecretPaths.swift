extension Masking {
    /// Whether the content of `path` may leave the server.
    ///
    /// False for files that exist to hold secrets: their hash is compared, but neither their text nor their hash is
    /// ever shown, as the hash of a short secret can be guessed. `path` is as packs write it, absolute or beginning
    /// with `~/`. Spelling does not help anyone around it: case, doubled slashes, `..` and the suffixes of backup
    /// copies are looked through.
    package static func mayReadContent(of path: String) -> Bool {
        let components = normalizedComponents(of: path)
        guard let last = components.last else { return false }
        let folders = components.dropLast()
        if path.hasPrefix("/") && folders.first == "proc" { return false }
        if folders.contains(where: SecretPaths.folders.contains) { return false }
        for name in SecretPaths.namesBehindBackup(last) {
            if SecretPaths.isSecret(name: name, in: Array(folders)) { return false }
        }
        return true
    }

    /// The same for what was found there: neither a link nor a linked folder makes a secret harmless.
    package static func mayReadContent(of path: String, at entry: FileEntry) -> Bool {
        guard mayReadContent(of: path) else { return false }
        if let target = entry.link?.target {
            guard mayReadContent(of: target.hasPrefix("/") ? target : path + "/../" + target) else { return false }
        }
        switch entry.realPath {
        case .asAsked: return true
        case .elsewhere(let realPath): return mayReadContent(of: realPath)
        case .unknown: return false
        }
    }

    private static func normalizedComponents(of path: String) -> [String] {
        var components: [String] = []
        for component in path.split(separator: "/") where component != "." {
            if component == ".." {
                _ = components.popLast()
            } else {
                components.append(component.lowercased())
            }
        }
        return components
    }
}

/// Which paths hold secrets, in lower case.
private enum SecretPaths {
    /// Nothing below these is shown.
    static let folders: Set<String> = [
        "private", "private-keys-v1.d", "secrets", ".secrets", "credstore", "credstore.encrypted", "credentials",
        ".password-store", "gcloud", ".azure", "system-connections", "legacy_credentials", "auth.conf.d",
    ]

    static let names: Set<String> = [
        "shadow", "gshadow", "opasswd", "master.passwd", "smbpasswd", "passwd.client", "passdb.tdb", "secrets.tdb",
        ".pgpass", "pgpass", "pgpass.conf", ".netrc", "_netrc", "netrc", ".authinfo", ".my.cnf", ".mylogin.cnf",
        "debian.cnf", ".htpasswd", "htpasswd", ".htdigest", ".git-credentials", ".smbcredentials", ".erlang.cookie",
        ".dockercfg", "kubeconfig", ".vault-token", ".vault_pass", "vault_pass", ".s3cfg", ".boto", "rclone.conf",
        "identity", "secring.gpg", "credentials", "credentials.json", "credentials.db", "secrets", "secrets.json",
        "secrets.yaml", "secrets.yml", "secrets.env", "terraform.tfstate", "chap-secrets", "pap-secrets",
        "ipsec.secrets", "environ", "kcore", "userlist.txt", "credentials.tfrc.json",
        "application_default_credentials.json", "accesstokens.json", "unattend.xml", "vault.yml", "vault.yaml",
        "auth.conf", "sssd.conf", "snmpd.conf", "snmptrapd.conf", ".mbsyncrc", "mbsyncrc", ".fetchmailrc",
        "fetchmailrc",
        ".msmtprc", "msmtprc", ".curlrc",
    ]

    static let prefixes = [
        "sasl_passwd", "krb5cc_", "ssh_host_", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "msal_token_cache",
    ]

    static let suffixes = [
        ".key", ".keys", ".keytab", ".ppk", ".p12", ".pfx", ".jks", ".keystore", ".kdb", ".kdbx", ".pk8", ".kubeconfig",
        ".tfstate", ".ovpn", ".secret", ".secrets", ".cred", ".creds", ".credentials", ".htpasswd", "_history",
        ".passphrase", ".pass", ".token", ".netrc",
    ]

    /// Names that hold secrets only in one folder.
    static let inFolder: Set<[String]> = [
        [".docker", "config.json"], [".kube", "config"], ["gh", "hosts.yml"], ["k3s", "k3s.yaml"],
        ["rke2", "rke2.yaml"], ["kubernetes", "admin.conf"], ["kubernetes", "super-admin.conf"],
        ["kubernetes", "kubelet.conf"], ["kubernetes", "scheduler.conf"], ["kubernetes", "controller-manager.conf"],
        [".vnc", "passwd"], ["mosquitto", "passwd"], ["squid", "passwd"], ["squid", "passwords"],
        ["munge", "munge.key"], [".containers", "auth.json"], ["containers", "auth.json"],
    ]

    /// What is no secret in a `.ssh` folder; all else there may be a key under any name.
    static let publicInSSH: Set<String> = [
        "config", "known_hosts", "known_hosts2", "authorized_keys", "authorized_keys2", "environment", "rc",
        "allowed_signers",
    ]

    /// What is no secret although it is a `.pem`.
    static let publicPEM: Set<String> = ["cert.pem", "chain.pem", "fullchain.pem", "ca.pem", "cacert.pem"]

    static func isSecret(name: String, in folders: [String]) -> Bool {
        let isPublicKey = name.hasSuffix(".pub")
        if names.contains(name) || suffixes.contains(where: name.hasSuffix) { return true }
        if prefixes.contains(where: name.hasPrefix) && !isPublicKey && !name.contains(".conf") { return true }
        if name.hasSuffix(".pem") && !publicPEM.contains(name) && folders.last != "certs" { return true }
        if folders.contains(".ssh") && !isPublicKey && !publicInSSH.contains(name) && !folders.contains("config.d") {
            return true
        }
        return folders.last.map { inFolder.contains([$0, name]) } ?? false
    }

    /// `name`, and what it is a backup of: `shadow-`, `id_rsa.bak`, `server.key.dpkg-old`, `.pgpass.swp`.
    static func namesBehindBackup(_ name: String) -> [String] {
        var found = [name]
        var rest = name
        while let shorter = withoutBackupSuffix(rest), !shorter.isEmpty {
            rest = shorter
            found.append(rest)
            // An editor's swap file is hidden: `.shadow.swp`.
            if rest.hasPrefix(".") { found.append(String(rest.dropFirst())) }
        }
        return found
    }

    private static func withoutBackupSuffix(_ name: String) -> String? {
        if let last = name.last, "~-#".contains(last) { return String(name.dropLast()) }
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return nil }
        let suffix = name[name.index(after: dot)...]
        let isBackup =
            [
                "bak", "backup", "old", "orig", "save", "saved", "swp", "swo", "tmp", "new", "copy", "disabled",
                "rpmsave",
                "rpmnew", "rpmorig",
            ].contains(suffix)
            || suffix.hasPrefix("dpkg-") || suffix.hasPrefix("ucf-") || suffix.hasPrefix("bak")
            || (!suffix.isEmpty && suffix.allSatisfy { $0.isNumber || $0 == "-" || $0 == "_" })
        return isBackup ? String(name[..<dot]) : nil
    }
}
