# Authorised keys: type and blob of the keys that sshd would accept for an account. Comments, and the values of options,
# stay on the server.

# Prints the lines of sshd's configuration files that matter here, with their keywords in lower case.
dw_cut_sshd() {
    # shellcheck disable=SC2016,SC2048,SC2086
    awk '
FNR == 1 { print "file" }
{
    s = tolower($0)
    if (!match(s, /[a-z]+/)) next
    k = substr(s, RSTART, RLENGTH)
    p = substr(s, 1, RSTART - 1)
    v = substr($0, RSTART + RLENGTH)
    gsub(/[ \t]/, "", p)
    if (p != "" || index(" match include authorizedkeysfile authorizedkeyscommand trustedusercakeys ", " " k " ") == 0) next
    if (match(v, /[ \t=]+/) == 1) v = substr(v, RLENGTH + 1)
    sub(/[ \t]#.*/, "", v)
    sub(/[ \t\r]+$/, "", v)
    print k " " v
}' $*
}

# Sets dw_patterns to the files in which sshd looks for keys, and says what else lets somebody in.
dw_read_sshd() {
    for dw_config; do
        [ -r "$dw_config" ] || dw_state=denied
    done
    [ "$dw_state" = ok ] || return 0
    # shellcheck disable=SC2048,SC2086
    for dw_line in $(dw_cut_sshd $*); do
        dw_value=${dw_line#* }
        case $dw_value in
            *\"*' '* | *\"*'	'*) dw_put unclear ;;
            \"*\") dw_value=${dw_value#?} dw_value=${dw_value%?} ;;
        esac
        case $dw_line in
            file) dw_matching=$dw_outer ;;
            match*) dw_matching=yes ;;
            include*) if [ -z "$dw_included" ]; then dw_include; else dw_put unclear; fi ;;
            *' none') [ "$dw_line" != 'authorizedkeysfile none' ] || dw_patterns=${dw_patterns:-none} ;;
            authorizedkeyscommand*) dw_put command ;;
            trusted*) dw_put authorities ;;
            *) if [ -n "$dw_matching" ]; then dw_put unclear; else dw_patterns=${dw_patterns:-$dw_value}; fi ;;
        esac
    done
}

# Reads the files that match the patterns in dw_value.
dw_include() {
    dw_outer=$dw_matching dw_found_configs=
    IFS=' 	'
    for dw_glob in $dw_value; do
        case $dw_glob in /*) ;; *) dw_glob=/etc/ssh/$dw_glob ;; esac
        IFS=$dw_nl
        dw_folder=${dw_glob%/*}
        if [ -d "$dw_folder" ]; then
            if [ ! -r "$dw_folder" ] || [ ! -x "$dw_folder" ]; then dw_state=denied; fi
        fi
        set +f
        for dw_config in $dw_glob; do
            [ ! -f "$dw_config" ] || dw_found_configs=$dw_found_configs$dw_config$dw_nl
        done
        set -f
    done
    IFS=$dw_nl
    dw_included=yes
    # shellcheck disable=SC2086
    [ -z "$dw_found_configs" ] || dw_read_sshd $dw_found_configs
    dw_included='' dw_matching=$dw_outer dw_outer=
}

# Sets dw_path to the file that the pattern $1 means for the account in dw_entry.
dw_fill_pattern() {
    dw_rest=${dw_entry#*:*:} dw_user_home=${dw_entry%:*}
    dw_user_id=${dw_rest%%:*} dw_user_home=${dw_user_home##*:}
    dw_rest=$1 dw_path=
    while :; do
        case $dw_rest in
            *%*)
                dw_path=$dw_path${dw_rest%%%*}
                dw_rest=${dw_rest#*%}
                case $dw_rest in
                    %*) dw_path=$dw_path% ;;
                    h*) dw_path=$dw_path$dw_user_home ;;
                    u*) dw_path=$dw_path$dw_user ;;
                    U*) dw_path=$dw_path$dw_user_id ;;
                    *) dw_put unclear ;;
                esac
                dw_rest=${dw_rest#?}
                ;;
            *) break ;;
        esac
    done
    dw_path=$dw_path$dw_rest
    case $dw_path in /*) ;; *) dw_path=$dw_user_home/$dw_path ;; esac
}

# Prints the keys of the files in its arguments, each after its number.
dw_cut_keys() {
    # shellcheck disable=SC2016,SC2048,SC2086
    awk '
function strip() { if (match(s, /[ \t]+/) == 1) s = substr(s, RLENGTH + 1) }
function is_key(  n, w) {
    n = split(s, w, /[ \t]+/)
    t = w[1]
    b = n > 1 ? w[2] : ""
    return index(t, "ssh-") == 1 || index(t, "ecdsa-") == 1 || index(t, "sk-") == 1
}
function options(  i, c, q) {
    q = 0
    name = names = ""
    for (i = 1; i <= length(s); i++) {
        c = substr(s, i, 1)
        if (c == "\\" && substr(s, i + 1, 1) == "\"") i++
        else if (c == "\"") q = !q
        else if (!q && (c == " " || c == "\t")) break
        else if (!q && c == ",") note()
        else if (!q) name = name c
    }
    note()
    s = substr(s, i)
}
function note() {
    sub(/=.*/, "", name)
    name = tolower(name)
    if (index(" cert-authority command environment expiry-time from principals restrict ", " " name " ")) names = names "," name
    name = ""
}
BEGIN {
    for (i = 1; i < ARGC; i += 2) {
        junk = 0
        while ((r = (getline s < ARGV[i + 1])) > 0) {
            sub(/\r$/, "", s)
            strip()
            if (s == "" || substr(s, 1, 1) == "#") continue
            names = ""
            if (!is_key()) {
                options()
                strip()
            }
            if (!is_key() || length(t) > 64 || length(b) > 16384) junk++
            else if (++sent > 5000) break
            else print "key " ARGV[i] " " t " " b " " names
        }
        close(ARGV[i + 1])
        if (r < 0) print "error " ARGV[i]
        else if (r > 0) print "large " ARGV[i]
        else print "read " ARGV[i] " " junk
    }
}' $*
}

# Prints where the keys of the accounts in dw_pending are.
dw_find_keys() {
    for dw_user in $dw_pending; do
        dw_put "about $dw_user"
        dw_account "$dw_user"
        IFS=' 	'
        # shellcheck disable=SC2086
        case $dw_user:$dw_entry in
            *[!0-9]*:"$dw_user":*) set -- $dw_patterns ;;
            *) set -- ;;
        esac
        IFS=$dw_nl
        for dw_pattern; do
            [ "$dw_pattern" != none ] || continue
            dw_fill_pattern "$dw_pattern"
            dw_put_found
        done
        dw_put next
        dw_flush
    done
}

dw_look_at_keys() {
    dw_patterns='' dw_matching='' dw_outer='' dw_included=
    if [ -d /etc/ssh ] && [ ! -x /etc/ssh ]; then dw_state=denied; fi
    for dw_config in /etc/ssh/sshd_config /usr/etc/ssh/sshd_config; do
        if [ -e "$dw_config" ]; then
            dw_read_sshd "$dw_config"
            break
        fi
    done
    dw_patterns=${dw_patterns:-.ssh/authorized_keys .ssh/authorized_keys2}
    [ "$dw_state" != ok ] || dw_seek dw_find_keys dw_cut_keys
}
