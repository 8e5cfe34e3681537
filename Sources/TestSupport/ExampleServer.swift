import Foundation

/// A Debian server in namespaces of its own, on which the example packs hold.
///
/// Programs are the machine's; what is in `/etc` and `/var/lib`, and who listens, is made here.
package enum ExampleServer {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    /// The templates of the packs, and where their text stands on the server.
    package static let templates = [
        "issue.net": "/etc/issue.net", "nginx/site": "/etc/nginx/sites-available/www.example.net",
    ]
    /// The text of a file of the folder `packs`.
    package static func pack(_ name: String) throws -> String {
        try String(contentsOf: root.appending(path: "packs/\(name)"), encoding: .utf8)
    }

    /// Whether this machine can have one.
    package static func isPossible() async -> Bool {
        let programs = ["/usr/bin/perl", "/usr/bin/openssl", "/usr/bin/dpkg-query", "/usr/bin/ssh-keygen"]
        return geteuid() == 0 && programs.allSatisfy(Tool.has)
            ? await Tool.succeeds(["/usr/bin/unshare", "-m", "-n", "/bin/true"]) : false
    }

    /// What starts a program on it, after `change`, a text for the shell in `/etc`.
    package static func enter(after change: String = "") throws -> [String] {
        let writing = try templates.map { name, path in
            "printf %s '\(try pack("templates/\(name)").replacing("'", with: #"'\''"#))' >\(path)\n"
        }.joined()
        return ["/usr/bin/unshare", "-m", "-n", "/bin/sh", "-c", setUp + writing + change + "\n" + listen, "sh"]
    }

    private static let setUp = #"""
        set -e
        umask 022
        mount -t tmpfs -o mode=0755 none /mnt
        mkdir -p /mnt/etc/ssl
        for file in ld.so.cache ssl/openssl.cnf; do [ ! -e "/etc/$file" ] || cp -L "/etc/$file" "/mnt/etc/$file"; done
        [ ! -e /etc/alternatives ] || cp -a /etc/alternatives /mnt/etc/
        mount --bind /mnt/etc /etc
        for folder in /var/lib /var/backups /srv /usr/local /run; do mount -t tmpfs -o mode=0755 none "$folder"; done
        mount -t tmpfs -o mode=0700 none /root
        cd /etc
        mkdir -p ssh apt/apt.conf.d apt/sources.list.d apt/trusted.gpg.d cron.d cron.daily sudoers.d logrotate.d
        cat >passwd <<'END'
        root:x:0:0:root:/root:/bin/bash
        daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
        www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
        postgres:x:101:104:PostgreSQL:/var/lib/postgresql:/bin/bash
        nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
        END
        printf '%s\n' root:x:0: daemon:x:1: sudo:x:27: www-data:x:33: shadow:x:42: postgres:x:104: nogroup:x:65534: >group
        for name in root daemon www-data postgres nobody; do echo "$name:!:19000:0:99999:7:::"; done >shadow
        cp shadow gshadow
        chown 0:42 shadow gshadow
        chmod 0640 shadow gshadow
        printf 'passwd: files\ngroup: files\nshadow: files\n' >nsswitch.conf
        printf '127.0.0.1\tlocalhost\n' >hosts
        echo 'PermitRootLogin no' >ssh/sshd_config
        ln -s ../usr/lib/os-release os-release
        printf 'UMASK\t\t022\nENCRYPT_METHOD YESCRYPT\n' >login.defs
        printf 'APT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n' >apt/apt.conf.d/20auto-upgrades
        : >apt/sources.list.d/debian.sources
        : >apt/trusted.gpg.d/debian.asc
        : >crontab
        : >cron.d/e2scrub_all
        install -m 0755 /dev/null cron.daily/dpkg
        install -m 0440 /dev/null sudoers
        install -m 0440 /dev/null sudoers.d/README
        mkdir /usr/local/sbin
        mkdir -p nginx/sites-available nginx/sites-enabled ssl/certs /srv/www/css
        install -d -m 0710 ssl/private
        printf 'user www-data;\nworker_processes auto;\n' >nginx/nginx.conf
        ln -s ../sites-available/www.example.net nginx/sites-enabled/www.example.net
        : >logrotate.d/nginx
        openssl req -x509 -newkey rsa:2048 -nodes -days 90 -subj /CN=www.example.net -addext subjectAltName=DNS:www.example.net \
            -keyout ssl/private/www.example.net.key -out ssl/certs/www.example.net.pem 2>/dev/null
        chmod 0640 ssl/private/www.example.net.key
        mkdir -p postgresql/15/main/conf.d /var/lib/postgresql /var/backups/postgresql
        mount -t tmpfs -o mode=0755 none /var/lib/postgresql
        install -d -m 0700 /var/lib/postgresql/15/main
        chown 101:104 /var/lib/postgresql/15/main
        printf '%s\t# as Debian writes it\n' 'port = 5432' 'max_connections = 100' 'ssl = on' '#fsync = off' >postgresql/15/main/postgresql.conf
        install -m 0640 /dev/null postgresql/15/main/pg_hba.conf
        chown -R 101:104 postgresql/15/main
        head -c 2048 /dev/zero >/var/backups/postgresql/latest.dump
        chmod 0640 /var/backups/postgresql/latest.dump
        package() { printf 'Package: %s\nStatus: install ok installed\nMaintainer: x\nArchitecture: amd64\nVersion: %s\nDescription: x\n\n' "$1" "$2"; }
        mkdir -p /var/lib/dpkg/info /var/lib/dpkg/updates
        {
            package base-files 12.4+deb12u10
            package openssh-server 1:9.2p1-2+deb12u5
            package ca-certificates 20230311
            package unattended-upgrades 2.9.1+nmu3
            package sudo 1.9.13p3-1+deb12u2
            package nginx 1.22.1-9+deb12u1
            package postgresql-15 15.12-0+deb12u2
        } >/var/lib/dpkg/status
        ip link set lo up
        open='0.0.0.0:22 0.0.0.0:80 0.0.0.0:443 127.0.0.1:5432'

        """#

    /// A change after which nothing holds but what is the machine's own.
    package static let breakAll = #"""
        sed -i -e 's#^www-data:.*#www-data:x:33:33::/srv:/bin/sh#' -e 's#^daemon:.*#daemon:x:1:1::/:/bin/sh#' \
            -e 's#^postgres:.*#postgres:x:101:104::/:/bin/sh#' -e 's#^root:.*#root:x:0:42:root:/var/backups:/bin/bash#' passwd
        printf 'eve::0:0::/:/bin/sh\nmallory:x:104:104::/:/bin/sh\n' >>passwd
        sed -i -e 's/^sudo:.*/sudo:x:27:eve/' -e 's/^root:.*/root:x:0:eve/' group
        sed -i 's/^postgres:!/postgres:$y$j9T$x/' shadow
        chmod 0666 passwd group shadow gshadow ssh/sshd_config login.defs apt/sources.list.d/* apt/trusted.gpg.d/* crontab cron.d/* \
            cron.daily/* sudoers sudoers.d/* logrotate.d/nginx
        echo other >issue.net
        echo '127.0.0.1 other' >hosts
        rm os-release apt/apt.conf.d/20auto-upgrades
        cp /usr/lib/os-release os-release
        touch nologin hosts.equiv ld.so.preload
        echo 'deb [trusted=yes] http://example.net x main' >apt/sources.list
        printf 'UMASK 000\nENCRYPT_METHOD MD5\n' >login.defs
        chmod 0755 /root
        mount -t tmpfs -o mode=0777 none /tmp
        mkdir /var/backups/.ssh
        ssh-keygen -q -t ed25519 -N '' -f /mnt/key && cp /mnt/key.pub /var/backups/.ssh/authorized_keys
        install -m 0777 /dev/null /usr/local/sbin/ls
        echo 'autoindex on;' >>nginx/nginx.conf
        rm nginx/sites-enabled/www.example.net
        : >nginx/sites-enabled/other
        chmod 0666 nginx/sites-available/www.example.net ssl/private/www.example.net.key
        cp ssl/openssl.cnf ssl/certs/www.example.net.pem
        chown 33:33 /srv/www/css
        printf 'port = 1\nmax_connections = 1000\nssl = off\nfsync = off\n' >postgresql/15/main/postgresql.conf
        chmod 0666 postgresql/15/main/pg_hba.conf
        : >postgresql/15/main/conf.d/other.conf
        chmod 0755 /var/lib/postgresql/15/main
        touch -d '2 days ago' /var/backups/postgresql/latest.dump
        mount -o remount,ro /var/lib/postgresql
        for name in telnetd rsh-server nis xinetd rpcbind apache2; do package "$name" 1; done >/var/lib/dpkg/status
        echo 16 >/proc/sys/net/core/somaxconn
        open='0.0.0.0:6000'

        """#

    private static let listen = #"""
        cat >/mnt/listen <<'END'
        use Socket qw(:all);
        for (split ' ', shift) {
            my ($address, $port) = split /:/;
            socket(my $socket, PF_INET, SOCK_STREAM, 0) or die;
            bind($socket, pack_sockaddr_in($port, inet_aton($address))) or die;
            listen($socket, 1) or die;
            push @open, $socket;
        }
        # The probe has descriptors of its own.
        my $child = fork;
        if (!$child) { exec @ARGV }
        waitpid($child, 0);
        exit($? >> 8);
        END
        exec perl /mnt/listen "$open" "$@"
        """#
}
