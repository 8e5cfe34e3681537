import DriftCore
import Redaction
import Testing

@Suite struct MaskingPathTests {
    @Test(arguments: [
        "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/security/opasswd", "/etc/shadow.bak", "/etc/shadow~",
        "/etc/.shadow.swp", "/etc//shadow", "/etc/./shadow", "/etc/ssh/../shadow", "/etc/shadow/",
        "/etc/shadow.2024-01-01", "/etc/ssh/ssh_host_rsa_key", "/etc/ssh/ssh_host_ed25519_key.dpkg-old",
        "~/.ssh/id_rsa", "/home/deploy/.ssh/id_ed25519", "/root/.ssh/github", "~/.ssh/keys/prod", "/opt/app/id_ecdsa",
        "/etc/ssl/private/ssl-cert-snakeoil.key", "/etc/nginx/tls.key", "/etc/nginx/tls.pem",
        "/etc/letsencrypt/live/example.net/privkey.pem", "/srv/app/.env", "~/.pgpass", "~/.netrc",
        "/etc/krb5.keytab", "~/.aws/credentials", "~/.docker/config.json", "~/.kube/config", "/root/kubeconfig",
        "/etc/kubernetes/admin.conf", "/etc/rancher/k3s/k3s.yaml", "~/.config/gcloud/credentials.db",
        "~/.git-credentials", "~/.my.cnf", "/etc/mysql/debian.cnf", "/etc/ppp/chap-secrets", "/etc/ipsec.secrets",
        "/run/secrets/db", "/etc/postfix/sasl_passwd", "/etc/postfix/sasl_passwd.db", "~/.gnupg/secring.gpg",
        "~/.gnupg/private-keys-v1.d/AB.key", "~/.bash_history", "/srv/app/terraform.tfstate", "~/.vnc/passwd",
        "/etc/NetworkManager/system-connections/office.nmconnection", "/etc/keystore/app.p12", "/proc/1/environ",
        "/etc/openvpn/client.ovpn", "/etc/apt/auth.conf", "/etc/apt/auth.conf.d/mirror", "/etc/sssd/sssd.conf",
        "/etc/snmp/snmpd.conf", "/etc/ppp/pap-secrets", "/srv/ci.netrc", "~/.mbsyncrc", "/proc/self/mem",
        "/etc/nginx/.htpasswd", "/etc/rndc.key", "/etc/chrony/chrony.keys", "", "/", "/..",
    ])
    func filesThatHoldSecretsAreNeverRead(path: String) {
        #expect(!Masking.mayReadContent(of: path))
    }

    @Test(arguments: [
        FileEntry.RealPath.elsewhere("/etc/ppp/chap-secrets"), .elsewhere("/home/deploy/.ssh/deploy"), .unknown,
    ])
    func aSecretUnderAHarmlessNameIsOne(realPath: FileEntry.RealPath) {
        let status = FileStatus(
            type: .file, mode: 0, owner: Account(name: nil, number: 0), group: Account(name: nil, number: 0), size: 1)
        var entry = FileEntry(status: status, link: .init(target: "hop2", destination: status))
        #expect(Masking.mayReadContent(of: "/srv/hop1", at: entry))
        entry.realPath = .elsewhere("/srv/x")
        #expect(Masking.mayReadContent(of: "/srv/hop1", at: entry))
        entry.realPath = realPath
        #expect(!Masking.mayReadContent(of: "/srv/hop1", at: entry))
    }

    @Test(arguments: [
        "/etc/motd", "/etc/passwd", "/etc/group", "/etc/ssh/sshd_config", "/etc/ssh/ssh_config",
        "/etc/ssh/sshd_config.d/10-hardening.conf", "/etc/ssh/ssh_host_rsa_key.pub", "~/.ssh/config",
        "~/.ssh/authorized_keys", "~/.ssh/known_hosts", "~/.ssh/id_rsa.pub", "~/.gitconfig", "~/.bashrc",
        "/etc/sudoers.d/deploy", "/etc/nginx/nginx.conf", "/etc/ssl/certs/example.pem", "~/.aws/config",
        "/etc/letsencrypt/live/example.net/fullchain.pem", "/etc/pam.d/passwd", "/etc/docker/daemon.json",
        "/etc/apt/sources.list.d/debian.sources", "/etc/shadowsocks/readme.txt", "/srv/app/config.json",
        "/etc/keyboard", "/etc/default/keyboard", "/usr/share/monkey", "/etc/hosts.allow.bak", "/etc/idmapd.conf",
        "/etc/environment",
    ])
    func ordinaryFilesAreRead(path: String) {
        #expect(Masking.mayReadContent(of: path))
    }
}
