#!/bin/bash
# The fleet of scripts/bench-fleet, which sources this: 40 servers behind one sshd on loopback.
#
# Each server is an account of that sshd with a home of its own. They share 15 addresses: sshd listens at 16 at most, and a
# worker has few logins under way at one address. The sshd lives in a mount namespace, as those of scripts/demo do, so the accounts exist nowhere else. A pack asks for
# 20 files, 15 packages and 3 settings; every fourth server has two mismatches, which $demo/truth lists.
#
# Needs scripts/lib-demo-servers.sh and what that needs.
# shellcheck disable=SC2034,SC2154 # what the caller reads, and what it sets

fleet=()
for number in {1..40}; do fleet+=("$(printf 's%02d' "$number")"); done
fleet_packages=(base-files base-passwd bash bsdutils coreutils dash debianutils diffutils dpkg findutils grep gzip
    hostname sed tar)

# Makes the home of a server that is as it should be, and `wanted`: what scripts/fleet.d/floor.sh prints there.
make_model() {
    local model=$demo/model number size file hashes=() modes=()
    install -d -m 0755 "$model" "$model/fleet"
    printf 'export FLEET_TIER=blue\nexport FLEET_REGION=eu\nexport FLEET_OWNER=ops\n' >"$model/.profile"
    for number in {01..20}; do
        # From 200 bytes to 64 KiB.
        size=$(awk -v n="$((10#$number))" 'BEGIN { printf "%d", 200 * exp(log(65536 / 200) * (n - 1) / 19) }')
        file=fleet/f$number.conf
        seq -f "setting_${number}_%06g = on" 1 4000 | head -c "$size" >"$model/$file" || true
        chmod 0644 "$model/$file"
        modes+=("mode 644 $file")
        hashes+=("$(cd "$model" && sha256sum "$file")")
    done
    {
        printf '%s\n' "${modes[@]}" "${hashes[@]}"
        printf 'ii  %s\n' "${fleet_packages[@]}"
        printf '%s\n' blue eu ops
    } >"$demo/wanted"
}

# A package database in which gzip is not installed, for dpkg's programs that find it in DPKG_ADMINDIR.
make_package_database() {
    install -d -m 0755 "$1" "$1/info" "$1/updates"
    awk 'BEGIN { RS = ""; ORS = "\n\n" } !/^Package: gzip\n/' /var/lib/dpkg/status >"$1/status"
    chmod 0644 "$1/status"
}

# Makes the mismatch number $2 in the home of the server $1, and adds it to the truth.
drift() {
    local home=$demo/servers/fleet/home/$1 truth
    case $2 in
        0)
            rm "$home/fleet/f03.conf"
            truth='missing_file ~/fleet/f03.conf'
            ;;
        1)
            chmod 0664 "$home/fleet/f07.conf"
            truth='wrong_permissions ~/fleet/f07.conf'
            ;;
        2)
            # The size stays.
            sed -i '3s/on$/no/' "$home/fleet/f12.conf"
            truth='wrong_content ~/fleet/f12.conf'
            ;;
        3)
            make_package_database "$home/packages"
            install -d -m 0700 "$home/.ssh"
            echo "DPKG_ADMINDIR=/home/$1/packages" >"$home/.ssh/environment"
            truth='missing_package gzip'
            ;;
        4)
            sed -i 's/=blue/=green/' "$home/.profile"
            truth='wrong_setting FLEET_TIER'
            ;;
        5)
            sed -i '/FLEET_REGION/d' "$home/.profile"
            truth='wrong_setting FLEET_REGION'
            ;;
    esac
    echo "$1 $truth" >>"$demo/truth"
}

# Adds the accounts, their homes and their mismatches to the files of the server `fleet`.
make_accounts() {
    local etc=$demo/servers/fleet/etc home server number account index=0
    for server in "${fleet[@]}"; do
        index=$((index + 1))
        home=$demo/servers/fleet/home/$server
        cp -a "$demo/model" "$home"
        account=$account_number
        # An ordinary user's namespace knows one account; there all servers are homes of it.
        if [ "$isolation" = root ]; then account=$((account_number + 1 + index)); fi
        echo "$server:x:$account:$account:$server:/home/$server:/bin/bash" >>"$etc/passwd"
        echo "$server:*:19000:0:99999:7:::" >>"$etc/shadow"
        install -m 0644 "$demo/ssh/key.pub" "$etc/ssh/authorized_keys/$server"
        if [ $((index % 4)) = 0 ]; then
            number=$(((index / 4 - 1) * 2))
            drift "$server" $((number % 6))
            drift "$server" $(((number + 1) % 6))
        fi
        if [ "$isolation" = root ]; then chown -R "$account:$account" "$home"; fi
    done
    sort -o "$demo/truth" "$demo/truth"
    printf '%s\n' 'MaxStartups 200' 'PermitUserEnvironment yes' >>"$etc/ssh/sshd_config"
    printf 'ListenAddress 127.1.0.%s\n' {0..14} >>"$etc/ssh/sshd_config"
}

# Writes the ssh config $1 for the port $2; what follows are further lines of it.
write_ssh_config() {
    local file=$1 port=$2 server index=0
    shift 2
    for server in "${fleet[@]}"; do
        index=$((index + 1))
        printf 'Host %s\n    HostName 127.1.0.%s\n    User %s\n' "$server" $((index % 15)) "$server"
    done >"$file"
    cat >>"$file" <<CONFIG
Host *
    Port $port
    BatchMode yes
    IdentityFile "${demo//%/%%}/ssh/key"
    IdentitiesOnly yes
    UserKnownHostsFile "${demo//%/%%}/ssh/known_hosts"
    GlobalKnownHostsFile none
CONFIG
    if [ $# -gt 0 ]; then printf '    %s\n' "$@" >>"$file"; fi
}

# The inventory and the pack. Every second file is known by its hash, the others by a template.
write_pack() {
    local config=$demo/config server file hash word number=0
    install -d "$config/packs/templates"
    {
        printf 'defaults: { packs: [common] }\nservers:\n'
        for server in "${fleet[@]}"; do printf '  - { id: %s, config_user: %s }\n' "$server" "$server"; done
    } >"$config/fleet.yaml"
    {
        printf 'name: Common\nitems:\n  files:\n'
        while read -r hash file; do
            number=$((number + 1))
            if [ $((number % 2)) = 0 ]; then
                cp "$demo/model/$file" "$config/packs/templates/"
                printf '    - { path: ~/%s, mode: "0644", template: %s }\n' "$file" "${file#*/}"
            else
                printf '    - { path: ~/%s, mode: "0644", content_hash: "sha256:%s" }\n' "$file" "$hash"
            fi
        done < <(grep -E '^[0-9a-f]{64} ' "$demo/wanted")
        printf '  packages:\n'
        printf '    - { name: %s }\n' "${fleet_packages[@]}"
        printf '  settings:\n'
        for word in FLEET_TIER=blue FLEET_REGION=eu FLEET_OWNER=ops; do
            printf '    - { key: %s, expected: %s, type: env_var }\n' "${word%=*}" "${word#*=}"
        done
    } >"$config/packs/common.yaml"
}

# Adds an item of each other kind to the pack, all of which are met, and what the floor prints of them to `wanted`.
add_kinds() {
    local etc=$demo/servers/fleet/etc print port=${server_ports[fleet]}
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$demo/ssh/site.key" -out "$etc/site.pem" -days 400 \
        -subj /CN=fleet 2>/dev/null
    chmod 0644 "$etc/site.pem"
    read -r _ print _ < <(ssh-keygen -lf "$demo/ssh/key.pub")
    sed -i 's|^  packages:$|    - { path: /etc/motd, lacks: [Debug] }\n    - { glob: "/etc/ssh/*.pub", max_mode: "0644" }\n&|' \
        "$demo/config/packs/common.yaml"
    cat >>"$demo/config/packs/common.yaml" <<PACK
    - { key: kernel.ostype, type: sysctl, expected: Linux }
    - { key: PermitRootLogin, type: config, file: /etc/ssh/sshd_config, expected: "no" }
  services:
    - { name: ssh.service, running: true }
  kernel:
    - { module: driftwatch-none, state: absent }
  users:
    - { name: root, uid: 0, shell: /bin/bash }
    - { uid: 0, only: [root] }
    - { name: s01, authorized_keys: { only: ["$print"] } }
  groups:
    - { name: root, gid: 0 }
  certificates:
    - { path: /etc/site.pem, min_days: 21 }
  ports:
    - { listen: "tcp 127.1.0.1:$port" }
  mounts:
    - { path: /tmp, type: tmpfs }
  system:
    - { clock: synchronised, severity: info }
    - { reboot_required: false, severity: info }
PACK
    printf '%s\n' 0 '644 /etc/ssh/ssh_host_ed25519_key.pub' Linux 'PermitRootLogin no' 'no systemd' 0 \
        root:x:0:0:root:/root:/bin/bash root "256 $print driftwatch bench (ED25519)" root:x:0: \
        'Certificate will not expire' "$(printf '0100017F:%04X' "$port")" tmpfs >>"$demo/wanted"
}

# Sets `processes` to how many processes the last session of the traced sshd ran, from the traces in the folder $1: the
# one that became the account's shell, and all that come from it.
count_processes() {
    processes=$(awk '
        FNR == 1 { pid = FILENAME; sub(/.*\./, "", pid) }
        /^execve\("\/bin\/bash", \["bash", "-c"/ { root = pid }
        /^(clone3?|v?fork)\(/ && !/CLONE_THREAD/ && $NF ~ /^[0-9]+$/ { children[pid] = children[pid] " " $NF }
        function count(pid,    all, list, size, i) {
            all = 1
            size = split(children[pid], list, " ")
            for (i = 1; i <= size; i++) all += count(list[i])
            return all
        }
        END { print root ? count(root) : 0 }' "$1"/session.*)
}

# The inventory of pyinfra, for the port $1.
write_pyinfra_inventory() {
    local server index=0
    {
        printf 'fleet = [\n'
        for server in "${fleet[@]}"; do
            index=$((index + 1))
            printf '    ("%s", {"ssh_hostname": "127.1.0.%s", "ssh_user": "%s"}),\n' "$server" $((index % 15)) "$server"
        done
        printf ']\n'
    } >"$demo/config/inventory.py"
    install -d "$demo/config/group_data"
    cat >"$demo/config/group_data/all.py" <<DATA
ssh_port = $1
ssh_key = "$demo/ssh/key"
ssh_known_hosts_file = "$demo/ssh/known_hosts"
ssh_strict_host_key_checking = "yes"
DATA
}
