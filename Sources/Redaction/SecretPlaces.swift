/// Where files stand that exist to hold secrets: no text of them is ever shown, only that they differ.
///
/// One list for the worker and for the probe, whose shell asks it in the same way: the path as it is, then with one
/// backup suffix taken off, at most ``backupDepth`` times; the first of these that ``exceptions`` or ``patterns`` knows
/// decides, and exceptions are asked first. Each pattern is one of a shell's `case`, in which only `*` is special: it
/// stands for any bytes, `/` among them.
package enum SecretPlaces {
    /// Whether the absolute `path` is a place of secrets.
    package static func contains(_ path: some Collection<UInt8>) -> Bool {
        var rest = Array(path)[...]
        for _ in 0...backupDepth {
            if harmless.match(rest) { return false }
            if secret.match(rest) { return true }
            guard let suffix = backupEndings.first(where: { rest.count > $0.count && rest.suffix($0.count) == $0[...] })
            else { return false }
            rest = rest.dropLast(suffix.count)
        }
        return false
    }

    /// How many suffixes are taken off at most, so that a hostile name costs no time.
    package static let backupDepth = 4

    /// What a path may end with that is a copy of a secret; the first that fits is taken off.
    package static let backupSuffixes = [
        "-", "~", "#", ".bak", ".backup", ".old", ".orig", ".save", ".saved", ".swp", ".swo", ".tmp", ".new", ".copy",
        ".disabled", ".dpkg-old", ".dpkg-dist", ".dpkg-new", ".dpkg-tmp", ".dpkg-bak", ".ucf-old", ".ucf-dist",
        ".ucf-new", ".rpmsave", ".rpmnew", ".rpmorig", ".pacsave", ".pacnew", ".0", ".1", ".2", ".3", ".4", ".5", ".6",
        ".7", ".8", ".9",
    ]

    /// What is harmless although a pattern fits.
    package static let exceptions = [
        "*/.ssh/*.pub", "*/.ssh/config", "*/.ssh/known_hosts", "*/.ssh/known_hosts2", "*/.ssh/authorized_keys",
        "*/.ssh/authorized_keys2", "*/.ssh/environment", "*/.ssh/rc", "*/.ssh/allowed_signers",
        "*/.ssh/config.d/*.conf",
        "*/ssh_host_*.pub", "*/id_rsa*.pub", "*/id_dsa*.pub", "*/id_ecdsa*.pub", "*/id_ed25519*.pub", "*.pub.key",
        "*/cert.pem", "*/chain.pem", "*/fullchain.pem", "*/ca.pem", "*/cacert.pem", "*/ca-cert.pem", "*/ca-bundle.pem",
        "*/certs/*.pem", "*/ca-certificates/*.pem", "*/pam.d/*", "*/public.key", "*/public_key.pem", "*/pubkey.pem",
        "*/trusted.gpg.d/*", "/etc/apt/keyrings/*", "*/root.key", "*/trusted-key.key", "*/bind.keys", "/usr/share/*",
        "/usr/lib/*", "/usr/include/*",
    ]

    package static let patterns = accounts + keys + clients + services + clouds + names

    /// What the system knows of its accounts, and of itself.
    private static let accounts = [
        "*/shadow", "*/shadow.*", "*/.shadow", "*/gshadow", "*/gshadow.*", "*/.gshadow", "*/opasswd", "*/master.passwd",
        "*/smbpasswd", "*/passdb.tdb", "*/secrets.tdb", "/proc/*", "*/proc/kcore", "*/systemd/credential.secret",
        "*/credstore/*", "*/credstore.encrypted/*", "*_history", "*/.lesshst", "*/cloud/instance/user-data*",
        "*/cloud/instances/*/user-data*", "*/preseed.cfg", "*/cdebconf/passwords.dat", "*/debconf/passwords.dat",
        "*/unattend.xml", "*/autounattend.xml", "*/anaconda-ks.cfg",
    ]

    /// Private keys, and stores of them.
    private static let keys = [
        "*/.ssh/*", "*/ssh_host_*", "*/id_rsa*", "*/id_dsa*", "*/id_ecdsa*", "*/id_ed25519*", "*/identity", "*.pem",
        "*.key", "*.keys", "*.ppk", "*.p12", "*.pfx", "*.pk8", "*.jks", "*.jceks", "*.keystore", "*.kdb", "*.kdbx",
        "*/ssl/private/*", "*/tls/private/*", "*/pki/private/*", "*/private-keys-v1.d/*", "*/secring.gpg", "*/privkey*",
        "*/letsencrypt/accounts/*", "*/private_key*.json", "*/private.asc", "*/.gnupg/*.gpg", "*/.age/*", "*/age/keys*",
        "*/sops/*.txt", "*.agekey", "*.keytab", "*/krb5cc_*", "*/krb5kdc/*", "*/stash", "*/.k5login.key",
        "*/wireguard/*", "*.wg.conf", "*/wg*.conf", "*/systemd/network/*.netdev", "*/munge.key", "*.ovpn",
        "*/ipsec.secrets", "*/ipsec.d/private/*", "*/swanctl/private/*", "*/swanctl/rsa/*", "*/swanctl/ecdsa/*",
        "*/racoon/psk.txt", "*/psk.txt", "*/tinc/*/rsa_key.priv", "*/tinc/*/ed25519_key.priv", "*.priv", "*.private",
        "*/dkimkeys/*", "*/opendkim/keys/*", "*/dnssec-keys/K*", "*/tor/keys/*", "*/hs_ed25519_secret_key",
        "*/nebula/*.key", "*/tailscaled.state", "*/zerotier-one/identity.secret", "*/corosync/authkey",
        "*/luks-keys/*", "*/cryptsetup-keys.d/*", "*/crypttab.d/*", "*/keyfile", "*.luks",
    ]

    /// What programs keep for one person, mostly below a home.
    private static let clients = [
        "*/.pgpass", "*/pgpass", "*/pgpass.conf", "*/.netrc", "*/_netrc", "*/netrc", "*.netrc", "*/.authinfo",
        "*/.my.cnf", "*/.mylogin.cnf", "*/.mysql_secret", "*/.git-credentials", "*/git/credentials",
        "*/.smbcredentials",
        "*/.smb", "*/.smbcreds", "*/.cifs*", "*/.credentials", "*/.creds", "*/.dockercfg", "*/.docker/config.json",
        "*/containers/auth.json", "*/.kube/config*", "*/kubeconfig", "*.kubeconfig", "*/kubeconfig.*", "*/gh/hosts.yml",
        "*/glab-cli/config.yml", "*/hub", "*/.npmrc", "*/.yarnrc*", "*/.pypirc", "*/.gem/credentials",
        "*/.m2/settings*",
        "*/gradle.properties", "*/.cargo/credentials*", "*/.composer/auth.json", "*/composer/auth.json", "*/.condarc",
        "*/.s3cfg", "*/.boto", "*/rclone.conf", "*/.rclone.conf", "*/.vault-token", "*/.vault_pass*", "*/vault_pass*",
        "*/.erlang.cookie", "*/.curlrc", "*/.wgetrc", "*/.msmtprc", "*/msmtprc", "*/.mbsyncrc", "*/mbsyncrc",
        "*/.fetchmailrc", "*/fetchmailrc", "*/.offlineimaprc", "*/.muttrc", "*/.mutt/*", "*/.esmtprc", "*/.vnc/passwd",
        "*/.password-store/*", "*/.local/share/keyrings/*", "*/.terraformrc", "*/credentials.tfrc.json", "*/.irssi/*",
        "*/.weechat/sec.conf", "*/filezilla/*.xml", "*/remmina/*", "*/.pgpass.*", "*/.rediscli_auth", "*/.dbshell",
        "*/.databrickscfg", "*/.snowsql/config", "*/.ansible/vault*", "*/.chef/*.pem", "*/.bundle/config", "*/.env",
        "*/.env.*", "*.env.local", "*.env.production",
    ]

    /// What services keep for themselves.
    private static let services = [
        "*/NetworkManager/system-connections/*", "*/netplan/*.yaml", "*.nmconnection", "*/wpa_supplicant*.conf",
        "*/iwd/*.psk", "*/iwd/*.8021x", "*/hostapd.wpa_psk", "*/chap-secrets", "*/pap-secrets", "*/sasl_passwd*",
        "*/smtp_auth*", "*/sasldb2", "*/passwd.client", "*/exim4/passwd*", "*/dovecot/users", "*/dovecot/passwd*",
        "*/dovecot-sql.conf*", "*/dovecot-ldap.conf*", "*/mail/authinfo*", "*/authinfo*", "*/auth.conf",
        "*/auth.conf.d/*", "*/sssd.conf", "*/sssd/conf.d/*", "*/nslcd.conf", "*/ldap.secret", "*/pam_ldap.secret",
        "*/libnss-ldap.secret", "*/debian.cnf", "*/snmpd.conf", "*/snmpd.local.conf", "*/snmptrapd.conf",
        "*/lib/snmp/*.conf", "*/rndc.key",
        "*/chrony.keys", "*/ntp.keys", "*/htpasswd*", "*/.htpasswd*", "*.htpasswd", "*/htdigest*", "*/.htdigest*",
        "*.htdigest", "*/mosquitto/passwd*", "*/mosquitto/pwfile", "*/squid/passwd*", "*/squid/passwords",
        "*/userlist.txt", "*/pgbouncer/*.txt", "*/rsyncd.scrt", "*/rsyncd.secrets", "*/rabbitmq/definitions.json",
        "*/bacula/*passwords*", "*/openvpn/*.pass", "*/openvpn/*auth.txt", "*/freeradius/*/clients.conf",
        "*/raddb/clients.conf", "*/freeradius/*/users", "*/freeradius/*/authorize", "*/grub.d/*password*",
        "*/grub/user.cfg", "*/upsd.users", "*/ipmitool/*", "*/asterisk/pjsip*.conf", "*/asterisk/sip*.conf",
        "*/asterisk/manager.conf", "*/wp-config.php", "*/settings.local.php", "*/database.yml", "*/master.key",
        "*/config/credentials*", "*/LocalSettings.php", "*/tomcat-users.xml", "*/jenkins/secrets/*",
        "*/jenkins/credentials.xml", "*/gitlab-secrets.json", "*/gitlab-runner/config.toml", "*/grafana.db",
        "*/pillar/*secret*", "*/group_vars/*vault*", "*/host_vars/*vault*", "*/vault.yml", "*/vault.yaml", "*/unseal*",
    ]

    /// Clusters and clouds.
    private static let clouds = [
        "*/kubernetes/admin.conf", "*/kubernetes/super-admin.conf", "*/kubernetes/kubelet.conf",
        "*/kubernetes/scheduler.conf", "*/kubernetes/controller-manager.conf", "*/kubernetes/bootstrap-kubelet.conf",
        "*/k3s.yaml", "*/rke2.yaml", "*/node-token", "*/agent-token", "*/serviceaccount/token", "*/.aws/credentials",
        "*/.aws/sso/*", "*/.aws/cli/cache/*", "*/.azure/*", "*/gcloud/*", "*/application_default_credentials.json",
        "*/service-account*.json", "*/service_account*.json", "*/serviceaccount*.json", "*/legacy_credentials/*",
        "*/.config/doctl/*", "*/.oci/*", "*/.linode-cli", "*/.hcloud/*", "*/hcloud/cli.toml", "*/.cloudflared/*",
        "*/.fly/config.yml", "*/msal_token_cache*", "*/accessTokens.json", "*.tfstate", "*.tfstate.backup",
        "*.tfvars", "*.tfvars.json", "*/pulumi/credentials.json", "*/nomad/secrets/*",
    ]

    /// Names that say it.
    private static let names = [
        "*/secrets/*", "*/.secrets/*", "*/secret/*", "*/credentials/*", "*/private/*", "*/secrets", "*/.secrets",
        "*/secret", "*/.secret", "*/secrets.*", "*/secret.*", "*.secret", "*.secrets", "*_secret", "*-secret",
        "*_secrets", "*-secrets", "*_secret.txt", "*/credentials", "*/credentials.*", "*.credentials", "*.credential",
        "*_credentials", "*-credentials", "*.cred", "*.creds", "*/creds", "*_creds", "*-creds", "*/token", "*.token",
        "*_token", "*-token", "*/tokens", "*_tokens", "*-tokens", "*.tokens", "*/password", "*/passwords", "*.password",
        "*.passwords", "*_password", "*-password", "*_passwords", "*-passwords", "*/password.*", "*/passwords.*",
        "*_password.*", "*-password.txt", "*.passwd", "*_passwd", "*-passwd", "*/passphrase", "*.passphrase",
        "*_passphrase", "*-passphrase", "*.pass", "*_pass", "*-pass", "*/pass", "*/pass.txt", "*.pwd", "*_pw", "*-pw",
        "*/apikey", "*/api_key", "*/api-key", "*_apikey", "*_api_key", "*-api-key", "*.apikey", "*/private_key",
        "*/private-key", "*_private_key", "*-private-key", "*/secret_key", "*_secret_key", "*/secret-key",
        "*-secret-key", "*/encryption_key", "*_encryption_key", "*/signing_key", "*_signing_key", "*/authkey",
        "*/auth_key", "*_authkey", "*/psk", "*.psk", "*_psk", "*/cookie_secret", "*/jwt_secret*",
    ]

    private static let harmless = ShellPatterns(exceptions)
    private static let secret = ShellPatterns(patterns)
    private static let backupEndings = backupSuffixes.map { Array($0.utf8) }
}
