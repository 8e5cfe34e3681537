#!/bin/bash
# The example servers of scripts/demo, which sources this: each a real sshd on loopback over a folder of its own.
#
# A server is an sshd in a mount namespace, where the server's folder holds what is /etc, /home and /root there, and where
# /run, /tmp and /var/log are empty. Programs and the package database are the machine's own. Nothing that happens on a
# server changes a file outside its folder, and its one account, driftwatch, exists nowhere else.
#
# Needs from the caller: $demo, the folder that everything is in; the functions fail and wait_for_line; and no descriptor
# but 9 that must not be handed on.
# shellcheck disable=SC2034,SC2154 # what the caller reads, and what it sets

# How the servers are isolated: "root" and "user" by namespaces of the one or the other, "none" where the system allows
# neither.
isolation=
isolation_error=
namespaces=()
declare -A server_ports=()
server_pids=()
made_privilege_folder=

sshd=/usr/sbin/sshd
[ -x "$sshd" ] || sshd=$(command -v sshd)

# Numbers that no account of the machine has: of driftwatch on the servers, and of sshd's own unprivileged half.
account_number=64200
while getent passwd "$account_number" || getent passwd $((account_number + 1)); do
    account_number=$((account_number + 2))
done >/dev/null

# Becomes, inside new namespaces, the server with the name and the folder given; then runs the rest of the arguments.
# The clone may be below any folder that is hidden here, hence the way over /mnt.
# shellcheck disable=SC2016 # for the shell inside
enter_server='
set -e
name=$1
folder=$2
shift 2
if [ "$$" = 1 ]; then mount -t proc proc /proc; fi
mount --bind "$folder" /mnt
for part in etc home root; do mount --bind "/mnt/$part" "/$part"; done
mount -t tmpfs -o mode=0755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs -o mode=0755 tmpfs /var/log
umount /mnt
mkdir /run/sshd
# Terminals, for people who log in: those of the machine may be of a group that the namespace does not have.
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts /dev/pts 2>/dev/null || true
hostname "$name"
cd /
exec "$@"
'

# Prefixes a command, in the array `inside`, so that it runs on the server $1.
inside_server() {
    inside=(unshare "${namespaces[@]}" /bin/sh -c "$enter_server" enter "$1" "$demo/servers/$1")
    if [ "$isolation" = user ]; then
        # As root of namespaces of one's own one may mount; sshd then runs as the account that logs in.
        inside+=(unshare --user "--map-user=$account_number" "--map-group=$account_number")
    fi
    inside+=(env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin)
}

# Tries on the server $1 what this machine allows.
choose_isolation() {
    local base
    if [ "$(id -u)" = 0 ]; then
        isolation=root
        base=(--mount --uts)
    else
        isolation=user
        base=(--user --map-root-user --mount --uts)
    fi
    # With process identifiers of their own, all that runs on a server ends with it.
    namespaces=("${base[@]}" --pid --fork --kill-child)
    inside_server "$1"
    if isolation_error=$("${inside[@]}" true 2>&1); then return; fi
    namespaces=("${base[@]}")
    inside_server "$1"
    if "${inside[@]}" true >/dev/null 2>&1; then return; fi
    isolation=none
}

# Makes the files of the server $1: everything that its /etc holds.
make_server() {
    local folder=$demo/servers/$1 templates=scripts/demo.d/packs/templates
    install -d -m 0755 "$folder" "$folder/home" "$folder/etc" "$folder/etc/ssh" "$folder/etc/ssh/authorized_keys"
    install -d -m 0700 "$folder/root" "$folder/home/driftwatch"
    (
        umask 022
        cd "$folder/etc" || exit
        cat >passwd <<PASSWD
root:x:0:0:root:/root:/bin/bash
driftwatch:x:$account_number:$account_number:Driftwatch:/home/driftwatch:/bin/bash
sshd:x:$((account_number + 1)):65534::/run/sshd:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
PASSWD
        printf 'root:x:0:\ndriftwatch:x:%s:\nnogroup:x:65534:\n' "$account_number" >group
        printf '%s:*:19000:0:99999:7:::\n' root driftwatch sshd nobody >shadow
        chmod 0640 shadow
        printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files\n' >nsswitch.conf
        printf '127.0.0.1 localhost %s\n' "$1" >hosts
        echo "$1" >hostname
        echo "$1, an example server of Driftwatch." >motd
        echo 'export EDITOR=vim' >profile
        # What programs of the machine need to find their parts.
        local name
        for name in ld.so.cache alternatives; do
            if [ -e "/etc/$name" ]; then cp -a "/etc/$name" .; fi
        done
        ssh-keygen -q -t ed25519 -N '' -C "$1" -f ssh/ssh_host_ed25519_key
        ln -s ../usr/lib/os-release os-release
    )
    install -m 0644 "$templates/sshd_config" "$folder/etc/ssh/sshd_config"
    install -m 0644 "$demo/ssh/key.pub" "$folder/etc/ssh/authorized_keys/driftwatch"
    if [[ $1 == web-* ]]; then
        install -d -m 0755 "$folder/etc/shop"
        install -m 0644 "$templates/shop.conf" "$folder/etc/shop/shop.conf"
    fi
    if [ "$(id -u)" = 0 ]; then chown -R "$account_number:$account_number" "$folder/home/driftwatch"; fi
}

# A port of loopback on which nobody answers.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
    done
    echo "$port"
}

# Starts the sshd of the server $1, and notes its port.
start_server() {
    local log=$demo/log/$1 port pid command
    for _ in 1 2 3 4 5; do
        port=$(free_port)
        sshd_command "$1" "$port"
        : >"$log"
        # With its parent gone, however it went, the kernel ends it.
        setsid setpriv --pdeathsig KILL "${command[@]}" </dev/null >>"$log" 2>&1 9>&- &
        pid=$!
        server_pids+=("$pid")
        if wait_for_line 'Server listening on' "$log" 10 "$pid"; then
            server_ports[$1]=$port
            return
        fi
        kill -KILL "$pid" 2>/dev/null || true
    done
    fail "the sshd of $1 does not start:" "$(tail -n 5 "$log")"
}

# Sets `command` to what runs the sshd of the server $1 on the port $2.
sshd_command() {
    local etc=$demo/servers/$1/etc
    local daemon=("$sshd" -D -e -p "$2" -o ListenAddress=127.0.0.1 -o PidFile=none -o StrictModes=no)
    if [ "$isolation" != none ]; then
        inside_server "$1"
        command=("${inside[@]}" "${daemon[@]}" -o UsePAM=no -o HostKey=/etc/ssh/ssh_host_ed25519_key)
        return
    fi
    # Not isolated: it lets the current user in, and what it watches is the folder.
    local pam=no
    if [ "$(id -u)" = 0 ]; then
        # A locked account passes only by way of PAM.
        case $(getent shadow root | cut -d: -f2) in '!'*) pam=yes ;; esac
    fi
    command=("${daemon[@]}" -o "UsePAM=$pam" -o PermitRootLogin=yes -o SetEnv=EDITOR=vim
        -f "$etc/ssh/sshd_config" -o "HostKey=\"$etc/ssh/ssh_host_ed25519_key\""
        -o "AuthorizedKeysFile=\"${demo//%/%%}/ssh/key.pub\"")
    # As root, sshd insists on this folder, which is empty and lives in memory; it goes again with the servers.
    if [ "$(id -u)" = 0 ] && [ ! -d /run/sshd ]; then
        mkdir -m 0755 /run/sshd
        made_privilege_folder=1
    fi
}

# Who logs in on the servers.
server_account() {
    if [ "$isolation" = none ]; then id -un; else echo driftwatch; fi
}

# Who owns the files on the servers. An ordinary user's files are never root's, whatever the namespace.
server_owner() {
    if [ "$(id -u)" = 0 ]; then echo root; else server_account; fi
}

stop_servers() {
    local pid
    for pid in "${server_pids[@]}"; do kill -KILL -- "-$pid" "$pid" 2>/dev/null || true; done
    for pid in "${server_pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    server_pids=()
    if [ -n "$made_privilege_folder" ]; then rmdir /run/sshd 2>/dev/null || true; fi
    made_privilege_folder=
}
