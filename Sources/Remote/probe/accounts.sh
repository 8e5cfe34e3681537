# Users and groups: the lines of the account databases that were asked about, without passwords and comments.

# Sets dw_users and dw_groups to the names that were asked about, and dw_lists if all accounts have to be looked through.
# getent takes digits for a number, and a dash for an option.
dw_sort_accounts() {
    dw_users='' dw_groups='' dw_lists=
    for dw_line in $dw_asked; do
        dw_name=${dw_line#* }
        case $dw_line in 'list '* | 'uid '*) dw_lists=yes ;; esac
        case $dw_name in -* | *:*) continue ;; *[!0-9]*) ;; *) continue ;; esac
        case $dw_line in
            'user '*) dw_users=$dw_users$dw_name$dw_nl ;;
            'group '* | 'list '*) dw_groups=$dw_groups$dw_name$dw_nl ;;
        esac
    done
}

# Sets dw_near if accounts come from more than files, and dw_far if that may be a directory service.
dw_see_sources() {
    dw_near='' dw_far='' dw_sources=
    [ ! -r /etc/nsswitch.conf ] || dw_read_file /etc/nsswitch.conf dw_sources
    for dw_line in $dw_sources; do
        case $dw_line in passwd:* | group:* | initgroups:*) ;; *) continue ;; esac
        IFS=' 	'
        for dw_word in ${dw_line%%#*}; do
            case $dw_word in
                *: | files | \[* | *\]) ;;
                compat | db | systemd | altfiles | usrfiles | extrausers | mymachines | cache) dw_near=yes ;;
                *) dw_near=yes dw_far=yes ;;
            esac
        done
        IFS=$dw_nl
    done
}

# Asks one database of getent, between two lines that only this session can write.
dw_ask_getent() {
    dw_part=$1
    shift
    printf '%s %s\n' "$dw_nonce" "$dw_part"
    # shellcheck disable=SC2048,SC2086
    getent $*
    printf '\n%s done %s\n' "$dw_nonce" $?
}

dw_ask_sources() {
    # shellcheck disable=SC2086
    if [ -n "$dw_near" ]; then
        [ -z "$dw_groups" ] || dw_ask_getent group group $dw_groups
        [ -z "$dw_users" ] || dw_ask_getent passwd passwd $dw_users
        [ -z "$dw_users" ] || [ -z "$dw_far" ] || dw_ask_getent gids initgroups $dw_users
        [ -z "$dw_lists" ] || [ -z "$dw_far" ] || dw_ask_getent list passwd
    fi
}

dw_ask_accounts() {
    # shellcheck disable=SC2016,SC2086
    dw_ask_sources | dw_asked=$dw_asked dw_nonce=$dw_nonce awk -F: '
function word(p) {
    if (p == "") return "open"
    if (p == "x") return "shadow"
    return index("!*", substr(p, 1, 1)) ? "locked" : "set"
}
BEGIN {
    n = split(ENVIRON["dw_asked"], q, "\n")
    for (i = 1; i <= n; i++) {
        k = q[i]
        sub(/ .*/, "", k)
        v = substr(q[i], length(k) + 2)
        if (k == "user") u[v] = 1
        else if (k == "uid") w[v] = 1
        else if (k == "list") g[v] = 1
        else if (!(v in g)) g[v] = 0
    }
    m = ENVIRON["dw_nonce"] " "
}
index($0, m) == 1 {
    s = substr($0, length(m) + 1)
    if (substr(s, 1, 5) == "done ") print "done " part substr(s, 5)
    else part = s
    next
}
FILENAME == "/etc/nsswitch.conf" {
    gsub(/[ \t]/, "", $1)
    sub(/#.*/, "", $2)
    gsub(/[ \t]+/, " ", $2)
    if ($1 == "passwd" || $1 == "group") print "sources " $1 $2
    next
}
index(FILENAME, "/etc/") == 1 { part = "file" }
part == "group" || FILENAME == "/etc/group" {
    if ($1 in g && NF == 4) {
        if (g[$1]) gid[$3] = 1
        if (length($4) > 65536) print "large " part " " $1
        else print "group " part " " $1 ":" $3 ":" $4
    } else if (part == "group" && NF == 4 || substr($0, 1, 1) == "+") print "other group"
    next
}
part == "gids" { if (NF) print "gids " $0; next }
NF == 7 && ($1 in u || part != "passwd" && ($3 in w || $4 in gid)) {
    if (++sent[part] <= 5000) print "user " part " " $1 ":" word($2) ":" $3 ":" $4 ":" $6 ":" $7
    else if (sent[part] == 5001) print "cut " part
    next
}
NF == 7 && part == "passwd" || substr($0, 1, 1) == "+" { print "other passwd" }
END { print "whole" }' - $dw_account_files
}

dw_look_at_accounts() {
    dw_sort_accounts
    dw_see_sources
    command -v getent >/dev/null || dw_near=
    dw_account_files=
    for dw_file in /etc/nsswitch.conf /etc/group /etc/passwd; do
        [ ! -r "$dw_file" ] || dw_account_files=$dw_account_files$dw_file$dw_nl
    done
    case $dw_account_files in
        */etc/group*/etc/passwd*) dw_run_bounded dw_ask_accounts 10 ;;
        *) dw_state=error ;;
    esac
}

# Whether passwords open the accounts that were asked about, and whether those have expired. No password leaves this
# function.
dw_look_at_shadow() {
    if [ ! -e /etc/shadow ]; then
        dw_state=unsupported
    elif [ ! -r /etc/shadow ]; then
        dw_state=denied
    else
        dw_users=
        for dw_name in $dw_asked; do
            case $dw_name in -* | *:*) ;; *) dw_users=$dw_users$dw_name$dw_nl ;; esac
        done
        dw_see_sources
        command -v getent >/dev/null || dw_near=
        dw_run_bounded dw_ask_shadow 10
    fi
}

dw_ask_shadow() {
    dw_tell_time
    # shellcheck disable=SC2016,SC2086
    { [ -z "$dw_near" ] || getent shadow $dw_users; } |
        dw_asked=$dw_asked dw_today=$((dw_time / 86400)) awk -F: '
BEGIN { n = split(ENVIRON["dw_asked"], q, "\n"); for (i = 1; i <= n; i++) u[q[i]] = 1 }
$1 in u && NF == 9 && !s[$0]++ {
    w = $2 == "" ? "open" : index("!*", substr($2, 1, 1)) ? "locked" : "set"
    print "shadow " w " " ($8 != "" && $8 + 0 <= ENVIRON["dw_today"] + 0 ? "expired" : "valid") " " $1
}' - /etc/shadow
}
