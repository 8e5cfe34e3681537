/// Whose file of the style `space` it is.
///
/// | | case of keys | several times | comments | other |
/// |---|---|---|---|---|
/// | `sshd` | does not count | the first counts; lists add up | `#` behind a blank | only what stands outside of `Match` blocks, or in `Match all`; `Include` is not followed |
/// | `ssh` | does not count | the first counts; lists add up | `#` behind a blank | only what stands outside of `Host` and `Match` blocks, or in `Host *` and `Match all` |
/// | `postgresql` | does not count | the last counts | `#` anywhere | quotes; includes are not followed |
/// | `login.defs` | counts | the last counts | whole lines | quotes |
/// | `sysctl` | counts | the last counts | whole lines, `#` or `;` | `a.b` and `a/b` are one key; a `-` before it says nothing |
/// | `redis` | does not count | the last counts | whole lines | quotes |
/// | other | counts | unclear | whole lines; behind a blank, unclear | `key: value`; quotes around the value |
enum SpaceDialect: Hashable, Sendable {
    case sshd, ssh, postgresql, loginDefs, sysctl, redis
    case other

    init(ofPath path: String) {
        let components = path.split(separator: "/")
        let name = components.last ?? ""
        let folder = components.dropLast().last ?? ""
        let isConf = name.hasSuffix(".conf")
        if name == "sshd_config" || (folder == "sshd_config.d" && isConf) {
            self = .sshd
        } else if name == "ssh_config" || (folder == "ssh_config.d" && isConf) || (folder == ".ssh" && name == "config")
        {
            self = .ssh
        } else if name == "postgresql.conf" || name == "postgresql.auto.conf"
            || (isConf && path.hasPrefix("/etc/postgresql/") && name != "pg_ident.conf" && name != "pg_hba.conf")
        {
            self = .postgresql
        } else if name == "login.defs" {
            self = .loginDefs
        } else if name == "sysctl.conf" || (folder == "sysctl.d" && isConf) {
            self = .sysctl
        } else if isConf, name.hasPrefix("redis") || name == "sentinel.conf" {
            self = .redis
        } else {
            self = .other
        }
    }

    var repetition: KeyedValues.Repetition {
        switch self {
        case .sshd, .ssh: .first
        case .postgresql, .loginDefs, .sysctl, .redis: .last
        case .other: .unclear
        }
    }

    /// How a key is spelled in the end.
    func normalized(_ key: String) -> String {
        switch self {
        case .sshd, .ssh, .postgresql, .redis: key.lowercased()
        case .sysctl: SysctlName(key).dotted
        case .loginDefs, .other: key
        }
    }

    /// Keywords of which each line adds to the list.
    var accumulating: Set<String> {
        switch self {
        case .sshd:
            [
                "port", "listenaddress", "hostkey", "hostcertificate", "acceptenv", "allowusers", "denyusers",
                "allowgroups",
                "denygroups", "subsystem", "include", "setenv", "permitopen", "permitlisten",
                "persourcepenaltyexemptlist",
            ]
        case .ssh:
            [
                "identityfile", "certificatefile", "sendenv", "setenv", "localforward", "remoteforward",
                "dynamicforward",
                "include",
            ]
        case .postgresql: ["include", "include_dir", "include_if_exists"]
        case .loginDefs, .sysctl, .redis, .other: []
        }
    }
}

/// The name of a kernel parameter.
///
/// As sysctl(8) reads it: the first of `.` and `/` in it parts the name, and then the other one is an ordinary character, so
/// that `net.ipv4.conf.eth0/1.forwarding` and `net/ipv4/conf/eth0.1/forwarding` are one parameter.
struct SysctlName: Hashable, Sendable {
    /// Below `/proc/sys`.
    let path: String

    init(_ name: String) {
        let first = name.first { $0 == "." || $0 == "/" }
        path = first == "." ? String(name.map { $0 == "." ? "/" : $0 == "/" ? "." : $0 }) : name
    }

    var dotted: String { String(path.map { $0 == "/" ? "." : $0 == "." ? "/" : $0 }) }
}
